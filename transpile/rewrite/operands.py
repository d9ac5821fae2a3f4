"""What came in where an operand stood keeps its own meaning: it gets parentheses where Python would read it otherwise.

`b - torch.add(a, c)` is `b - (a + c)`, `torch.neg(x) ** 2` is `(-x) ** 2`. The order is that of Python's reference,
section 6.17 (Operator precedence): an operand must bind as tightly as its place asks.
"""

from __future__ import annotations

from typing import Any

import libcst as cst

__all__ = ["PLACES", "fitted"]

# From what takes in most to what binds most tightly.
ORDER: list[tuple[type[cst.CSTNode], ...]] = [
    (cst.NamedExpr, cst.Yield, cst.Tuple),
    (cst.Lambda,),
    (cst.IfExp,),
    (cst.Or,),
    (cst.And,),
    (cst.Not,),
    (cst.Comparison,),
    (cst.BitOr,),
    (cst.BitXor,),
    (cst.BitAnd,),
    (cst.LeftShift, cst.RightShift),
    (cst.Add, cst.Subtract),
    (cst.Multiply, cst.Divide, cst.FloorDivide, cst.Modulo, cst.MatrixMultiply),
    (cst.Minus, cst.Plus, cst.BitInvert),
    (cst.Power,),
    (cst.Await,),
]
RANKS = {kind: rank for rank, kinds in enumerate(ORDER) for kind in kinds}
ATOM = len(ORDER)

# The parts of an expression that are operands.
PLACES: dict[type[cst.CSTNode], tuple[str, ...]] = {
    cst.IfExp: ("body", "test"),
    cst.BooleanOperation: ("left", "right"),
    cst.BinaryOperation: ("left", "right"),
    cst.UnaryOperation: ("expression",),
    cst.Comparison: ("left",),
    cst.ComparisonTarget: ("comparator",),
    cst.CompFor: ("iter",),
    cst.CompIf: ("test",),
    cst.Await: ("expression",),
    cst.Call: ("func",),
    cst.Attribute: ("value",),
    cst.Subscript: ("value",),
}


def fitted(updated: Any) -> Any:
    """The expression with parentheses around those of its operands that would not be read as one."""
    changes = {}
    for part in PLACES[type(updated)]:
        value = getattr(updated, part)
        if not value.lpar and _rank(value) < _asked(updated, part):
            changes[part] = value.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return updated.with_changes(**changes) if changes else updated


def _rank(node: cst.BaseExpression) -> int:
    if isinstance(node, (cst.BinaryOperation, cst.BooleanOperation, cst.UnaryOperation)):
        return RANKS[type(node.operator)]
    return RANKS.get(type(node), ATOM)


def _asked(parent: cst.CSTNode, part: str) -> int:
    """How tightly an operand of this place has to bind."""
    if isinstance(parent, (cst.Call, cst.Attribute, cst.Subscript, cst.Await)):
        return ATOM
    if isinstance(parent, (cst.IfExp, cst.CompFor, cst.CompIf)):
        return RANKS[cst.Or]
    if isinstance(parent, (cst.Comparison, cst.ComparisonTarget)):
        return RANKS[cst.BitOr]
    assert isinstance(parent, (cst.BinaryOperation, cst.BooleanOperation, cst.UnaryOperation))
    own = RANKS[type(parent.operator)]
    if isinstance(parent.operator, cst.Power):  # `-a ** -b` is `-(a ** (-b))`
        return RANKS[cst.Await] if part == "left" else RANKS[cst.Minus]
    return own + 1 if part == "right" else own  # all others group from the left
