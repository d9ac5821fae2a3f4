"""The names that a function binds itself: they are never the module's, wherever in the body they stand."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from transpile.source.walk import children, descendants

__all__ = ["bound_names", "own_nodes"]


def own_nodes(body: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The nodes below one that belong to the same function: none of a function or class inside it."""
    for node in children(body):
        if not isinstance(node, (cst.FunctionDef, cst.ClassDef, cst.Lambda)):
            yield node
            yield from own_nodes(node)


def bound_names(body: cst.CSTNode) -> set[str]:
    """Names bound by assignments, loops, with, except, imports, definitions and patterns below a node."""
    bound: set[str] = set()
    for node in descendants(body):
        if isinstance(node, (cst.AssignTarget, cst.AnnAssign, cst.For, cst.CompFor, cst.NamedExpr)):
            bound.update(_targets(node.target))
        elif isinstance(node, cst.AsName):
            bound.update(_targets(node.name))
        elif isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            bound.add(node.name.value)
        elif isinstance(node, cst.ImportAlias) and node.asname is None:
            first: cst.BaseExpression = node.name
            while isinstance(first, cst.Attribute):
                first = first.value
            bound.update(_targets(first))
        elif isinstance(node, (cst.MatchAs, cst.MatchStar)) and node.name is not None:
            bound.add(node.name.value)
    return bound


def _targets(node: cst.CSTNode) -> Iterator[str]:
    if isinstance(node, cst.Name):
        yield node.value
    elif isinstance(node, (cst.Tuple, cst.List)):
        for element in node.elements:
            yield from _targets(element.value)
    elif isinstance(node, cst.StarredElement):
        yield from _targets(node.value)
