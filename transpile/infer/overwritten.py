"""Assignments that the same block overwrites before anything can leave it: `x` in `x = f(x)`, and `x = g(x)` behind it.

What such a name holds in between, and what it holds when the function ends, meets no other value of it: its layout
agrees with none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import libcst as cst

from transpile.infer.scopes import names_bound_by
from transpile.source.walk import descendants

__all__ = ["overwritten"]

_LEAVES = frozenset({cst.Break, cst.Continue})


def overwritten(body: cst.CSTNode, nodes: Sequence[cst.CSTNode]) -> set[int]:
    """The ids of the expressions that are assigned so in a function: its body, and all nodes that are its own."""
    # an except clause may meet any value of a try's body
    tried = {id(node.body) for node in nodes if type(node) is cst.Try or type(node) is cst.TryStar}
    found: set[int] = set()
    for node in (body, *nodes):
        if type(node) is cst.IndentedBlock and id(node) not in tried:
            _in_block(node, node is body, found)
    return found


def _in_block(block: cst.IndentedBlock, outermost: bool, found: set[int]) -> None:
    """From the last statement to the first: what a name is bound to behind the function's end meets nothing either."""
    plain: dict[str, bool] = {}  # whether the next binding of a name is a plain assignment of the block
    otherwise = outermost
    for statement in reversed(block.body):
        name, value = _assigned(statement)
        if name is not None and value is not None:
            if plain.get(name, otherwise):
                found.add(id(value))
            plain[name] = True
            continue
        nodes = list(descendants(statement))
        if any(type(inner) in _LEAVES for inner in nodes):
            plain.clear()
            otherwise = False
        plain.update(dict.fromkeys(names_bound_by(nodes) | _augmented(nodes), False))


def _assigned(statement: cst.CSTNode) -> tuple[str | None, cst.BaseExpression | None]:
    if isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1:
        small = statement.body[0]
        if isinstance(small, cst.Assign) and len(small.targets) == 1:
            target = small.targets[0].target
            if isinstance(target, cst.Name) and not any(
                type(inner) is cst.NamedExpr for inner in descendants(small.value)
            ):
                return target.value, small.value
    return None, None


def _augmented(nodes: Sequence[Any]) -> set[str]:
    """`x += y` goes on with the value that `x` has."""
    return {n.target.value for n in nodes if type(n) is cst.AugAssign and type(n.target) is cst.Name}
