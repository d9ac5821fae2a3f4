"""The names that a function binds itself: they are never the module's, wherever in the body they stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import libcst as cst

from transpile.source.walk import children, descendants

__all__ = ["bound_names", "names_bound_by", "own_nodes"]


_SCOPES = frozenset({cst.FunctionDef, cst.ClassDef, cst.Lambda})
_TARGETED = frozenset({cst.AssignTarget, cst.AnnAssign, cst.For, cst.CompFor, cst.NamedExpr})
_PATTERNS = frozenset({cst.MatchAs, cst.MatchStar})
_BINDING = _TARGETED | _PATTERNS | {cst.AsName, cst.FunctionDef, cst.ClassDef, cst.ImportAlias}


def own_nodes(body: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The nodes below one that belong to the same function: none of a function or class inside it."""
    stack = [body]
    while stack:
        node = stack.pop()
        if node is not body:
            yield node
        below = [child for child in children(node) if type(child) not in _SCOPES]
        below.reverse()
        stack += below


def bound_names(body: cst.CSTNode) -> set[str]:
    """Names bound by assignments, loops, with, except, imports, definitions and patterns below a node."""
    return names_bound_by(descendants(body))


def names_bound_by(nodes: Iterable[Any]) -> set[str]:
    """The names that nodes bind themselves."""
    bound: set[str] = set()
    for node in nodes:
        kind = type(node)  # most nodes are none of these, and isinstance is slow to say so
        if kind not in _BINDING:
            continue
        if kind in _TARGETED:
            bound.update(_targets(node.target))
        elif kind is cst.AsName:
            bound.update(_targets(node.name))
        elif kind is cst.FunctionDef or kind is cst.ClassDef:
            bound.add(node.name.value)
        elif kind is cst.ImportAlias:
            if node.asname is None:
                first: cst.BaseExpression = node.name
                while isinstance(first, cst.Attribute):
                    first = first.value
                bound.update(_targets(first))
        elif node.name is not None:
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
