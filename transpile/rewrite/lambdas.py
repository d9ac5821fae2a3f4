"""A lambda that came in where an operand stood: without parentheses it would take in all that follows."""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.rewrite.context import Context
from transpile.rewrite.registry import on

__all__: list[str] = []

# The parts of an expression in which Python's grammar allows no bare lambda.
PARTS: dict[type[cst.CSTNode], tuple[str, ...]] = {
    cst.IfExp: ("body", "test"),
    cst.BooleanOperation: ("left", "right"),
    cst.BinaryOperation: ("left", "right"),
    cst.UnaryOperation: ("expression",),
    cst.Comparison: ("left",),
    cst.ComparisonTarget: ("comparator",),
    cst.Call: ("func",),
    cst.Attribute: ("value",),
    cst.Subscript: ("value",),
}


@on(*PARTS)
def operand(context: Context, original: cst.CSTNode, updated: Any) -> Any:
    """`partial(F.softmax, dim=-1) if soft else other`: `(lambda input: …) if soft else other`."""
    changes = {}
    for part in PARTS[type(original)]:
        value = getattr(updated, part, None)
        if isinstance(value, cst.Lambda) and not value.lpar:
            changes[part] = value.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return updated.with_changes(**changes) if changes else None
