"""The parts of a condition that are each asked for their truth."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

__all__ = ["leaves"]


def leaves(test: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    """The operands of `and`, `or` and `not`, down to what is neither."""
    if isinstance(test, cst.BooleanOperation):
        yield from leaves(test.left)
        yield from leaves(test.right)
    elif isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
        yield from leaves(test.expression)
    elif isinstance(test, cst.NamedExpr):
        yield from leaves(test.value)
    else:
        yield test
