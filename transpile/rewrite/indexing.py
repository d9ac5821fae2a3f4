"""Subscripts of tensors in their own memory order; masks and index tensors."""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.facts import Tensor
from transpile.infer.layout import Open
from transpile.rewrite.code import expression, source
from transpile.rewrite.context import Context
from transpile.rewrite.registry import on, operation
from transpile.rewrite.stores import key_text

__all__ = ["reordered"]


@operation("index")
def index(context: Context, original: cst.Subscript, updated: cst.Subscript) -> Any:
    plan = context.plan(original)
    assert plan is not None
    tensor = plan.data["tensor"]
    if "physical" in plan.data:
        return reordered(plan, updated)
    kinds = [kind for kind, _ in plan.data["parts"]]
    if (
        context.channels_last
        and isinstance(context.run.layout(tensor), Open)
        and (tensor.rank is None or tensor.rank >= 3)
        and not all(kind in ("full", "int", "slice") for kind in kinds[:1])
    ):
        context.say(
            "LAY003", original,
            "the rank and layout of this tensor are not known; the index is taken in torch's order",
            "Annotate the parameter, for example `x: Float[Tensor, \"b c h w\"]`.",
        )  # fmt: skip
    return None


@on(cst.Subscript)
def stepped(context: Context, original: cst.Subscript, updated: Any) -> Any:
    """x[:, ::n] → index(x, (slice(None, None), slice(None, None, n))) where n is an open size."""
    if id(original) not in context.stepped or not isinstance(updated, cst.Subscript):
        return None
    plan = context.plan(original)
    if plan is not None and plan.op == "store":
        return None
    return expression(f"{context.support('index')}({source(updated.value)}, {key_text(updated)})")


def reordered(plan: Any, updated: cst.Subscript) -> cst.Subscript:
    """The elements in the order of memory; trailing full slices are left out."""
    elements = updated.slice
    if (
        len(elements) == 1
        and isinstance(elements[0].slice, cst.Index)
        and isinstance(elements[0].slice.value, cst.Tuple)
    ):
        elements = [cst.SubscriptElement(cst.Index(e.value)) for e in elements[0].slice.value.elements]
    full = cst.SubscriptElement(cst.Slice(lower=None, upper=None))
    chosen = [elements[number] if number is not None else full for number in plan.data["physical"]]
    while len(chosen) > 1 and _is_full(chosen[-1]):
        chosen.pop()
    if (
        all(_is_full(e) for e in chosen[:-1])
        and len(chosen) == len(plan.data["physical"])
        and len(chosen) > 2
    ):
        chosen = [cst.SubscriptElement(cst.Index(cst.Ellipsis())), chosen[-1]]
    comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    tidy = [
        e.with_changes(comma=comma if i < len(chosen) - 1 else cst.MaybeSentinel.DEFAULT)
        for i, e in enumerate(chosen)
    ]
    return updated.with_changes(slice=tidy)


def _is_full(element: cst.SubscriptElement) -> bool:
    part = element.slice
    return isinstance(part, cst.Slice) and part.lower is None and part.upper is None and part.step is None


@operation("advanced_index")
def advanced(context: Context, original: cst.Subscript, updated: cst.Subscript) -> Any:
    """One mask → tf.boolean_mask, one index tensor → tf.gather, anything else the support function."""
    plan = context.plan(original)
    assert plan is not None
    operand = source(updated.value)
    facts = plan.data["facts"]
    if len(facts) == 1 and isinstance(facts[0], Tensor):
        key = source(updated.slice[0].slice)
        context.needs("tf")
        if facts[0].dtype == "bool":
            return expression(f"tf.boolean_mask({operand}, {key})")
    return expression(f"{context.support('index')}({operand}, {key_text(updated)})")


@operation("store")
def stored(context: Context, original: Any, updated: Any) -> Any:
    """The target of a store: its index is put in the order of memory, as when it is read."""
    plan = context.plan(original)
    assert plan is not None
    inner = plan.data.get("index")
    if inner is None or "physical" not in inner.data:
        return None
    return reordered(inner, updated)
