"""Operators: ~x, mixed dtypes, integer division, @ on tensors."""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.facts import Python, Tensor
from transpile.infer.operators import FLOATS
from transpile.rewrite.code import expression, source
from transpile.rewrite.context import Context
from transpile.rewrite.registry import operation

__all__: list[str] = []

# Arithmetic with torch's type promotion, for operands whose dtypes are not all known.
SUPPORT = {"Add": "add", "Subtract": "sub", "Multiply": "mul", "Divide": "div", "FloorDivide": "floor_divide",
           "Modulo": "remainder"}  # fmt: skip


@operation("unary")
def unary(context: Context, original: cst.UnaryOperation, updated: cst.UnaryOperation) -> Any:
    """~x: logical for a mask, bitwise for integers."""
    plan = context.plan(original)
    assert plan is not None
    if plan.data["name"] != "BitInvert":
        return None
    operand = plan.data["operand"]
    text = source(updated.expression)
    context.needs("tf")
    if isinstance(operand, Tensor) and operand.dtype == "bool":
        return expression(f"tf.where({text}, False, True)")
    if isinstance(operand, Tensor) and operand.dtype is not None:
        return expression(f"tf.bitwise.invert({text})")
    return expression(f"{context.support('invert')}({text})")


@operation("operator")
def binary(context: Context, original: Any, updated: Any) -> Any:
    """torch promotes dtypes, TensorFlow does not: a known integer operand beside a known float one is cast."""
    if not isinstance(updated, cst.BinaryOperation):
        return None
    plan = context.plan(original)
    assert plan is not None
    first, second = plan.data["operands"]
    name = SUPPORT.get(plan.data["name"])
    mixed = [
        isinstance(mine, Tensor)
        and mine.dtype is not None
        and mine.dtype not in FLOATS
        and isinstance(other, Tensor)
        and other.dtype is None
        for mine, other in ((first, second), (second, first))
    ]
    bools = [isinstance(f, Tensor) and f.dtype == "bool" for f in (first, second)]
    if name is not None and (any(mixed) or (any(bools) and not plan.data["name"].startswith("Bit"))):
        return expression(f"{context.support(name)}({source(updated.left)}, {source(updated.right)})")
    sides = {"left": (first, second), "right": (second, first)}
    for field, (mine, other) in sides.items():
        if not isinstance(mine, Tensor) or mine.dtype is None or mine.dtype in FLOATS:
            continue
        target = None
        if isinstance(other, Tensor) and other.dtype in FLOATS:
            target = other.dtype
        elif (isinstance(other, Python) and other.type == "float") or (
            plan.data["name"] == "Divide" and (isinstance(other, Python) or mine.dtype != "bool")
        ):
            target = "float32"
        if target is not None:
            context.needs("tf")
            node = getattr(updated, field)
            updated = updated.with_changes(**{field: expression(f"tf.cast({source(node)}, tf.{target})")})
    return updated


@operation("matmul")
def matmul(context: Context, original: Any, updated: Any) -> Any:
    """`a @ b`: TensorFlow's operator for two matrices; torch's rules for vectors in the support function."""
    plan = context.plan(original)
    assert plan is not None
    if not isinstance(updated, cst.BinaryOperation):
        return None
    ranks = [t.rank if t is not None else None for t in plan.data["operands"]]
    if all(r is not None and r >= 2 for r in ranks):
        return None
    return expression(f"{context.support('matmul')}({source(updated.left)}, {source(updated.right)})")
