"""Positions: those of LibCST's own provider, for every node of the source."""

from __future__ import annotations

from pathlib import Path

import libcst as cst
import pytest
from libcst.metadata import MetadataWrapper, PositionProvider

from transpile.source.positions import KnownPositions, Positions, offsets
from transpile.source.walk import descendants

SOURCES = sorted((Path(__file__).parents[2]).glob("transpile/**/*.py"))


@pytest.mark.parametrize("path", SOURCES[::9], ids=str)
def test_the_same_as_libcst(path: Path) -> None:
    wrapper = MetadataWrapper(cst.parse_module(path.read_text()))
    theirs = wrapper.resolve(PositionProvider)
    ours = Positions(wrapper.module)
    for node in descendants(wrapper.module):
        if not isinstance(node, (cst.BaseExpression, cst.BaseSmallStatement, cst.BaseCompoundStatement)):
            continue  # the others may have space at their edges, or no text at all
        place = theirs[node]
        line, column, end_line, end_column = ours.span(node)
        assert (line, column - 1) == (place.start.line, place.start.column), type(node)
        if not isinstance(node, (cst.BaseCompoundStatement, cst.Else, cst.ExceptHandler, cst.Finally)):
            assert (end_line, end_column - 1) == (place.end.line, place.end.column), type(node)


def test_a_statement_begins_behind_its_comments() -> None:
    tree = cst.parse_module("import a\n\n# why\n@d\ndef f(x):\n    # here\n    return (x)\n")
    positions = Positions(tree)
    function = tree.body[1]
    assert positions.span(function)[:2] == (5, 1)  # as Python itself counts
    assert positions.span(function.body.body[0])[:2] == (7, 5)  # type: ignore[attr-defined]
    value = function.body.body[0].body[0].value  # type: ignore[attr-defined]
    assert positions.span(value) == (7, 13, 7, 14)  # without its parentheses


def test_a_node_of_another_tree_has_no_place() -> None:
    assert Positions(cst.parse_module("x = 1\n")).span(cst.Name("x")) == (1, 1, 1, 1)


@pytest.mark.parametrize(
    "source", ["", "x", "x\n", "# c", "if x:\n\ty\n", "x = 1\r\ny = 2\r\n", "x = '''\nä\n'''; ö = 1"]
)
def test_odd_sources(source: str) -> None:
    tree = cst.parse_module(source)
    positions = Positions(tree)
    assert positions._text.rstrip("\n") == tree.code.rstrip("\n")
    for node in descendants(tree):
        positions.span(node)


@pytest.mark.parametrize("path", SOURCES[::60], ids=str)
def test_positions_that_another_process_knew_are_the_same(path: Path) -> None:
    text = path.read_text()
    tree, other = cst.parse_module(text), cst.parse_module(text)
    computed, known = Positions(tree), KnownPositions(tree, text, offsets(other))
    for node in descendants(tree):
        assert known.span(node) == computed.span(node), type(node)
    for node in (*tree.header, *tree.body[0].leading_lines):  # type: ignore[union-attr]
        assert known.has(node) and known.span(node) == computed.span(node)
    assert not known.has(other) and known.span(other) == (1, 1, 1, 1)
    assert known.all() == computed.all()


def test_offsets_of_another_text_are_refused() -> None:
    tree = cst.parse_module("a = 1\n")
    other = KnownPositions(tree, "a = 1\n", offsets(cst.parse_module("a = b = 1\n")))
    with pytest.raises(ValueError, match="another tree"):
        other.span(tree.body[0])
