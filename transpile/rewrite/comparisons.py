"""Masks compared with 0 and 1: torch takes False for 0, where TensorFlow refuses to compare a bool with a number."""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.facts import Tensor
from transpile.rewrite.code import atom, expression, source
from transpile.rewrite.context import Context
from transpile.rewrite.registry import on
from transpile.source.walk import descendants

__all__ = ["prepare"]

MASKS = ("mask", "condition")  # parameters of torch's functions that are masks


def prepare(context: Context, node: cst.CSTNode) -> None:
    """Note what is compared to be a mask: `x.masked_fill(mask == 0, v)` is asked of masks of every dtype."""
    plan = context.plan(node) if type(node) is cst.Call else None
    if plan is None or plan.rule is None:
        return
    for name in MASKS:
        given = plan.bound.get(name)
        if isinstance(given, tuple) and isinstance(given[0], cst.Comparison):
            context.masks.add(id(given[0]))


@on(cst.Comparison)
def with_number(context: Context, original: cst.Comparison, updated: Any) -> Any:
    """mask == 0 → tf.logical_not(mask), where the mask is a bool; of unknown dtype it is cast to one."""
    if not isinstance(updated, cst.Comparison) or len(updated.comparisons) != 1:
        return None
    operator = updated.comparisons[0].operator
    if not isinstance(operator, (cst.Equal, cst.NotEqual)):
        return None
    sides = (original.left, original.comparisons[0].comparator)
    number = next((i for i, side in enumerate(sides) if _is_bit(side)), None)
    if number is None:
        return None
    fact = context.fact(sides[1 - number])
    is_given = _is_parameter(context, sides[1 - number])
    is_bool = isinstance(fact, Tensor) and fact.dtype == "bool" and not is_given
    is_zero = source(sides[number]) == "0"
    is_unknown = not isinstance(fact, Tensor) or fact.dtype in (None, "bool")
    may_be_mask = is_unknown and is_zero and id(original) in context.masks
    if not is_bool and not (may_be_mask and not _counts(context, sides[1 - number])):
        return None
    mask = (updated.left, updated.comparisons[0].comparator)[1 - number]
    text = source(mask) if is_bool else f"tf.cast({source(mask)}, tf.bool)"
    if isinstance(operator, cst.Equal) == is_zero:
        text = f"tf.logical_not({text})"
    context.needs("tf")
    return expression(atom(text))


def _counts(context: Context, node: cst.BaseExpression) -> bool:
    """Whether the function compares this elsewhere with another number than 0 and 1, as it does classes and ids."""
    if not context.functions:
        return False
    text = source(node)
    return any(
        isinstance(other, cst.Comparison)
        and source(other.left) == text
        and isinstance(number := other.comparisons[0].comparator, (cst.Integer, cst.Float))
        and not _is_bit(number)
        for other in descendants(context.functions[-1].body)
    )


def _is_parameter(context: Context, node: cst.BaseExpression) -> bool:
    """Whether a name is a parameter's: callers that are not seen may bring another dtype."""
    if not isinstance(node, cst.Name) or not context.functions:
        return False
    parameters = context.functions[-1].params
    every = (*parameters.posonly_params, *parameters.params, *parameters.kwonly_params)
    return any(parameter.name.value == node.value for parameter in every)


def _is_bit(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Integer) and node.value in ("0", "1")
