"""Every code block of the README and of docs/ is run, or checked, or says why not.

A comment above a block says what it is: `file: NAME` is written, `shows: NAME` must stand in that file, `checked:
KIND` is held against what reads it, `editor: NAME` is run in that editor (test_recipes.py), `not run: WHY` is neither.
Other `sh` blocks are run in the order of the page, in one folder; its `python` blocks then in one process.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

import transpile
from transpile.project.config import read

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(
    r"(?:^<!-- (?P<about>[^\n]*?) -->\n)?^```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
RUN = ("sh", "python")
NET = """import torch
import torch.nn as nn


class Net(nn.Module):
    def __init__(self, c=4):
        super().__init__()
        self.conv = nn.Conv2d(3, c, 3, padding=1)

    def forward(self, x):
        x = torch.relu(self.conv(x))
        return x.mean(1)
"""


class Block(NamedTuple):
    page: str
    line: int
    about: str
    kind: str
    text: str


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for match in BLOCK.finditer(text):
        line = text[: match.start("kind")].count("\n") + 1
        yield Block(page.name, line, match["about"] or "", match["kind"], match["text"])


ALL = [block for page in PAGES for block in blocks(page)]


def name(block: Block) -> str:
    return f"{block.page}:{block.line}"


def checks(kind: str) -> list[Block]:
    return [block for block in ALL if block.about == f"checked: {kind}"]


def test_every_block_is_run_or_says_what_it_is() -> None:
    known = ("generated:", "file: ", "shows: ", "checked: ", "editor: ", "not run: ")
    unknown = [name(b) for b in ALL if b.kind not in ("", *RUN) and not b.about.startswith(known)]
    assert unknown == [] and len(ALL) > 20


@pytest.mark.parametrize("block", checks("toml"), ids=name)
def test_settings_are_such(block: Block, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(block.text, encoding="utf-8")
    assert read(tmp_path).table


@pytest.mark.parametrize("block", checks("hooks"), ids=name)
def test_hooks_are_those_that_there_are(block: Block) -> None:
    hooks = {
        hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    }
    (repository,) = yaml.safe_load(block.text)["repos"]
    assert {hook["id"] for hook in repository["hooks"]} == hooks


@pytest.mark.parametrize("block", checks("json"), ids=name)
def test_tasks_are_json_and_their_pattern_finds_findings(block: Block, tmp_path: Path) -> None:
    tasks = json.loads(block.text)["tasks"]
    pattern = tasks[1]["problemMatcher"]["pattern"]
    (tmp_path / "net.py").write_text("import torch\n\n\ndef f(x):\n    return torch.no_such(x)\n")
    places = {"${file}": str(tmp_path / "net.py"), "${lineNumber}": "5"}
    for task in tasks:
        words = [places.get(word, word) for word in task["args"]]
        done = run([sys.executable, "-m", "transpile.cli", *words], tmp_path)
        assert done.returncode == 0, done.stderr
    (found,) = filter(None, (re.match(pattern["regexp"], line) for line in done.stdout.splitlines()))
    assert Path(found[pattern["file"]]).name == "net.py" and found[pattern["line"]] == "5"
    assert found[pattern["code"]] == "API001" and "no_such" in found[pattern["message"]]


def run(words: list[str], folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    bin = folder / ".bin"
    bin.mkdir(exist_ok=True)
    for program, arguments in (("transpile", "-m transpile.cli"), ("python", "")):
        script = bin / program  # this checkout, whatever is installed
        script.write_text(f'#!/bin/sh\nexec {sys.executable} {arguments} "$@"\n')
        script.chmod(0o755)
    environment = {
        **os.environ, "PATH": f"{bin}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": f"{ROOT}{os.pathsep}{folder}",
        "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", **variables,
    }  # fmt: skip
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", sorted({b.page for b in ALL if b.kind in RUN and not b.about.startswith("not run")})
)
def test_the_blocks_of_a_page_run_in_order(page: str, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(NET, encoding="utf-8")
    (tmp_path / "fixtures").symlink_to(ROOT / "fixtures")
    if any("net.pth" in block.text for block in ALL if block.page == page):
        (tmp_path / "net_tf.py").write_text(transpile.translate(NET).code, encoding="utf-8")
        save = "import net, torch; torch.save(net.Net(8).state_dict(), 'net.pth')"
        assert run([sys.executable, "-c", save], tmp_path).returncode == 0
    waiting: list[Block] = []

    for block in ALL:
        if block.page != page or block.about.startswith(("not run", "generated", "checked", "editor")):
            continue
        kind, _, file = block.about.partition(": ")
        if kind == "file":
            (tmp_path / file).write_text(block.text, encoding="utf-8")
        elif kind == "shows":
            assert block.text in (tmp_path / file).read_text(encoding="utf-8"), name(block)
        elif block.kind == "python":
            waiting.append(block)
        elif block.kind == "sh":
            done = run(["bash", "-euo", "pipefail", "-c", block.text], tmp_path)
            assert done.returncode == 0, f"{name(block)}: {done.stdout[-1500:]}{done.stderr[-1500:]}"
    if waiting:
        code = ""
        for block in waiting:  # each at its own line of the page
            code += "\n" * (block.line - code.count("\n")) + block.text
        (tmp_path / "blocks.py").write_text(code, encoding="utf-8")
        done = run([sys.executable, "blocks.py"], tmp_path)
        assert done.returncode == 0, f"{page}: {done.stderr[-3000:]}"
