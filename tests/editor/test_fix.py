"""The rewrite of one place: what a place means, what comes with the rewrite, what stays."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import transpile
from transpile.diagnostics import SourceError
from transpile.editor.edits import applied
from transpile.editor.fix import Fix, fix_at
from transpile.editor.source import Settings, Source

FIXTURES = Path(__file__).parents[2] / "fixtures"
NET = '''"""A net."""

import torch
import torch.nn as nn


class Net(nn.Module):
    def __init__(self, c1, c2):
        super().__init__()
        self.conv = nn.Conv2d(c1, c2, 3, padding=1)

    def forward(self, x):
        # both
        y = torch.cat([self.conv(x), x], 1)
        b, c, h, w = y.shape
        if h > 3:
            y = torch.relu(y)
        return y.view(b, c, -1).mean(dim=1)


def outside(x):
    return torch.abs(torch.neg(x))
'''


def read(text: str) -> Source:
    return Source(text, Settings())


def at(marked: str, scope: str = "place", source: str = NET) -> Fix | None:
    """The fix at the | in a piece of the source, or on the line of a piece without one."""
    offset = source.index(marked.replace("|", ""))
    line = source[:offset].count("\n") + 1
    column = None
    if "|" in marked:
        column = offset + marked.index("|") - source.rfind("\n", 0, offset)
    return fix_at(read(source), line, column, scope=scope)


def changed(fix: Fix | None, source: str = NET) -> list[str]:
    """The lines that are new after a fix."""
    assert fix is not None and applied(source, fix.edits) == fix.code
    ast.parse(fix.code)
    old = source.split("\n")
    return [line.strip() for line in fix.code.split("\n") if line.strip() and line not in old]


@pytest.mark.parametrize("marked", ["super().|__init__()", "        # both", '"""A |net', "import tor|ch\n"])
def test_what_no_rule_concerns_stays(marked: str) -> None:
    fix = at(marked)
    assert fix is None or (fix.edits == () and fix.code == NET)


def test_a_line_without_code_has_no_place() -> None:
    assert fix_at(read(NET), 2) is None
    assert fix_at(read(NET), NET.count("\n") + 1) is None


@pytest.mark.parametrize("marked", ["torch.c|at", "        y = torch.cat", "tor|ch.cat", "self.co|nv(x)"])
def test_a_call_by_its_column_or_its_line(marked: str) -> None:
    fix = at(marked)
    assert changed(fix) == ["import tensorflow as tf", "y = tf.concat([self.conv(x), x], axis=-1)"]
    assert fix is not None and fix.title.startswith("Translate to ")


def test_the_narrowest_expression_is_taken() -> None:
    assert changed(at("torch.n|eg(x)")) == ["import tensorflow as tf", "return torch.abs(tf.negative(x))"]
    assert changed(at("torch.a|bs(t"))[-1] == "return tf.abs(tf.negative(x))"


def test_a_target_is_read_in_its_statement() -> None:
    assert changed(at("        b|, c, h"))[-1] == "b, h, w, c = shape(y)"


def test_a_compound_statement_by_its_first_line() -> None:
    assert changed(at("        if h > 3"))[-1] == "y = tf.nn.relu(y)"


def test_a_header_means_the_whole_definition() -> None:
    fixes = [at("class Net("), at("class Net(nn.Mo|dule)"), at("torch.c|at", scope="class")]
    first = fixes[0]
    assert first is not None and all(fix is not None and fix.code == first.code for fix in fixes)
    assert first.title == "Translate the class Net"
    assert "class Net(tf.keras.layers.Layer):" in first.code and "def call(self, x):" in first.code
    assert "torch.abs(torch.neg(x))" in first.code and "import torch\n" in first.code


def test_the_function_around_a_place() -> None:
    fix = at("torch.c|at", scope="function")
    assert fix is not None and "def call(self, x):" in fix.code and "nn.Conv2d(c1" in fix.code


def test_the_file_is_its_translation() -> None:
    fix = fix_at(read(NET), 1, scope="file")
    assert fix is not None and fix.code == transpile.translate(NET).code


def test_what_the_new_text_names_comes_with_it_once() -> None:
    first = at("        b, c, h, w")
    assert first is not None and first.code.count("def shape(x):") == 1
    again = at("        y = torch.cat", source=first.code)
    assert again is not None and again.code.count("def shape(x):") == 1
    third = at("        if h > 3", source=again.code)
    assert third is not None and third.code.count("def shape(x):") == 1
    assert third.code.count("import tensorflow as tf") == 1


def line_by_line(text: str) -> tuple[str, list[str]]:
    """A text after the fixes of its lines, from the last to the first, and the codes that were said."""
    codes = []
    for below in range(text.count("\n") + 1):
        fix = fix_at(read(text), text.count("\n") + 1 - below)
        if fix is not None and fix.edits and fix.span[0] == fix.span[2]:
            assert applied(text, fix.edits) == fix.code
            text = fix.code
            ast.parse(text)
            codes += [found.code for found in fix.diagnostics]
    return text, codes


@pytest.mark.parametrize("name", ["squeeze_excite.py", "seed_functions.py", "module_lists.py"])
def test_line_by_line_and_then_the_rest_is_the_whole(name: str) -> None:
    source = (FIXTURES / name).read_text(encoding="utf-8")
    text, _ = line_by_line(source)
    assert text != source
    whole, rest = transpile.translate(source).code, transpile.translate(text).code
    assert ast.dump(ast.parse(_tail(rest))) == ast.dump(ast.parse(_tail(whole)))


@pytest.mark.parametrize("name", ["reshaping.py", "gsconv.py"])
def test_where_a_part_depends_on_the_layout_of_another_it_is_said(name: str) -> None:
    source = (FIXTURES / name).read_text(encoding="utf-8")
    _, codes = line_by_line(source)
    assert "LAY005" in codes
    fix = fix_at(read(source), 1, scope="file")
    assert fix is not None and "LAY005" not in [found.code for found in fix.diagnostics]


def _tail(code: str) -> str:
    """What stands behind the copied section."""
    return code.partition("# --- end of what")[2].partition("\n")[2] or code


def test_a_rewrite_that_needs_its_function_s_header_waits_for_it() -> None:
    source = (
        "import torch\nimport torch.nn as nn\n\n\nclass Net(nn.Module):\n    def forward(self, x):\n"
        "        if self.training:\n            return x\n        return self.forward(x * 2)\n"
    )
    fix = at("self.for|ward(", source=source)
    assert fix is not None
    assert "training=training" not in fix.code or "def call(self, x, training" in fix.code


def test_a_support_definition_does_not_take_the_name_of_an_import_that_stays() -> None:
    source = "from torch.nn import Conv2d, Module\n\n\na = Conv2d(3, 4, 1)\nb = Conv2d(3, 4, 1)\n"
    fix = at("a = Co|nv2d", source=source)
    assert changed(fix, source)[-1] == "a = Conv2d_(3, 4, 1)" and fix is not None
    assert "class Conv2d_(" in fix.code and "from torch.nn import Conv2d, Module" in fix.code


def test_remarks_are_those_of_the_place() -> None:
    source = "import torch\n\n\ndef f(x: torch.Tensor):\n    torch.no_such(x)\n    return torch.abs(x)\n"
    left = at("torch.no_|such", source=source)
    assert left is not None and left.edits == () and [d.code for d in left.diagnostics] == ["API001"]
    fine = at("torch.a|bs", source=source)
    assert fine is not None and fine.edits and fine.diagnostics == ()


def test_a_broken_source_is_refused() -> None:
    with pytest.raises(SourceError):
        fix_at(read("import torch\ndef f(:\n"), 1)
