"""Operators: ~x, mixed dtypes, integer division, @ on tensors."""

from __future__ import annotations

import re
from typing import Any

import libcst as cst

from transpile.infer.facts import UNKNOWN, Python, Tensor, Var
from transpile.infer.promotion import FLOATS
from transpile.rewrite.code import expression, source
from transpile.rewrite.context import Context
from transpile.rewrite.registry import operation

__all__: list[str] = []

CASTS = frozenset({"float", "double", "half", "bfloat16", "to", "type", "type_as"})

COMPLEX = ("complex64", "complex128")

# Arithmetic with torch's type promotion, for operands whose dtypes are not all known.
SUPPORT = {"Add": "add", "Subtract": "sub", "Multiply": "mul", "Divide": "div", "FloorDivide": "floor_divide",
           "Modulo": "remainder", "Power": "power"}  # fmt: skip

BITWISE = frozenset({"BitAnd", "BitOr", "BitXor"})
WIDTHS = {"bool": 1, "uint8": 8, "int8": 8, "int16": 16, "int32": 32, "int64": 64}


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
    if plan.data["name"] in BITWISE:
        return _bitwise(context, updated, {"left": (first, second), "right": (second, first)})
    name = SUPPORT.get(plan.data["name"])
    mixed = [
        isinstance(mine, Tensor)
        and mine.dtype is not None
        and mine.dtype not in FLOATS
        and (
            (isinstance(other, Tensor) and other.dtype != mine.dtype and other.dtype not in FLOATS)
            or (isinstance(other, Python) and other.type == "object")  # a number: an int or a float
            or (isinstance(other, Var) and other.tensorlike)
            or other is UNKNOWN
        )
        for mine, other in ((first, second), (second, first))
    ]
    mixed += [
        isinstance(mine, Tensor) and _is_size(other) for mine, other in ((first, second), (second, first))
    ]
    mixed += [isinstance(f, Tensor) and f.dtype_from == "both" for f in (first, second)]
    mixed += [_complex_beside(mine, other) for mine, other in ((first, second), (second, first))]
    bools = [isinstance(f, Tensor) and f.dtype == "bool" for f in (first, second)]
    apart = id(original) in context.promoted or _differ(first, second)
    apart = apart or _is_handed_in(context, original, first, second)
    if name is not None and (any(mixed) or apart or (any(bools) and not plan.data["name"].startswith("Bit"))):
        return expression(f"{context.support(name)}({_argument(updated.left)}, {_argument(updated.right)})")
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


def _bitwise(
    context: Context, updated: cst.BinaryOperation, sides: dict[str, tuple[Any, Any]]
) -> cst.BinaryOperation:
    """mask & bits: of integers, TensorFlow wants one dtype; the `&` of a Keras variable is always logical."""
    for field, (mine, other) in sides.items():
        if not isinstance(mine, Tensor) or not isinstance(other, (Tensor, Python)):
            continue
        text = source(getattr(updated, field))
        theirs = other.dtype or "" if isinstance(other, Tensor) else ""
        if WIDTHS.get(mine.dtype or "", 64) < WIDTHS.get(theirs, 0):
            text = f"tf.cast({text}, tf.{theirs})"
        elif mine.is_parameter and mine.dtype != "bool":
            text = f"tf.convert_to_tensor({text})"
        else:
            continue
        context.needs("tf")
        updated = updated.with_changes(**{field: expression(text)})
    return updated


def _complex_beside(mine: Any, other: Any) -> bool:
    """Whether a complex operand meets a tensor that is not known to be one, too."""
    if isinstance(mine, Python):
        complex_ = mine.type == "complex"
    else:
        complex_ = isinstance(mine, Tensor) and mine.dtype in COMPLEX
    if isinstance(other, Tensor):
        return complex_ and other.dtype not in COMPLEX
    return complex_ and (other is UNKNOWN or isinstance(other, Var))


def _argument(node: cst.BaseExpression) -> str:
    """An operand as the argument of a call, which needs no parentheses of its own."""
    if isinstance(node, cst.BinaryOperation) and len(node.lpar) == 1 and "\n" not in source(node):
        node = node.with_changes(lpar=(), rpar=())
    return source(node)


# The symbols of axes, as inference names them: `forward.x.2`, `%140.1`; numbers that a constructor was given are none.
SIZE = re.compile(r"%\d+\.\d+|\.\d+(?![\w.])|size\d+")


def _is_size(fact: Any) -> bool:
    """Whether this is an int that comes from a tensor's shape: in a graph with open sizes it is an int32 tensor."""
    if not isinstance(fact, Python) or fact.type != "int" or fact.dim is None or fact.dim.value is not None:
        return False
    return any(SIZE.search(name) is not None for name, _ in fact.dim.factors)


def _differ(first: Any, second: Any) -> bool:
    """Whether these are floats of two known precisions."""
    dtypes = [f.dtype for f in (first, second) if isinstance(f, Tensor) and f.dtype in FLOATS]
    return len(dtypes) == 2 and dtypes[0] != dtypes[1]


def _is_handed_in(context: Context, original: cst.BinaryOperation, first: Any, second: Any) -> bool:
    """Whether a parameter as callers give it, of which no dtype is known, meets a float that was computed.

    Positions and steps of time are such: integers beside frequencies. Weights are left out: what is multiplied with
    them went through layers. Nor says a mask that was cast to floats anything of what it is multiplied with.
    """
    sides = ((original.left, first, original.right, second), (original.right, second, original.left, first))
    for node, mine, beside, other in sides:
        computed = isinstance(other, Tensor) and other.dtype in FLOATS and not other.is_parameter
        if isinstance(beside, cst.Call) and isinstance(beside.func, cst.Attribute):
            computed = computed and beside.func.attr.value not in CASTS
        if computed and isinstance(mine, Tensor) and mine.dtype is None and not mine.is_parameter:
            while isinstance(node, cst.Subscript):
                node = node.value
            if isinstance(node, cst.Name) and _is_parameter(context, node):
                return True
    return False


def _is_parameter(context: Context, node: cst.Name) -> bool:
    """Whether a name stands for what the function was called with, and not for something bound later."""
    info = context.run.function_of.get(id(context.functions[-1])) if context.functions else None
    given = info.facts.get(node.value) if info is not None else None
    return given is not None and context.run.facts.get(id(node)) is given


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
