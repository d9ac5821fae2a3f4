"""`if self.ready:` of a scalar buffer or parameter: Keras' variables have no truth, their values do."""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.facts import Tensor
from transpile.rewrite.code import expression, source
from transpile.rewrite.context import Context
from transpile.rewrite.registry import on

__all__: list[str] = []


@on(cst.If, cst.IfExp, cst.While, cst.Assert)
def test(context: Context, original: Any, updated: Any) -> Any:
    """if self.ready: → if tf.convert_to_tensor(self.ready):"""
    value = _value(context, original.test, updated.test)
    return None if value is None else updated.with_changes(test=value)


@on(cst.UnaryOperation)
def negation(context: Context, original: cst.UnaryOperation, updated: cst.UnaryOperation) -> Any:
    """not self.ready"""
    if not isinstance(original.operator, cst.Not):
        return None
    value = _value(context, original.expression, updated.expression)
    return None if value is None else updated.with_changes(expression=value)


@on(cst.BooleanOperation)
def both(context: Context, original: cst.BooleanOperation, updated: cst.BooleanOperation) -> Any:
    """self.ready and self.training"""
    left = _value(context, original.left, updated.left)
    right = _value(context, original.right, updated.right)
    if left is None and right is None:
        return None
    return updated.with_changes(left=left or updated.left, right=right or updated.right)


def _value(context: Context, original: cst.BaseExpression, updated: cst.BaseExpression) -> Any:
    """The value of a variable without axes; None for anything else."""
    if not isinstance(original, (cst.Name, cst.Attribute)):
        return None
    fact = context.fact(original)
    if not isinstance(fact, Tensor) or not fact.is_parameter or fact.rank != 0:
        return None
    context.needs("tf")
    return expression(f"tf.convert_to_tensor({source(updated)})")
