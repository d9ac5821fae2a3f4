"""The support section: complete, in order, renamed where asked, left alone by black, cheap when warm."""

from __future__ import annotations

import ast
import builtins
import re
import subprocess
import sys
import types

import black
import libcst as cst
import pytest

from transpile import cache, emit
from transpile.emit import END, HEADING, inserted, known, section, support_source
from transpile.support_index import index


def undefined(code: str) -> set[str]:
    """Global names that a module uses and never binds."""
    tree = ast.parse(code)
    bound = {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    for node in tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            bound.update(alias.asname or alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.Assign):
            bound.update(target.id for target in node.targets if isinstance(target, ast.Name))
    used = set()
    for scope in symbols(__import__("symtable").symtable(code, "section", "exec")):
        used.update(symbol.get_name() for symbol in scope.get_symbols() if symbol.is_global())
    return used - bound - set(vars(builtins)) - {"__class__"}


def symbols(table):
    yield table
    for child in table.get_children():
        yield from symbols(child)


def test_every_definition_brings_all_that_it_needs() -> None:
    for name in emit._library().definitions:
        assert not undefined(section({name: name}, "channels_last", set())), name


def test_a_local_variable_brings_no_definition_of_the_same_name(tmp_path) -> None:
    file = tmp_path / "f.py"
    file.write_text(
        "import math\ndef mode(x): return x\ndef pad(x, mode='a'):\n    return [mode for mode in x], math.pi\n"
    )
    definitions, imports = index([file])
    assert {use[2] for use in definitions["pad"][1]} == {"pad", "math"}
    assert imports == {"math": "import math"}


def test_all_definitions_under_other_names() -> None:
    names = {name: f"{name}_other" for name in emit._library().definitions}
    code = section(names, "channels_first", set())
    assert not undefined(code)
    assert 'DATA_FORMAT_other = "channels_first"' in code
    bound = {node.name for node in ast.parse(code).body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    assert bound <= set(names.values())
    plain = section(dict.fromkeys(names, ""), "channels_first", set())
    assert code.count("\n") == plain.count("\n")
    strip = re.compile(r"\b(\w+?)_other\b")
    assert strip.sub(r"\1", code) == strip.sub(r"\1", plain)


def test_the_definitions_run() -> None:
    module = types.ModuleType("section")
    names = frozenset(emit._library().definitions)
    exec(support_source(names, "channels_first"), module.__dict__)
    assert module.channel_axis() == 1
    assert all(hasattr(module, name) for name in names)


def test_imports_stand_below_the_heading_unless_the_file_has_them() -> None:
    lines = section({"ReLU": "ReLU"}, "channels_last", set()).splitlines()
    assert lines[:2] == [HEADING, "import collections"]
    assert "import tensorflow as tf" in lines
    assert lines[-1] == END
    assert "import tensorflow" not in section({"ReLU": "ReLU"}, "channels_last", {"import tensorflow as tf"})


@pytest.mark.parametrize("before", ['"""Doc."""\n', "import tensorflow as tf\n", "from a import b  # c\n"])
@pytest.mark.parametrize(
    "after",
    [
        "",
        "x = 1\n",
        "\nx = 1\n",
        "# why\nx = 1\n",
        "\n\ndef f():\n    pass\n",
        "\n\n# g\n@g\nclass F:\n    pass\n",
    ],
)
@pytest.mark.parametrize("length", [88, 120])
def test_black_leaves_the_section_alone(before: str, after: str, length: int) -> None:
    text = section({"ReLU": "ReLU", "shape": "shape"}, "channels_last", {"import tensorflow as tf"})
    tree = cst.parse_module(before + after)
    code = tree.with_changes(body=inserted(list(tree.body), len(cst.parse_module(before).body), text)).code
    assert code == black.format_str(code, mode=black.Mode(line_length=length))
    assert set(text.splitlines()) <= set(code.splitlines())


def test_an_inserted_section_survives_other_passes() -> None:
    tree = cst.parse_module("x = 1\n")
    tree = tree.with_changes(
        body=inserted(list(tree.body), 0, section({"relu": "relu"}, "channels_last", set()))
    )
    assert tree.visit(cst.CSTTransformer()).code == tree.code  # type: ignore[union-attr]


def test_known() -> None:
    assert known("Conv2d") and not known("Conv9d")


def test_a_warm_index_is_read_without_parsing(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "folder", lambda: tmp_path)
    emit._library.cache_clear()
    first = emit._library()
    emit._library.cache_clear()
    monkeypatch.setattr("transpile.support_index.index", lambda files: pytest.fail("made again"))
    assert emit._library() == first


def test_libcst_is_not_needed_to_know_a_name() -> None:
    code = "import sys; from transpile.emit import known; known('x'); print('libcst' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
