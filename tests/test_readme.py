"""The generated parts of README.md are what the translator says today.

`TRANSPILE_UPDATE_README=1 pytest tests/test_readme.py` writes them.
"""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path

import click
import pytest

import transpile
from transpile.cli import translate_paths
from transpile.commands import names

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
BLOCK = re.compile(r"(<!-- generated: (.*?) -->\n)(.*?)(<!-- end -->\n)", re.DOTALL)


def definitions(code: str, names: list[str]) -> str:
    """The source text of some top-level definitions."""
    lines = code.splitlines()
    found = {
        node.name: node for node in ast.parse(code).body if isinstance(node, (ast.FunctionDef, ast.ClassDef))
    }
    texts = []
    for name in names:
        node = found[name]
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        texts.append("\n".join(lines[first - 1 : node.end_lineno]))
    return "```python\n" + "\n\n\n".join(texts) + "\n```\n"


def source(path: str, *names: str) -> str:
    return definitions((ROOT / path).read_text(encoding="utf-8"), list(names))


def translation(path: str, *names: str) -> str:
    code = transpile.translate((ROOT / path).read_text(encoding="utf-8"), filename=path).code
    return definitions(code, list(names))


def help() -> str:
    usage = translate_paths.get_help(
        click.Context(translate_paths, info_name="transpile", terminal_width=100)
    )
    return f"```\n{usage}\n```\n"


GENERATORS = {"source": source, "translation": translation, "help": help}


def test_generated_parts_are_fresh() -> None:
    text = README.read_text(encoding="utf-8")

    def generated(match: re.Match[str]) -> str:
        kind, *arguments = match[2].split()
        return match[1] + GENERATORS[kind](*arguments) + match[4]

    fresh, count = BLOCK.subn(generated, text)
    assert count == text.count("<!-- generated:") == 3
    if os.environ.get("TRANSPILE_UPDATE_README"):
        README.write_text(fresh, encoding="utf-8")
    else:
        assert text == fresh


def test_every_command_is_in_the_readme() -> None:
    text = README.read_text(encoding="utf-8")
    assert all(re.search(rf"^  {name}  +\S", text, re.MULTILINE) for name in names())


@pytest.mark.parametrize(
    "command", re.findall(r"`python (benchmarks/\S+)`", README.read_text(encoding="utf-8"))
)
def test_the_commands_behind_the_figures_exist(command: str) -> None:
    assert (ROOT / command).is_file()
