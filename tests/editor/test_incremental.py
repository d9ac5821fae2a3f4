"""Parsing again where a text has changed gives what parsing all of it gives, at the same places."""

from __future__ import annotations

from pathlib import Path

import libcst as cst
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from transpile.diagnostics import SourceError
from transpile.editor.incremental import Piecewise
from transpile.source.positions import Positions
from transpile.source.walk import descendants

FIXTURES = Path(__file__).parents[2] / "fixtures"
TEXT = '''# header

"""Doc."""

import torch  # trailing

# above the class


class A(B):
    """Doc."""

    x = 1
    # in the block

# above f
@deco
def f(a,
      b):
    if a:
        return b
    # below

y = f(1, 2); z = 3
if y:
    pass
else:
    z = 4
# footer
'''
PIECES = [
    "",
    "\n",
    "x",
    "    ",
    "def g():\n    pass\n",
    '"""',
    "# c\n",
    ")",
    "(",
    "else:\n",
    "\\\n",
    "@d\n",
    "é",
]


def same(piecewise: Piecewise, text: str) -> None:
    tree = cst.parse_module(text)
    assert piecewise.tree.code == text and piecewise.tree.deep_equals(tree)
    positions = Positions(tree)
    for one, other in zip(descendants(piecewise.tree), descendants(tree), strict=True):
        if one is not piecewise.tree:
            assert piecewise.span(one) == positions.span(other)


@settings(deadline=None, max_examples=150)
@example([(200, 0, "    ")])  # blanks behind an indented comment
@given(
    st.lists(st.tuples(st.integers(0, len(TEXT)), st.integers(0, 12), st.sampled_from(PIECES)), max_size=4)
)
def test_any_edits(edits: list[tuple[int, int, str]]) -> None:
    text = TEXT
    piecewise = Piecewise(text)
    for at, length, new in edits:
        text = text[:at] + new + text[at + length :]
        try:
            if cst.parse_module(text).code != text:
                return  # a continued line in front of everything: LibCST drops the backslash
        except cst.ParserSyntaxError:
            with pytest.raises(SourceError):
                piecewise.update(text)
            continue
        piecewise.update(text)
        same(piecewise, text)


def test_only_what_has_changed_is_parsed() -> None:
    text = (FIXTURES / "yolo_blocks.py").read_text(encoding="utf-8")
    piecewise = Piecewise(text)
    before = list(piecewise.tree.body)
    line = text.split("\n").index("class Bottleneck(nn.Module):") + 1 if "class Bottleneck" in text else 60
    statement = piecewise.statement(line)
    name = statement.name.value
    piecewise.update(text.replace(f"class {name}(", f"class {name}Changed(", 1))
    assert [node.name.value for node in piecewise.changed] == [f"{name}Changed"]
    kept = [node for node in piecewise.tree.body if any(node is other for other in before)]
    assert len(kept) == len(before) - 1


def test_nothing_changed_parses_nothing() -> None:
    piecewise = Piecewise(TEXT)
    tree = piecewise.tree
    piecewise.update(TEXT)
    assert piecewise.tree is tree and piecewise.changed == []


def test_a_broken_text_leaves_the_last_tree() -> None:
    piecewise = Piecewise(TEXT)
    with pytest.raises(SourceError):
        piecewise.update(TEXT.replace("class A(B):", "class A(B:"))
    piecewise.update(TEXT.replace("x = 1", "x = 2"))
    same(piecewise, TEXT.replace("x = 1", "x = 2"))
