"""Which node of a tree a place in the text means."""

from __future__ import annotations

from typing import Any, NamedTuple

import libcst as cst

from transpile.hazards import Places
from transpile.source.walk import children

__all__ = ["SCOPES", "Place", "find"]

SCOPES = ("place", "function", "class", "file")

_DEFINITIONS = (cst.FunctionDef, cst.ClassDef)
_STATEMENTS = (cst.SimpleStatementLine, cst.BaseCompoundStatement, cst.Else, cst.ExceptHandler, cst.Finally)


class Place(NamedTuple):
    """The nodes that a place may mean, the narrowest first, and all nodes around it, from the outside in."""

    nodes: list[Any]
    path: list[Any]


def find(tree: cst.Module, places: Places, line: int, column: int | None, scope: str = "place") -> Place:
    """What stands at a place (line and column from 1).

    Scope `place`: with a column the expressions around it, then their statement; without, the statement that begins
    on the line, or covers it. The header of a class or function means all of it. The scopes `function` and
    `class` are the innermost function and the outermost class around the place.
    """
    path = _path(tree, places, line, column)
    return Place(_nodes(path, places, line, column, scope), path)


def _nodes(path: list[Any], places: Places, line: int, column: int | None, scope: str) -> list[Any]:
    definitions = [node for node in path if isinstance(node, _DEFINITIONS)]
    if scope == "class":
        classes = [node for node in definitions if isinstance(node, cst.ClassDef)]
        return (classes or definitions)[:1]
    if scope == "function":
        return [node for node in definitions if isinstance(node, cst.FunctionDef)][-1:]
    statements = [node for node in path if isinstance(node, _STATEMENTS)]
    if not statements:
        return []
    if column is None:
        starting = [node for node in statements if _first_line(node, places) == line]
        if starting:
            return starting[:1]
    last = statements[-1]
    if line > _last_line_of_header(last, places):  # a comment inside of it, say
        return []
    if column is None or isinstance(last, _DEFINITIONS):
        return [last]
    return list(reversed(path[path.index(last) :]))


def _path(tree: cst.Module, places: Places, line: int, column: int | None) -> list[Any]:
    """The nodes around a place, from the outside in, without the module; of a line, statements alone."""
    path: list[Any] = []
    node: Any = tree
    while True:
        inner = [child for child in children(node) if _covers(child, places, line, column)]
        if column is None:
            inner = [child for child in inner if isinstance(child, (*_STATEMENTS, cst.BaseSuite))]
        if not inner:
            return path
        node = inner[-1] if column is None else inner[0]
        path.append(node)


def _covers(node: Any, places: Places, line: int, column: int | None) -> bool:
    first, start, last, end = places.span(node)
    if isinstance(node, _DEFINITIONS) and node.decorators:
        first, start, *_ = places.span(node.decorators[0])
    if column is None:
        return first <= line <= last
    return (first, start) <= (line, column) <= (last, end)


def _first_line(node: Any, places: Places) -> int:
    if isinstance(node, _DEFINITIONS) and node.decorators:
        return places.span(node.decorators[0])[0]
    return places.span(node)[0]


def _last_line_of_header(node: Any, places: Places) -> int:
    if isinstance(node, cst.SimpleStatementLine):
        return places.span(node)[2]
    parts = [node for node in children(node) if not isinstance(node, (cst.BaseSuite, *_STATEMENTS))]
    return max([places.span(node)[0], *(places.span(part)[2] for part in parts)])
