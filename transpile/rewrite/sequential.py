"""nn.Sequential: tf.keras.Sequential([...]) where its members provably qualify, the support one elsewhere."""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.facts import Layer, Ref, Tensor, resolve
from transpile.rewrite.code import expression, source
from transpile.rewrite.context import Context
from transpile.rewrite.references import is_import

__all__ = ["qualifies"]


def qualifies(context: Context, original: cst.Call, updated: cst.Call) -> Any:
    """The tf.keras.Sequential that may stand here, or None.

    tf.keras.Sequential has no index, length or iteration, cannot be empty, and traces its members with symbolic
    tensors: so members must be layers that take one tensor and return one, and nobody may look inside.
    """
    if not original.args or any(arg.star or arg.keyword is not None for arg in original.args):
        return None
    if (
        id(original) in context.run.opened
        or context.run.attribute_of_site.get(id(original)) in context.run.subscripted
    ):
        return None
    if _is_public(context, original):
        return None
    for arg in original.args:
        fact = context.fact(arg.value)
        if isinstance(arg.value, cst.Call) and _is_chosen_by_callers(context, arg.value):
            return None
        if not isinstance(fact, Layer) or not simple(context, fact) or _converts(context, arg.value):
            return None
    elements = [source(arg.value) for arg in updated.args]
    if any(
        isinstance(arg.whitespace_after_arg, cst.ParenthesizedWhitespace) for arg in original.args
    ) or "\n" in source(original):
        last = updated.args[-1]
        inner = cst.List(
            elements=[cst.Element(value=arg.value, comma=arg.comma) for arg in updated.args],
            lbracket=cst.LeftSquareBracket(whitespace_after=updated.whitespace_before_args),
            rbracket=cst.RightSquareBracket(whitespace_before=last.whitespace_after_arg),
        )
        return updated.with_changes(
            func=expression("tf.keras.Sequential"),
            args=[cst.Arg(inner)],
            whitespace_before_args=cst.SimpleWhitespace(""),
        )
    return expression(f"tf.keras.Sequential([{', '.join(elements)}])")


def _is_public(context: Context, original: cst.Call) -> bool:
    """Whether this is a public attribute of a class in a package: others import it, and slice its `features`."""
    attribute = context.run.attribute_of_site.get(id(original))
    return attribute is not None and not attribute.startswith("_") and "." in context.run.module.name


def _is_chosen_by_callers(context: Context, call: cst.Call) -> bool:
    """Whether a class comes by a parameter or an attribute: callers may give another than the one that is known."""
    plan = context.plan(call)
    if plan is not None and plan.op == "called_value":
        return True
    return type(context.fact(call.func)) is Ref and not is_import(context, call.func)


def _converts(context: Context, member: cst.BaseExpression) -> bool:
    """Whether a member is told to convert its input, which only the support Sequential knows of."""
    fact = context.fact(member)
    told = context.run.told_where_made
    return id(member) in told or (isinstance(fact, Layer) and fact.site in told)


def simple(context: Context, layer: Layer) -> bool:
    """Whether a layer takes one tensor and returns one, without anything that a symbolic call would trip over."""
    info = layer.info
    if info is None:
        return layer.name.startswith("torch.nn.") and layer.members is None and layer.name.rpartition(".")[2] not in (
            "MultiheadAttention", "LSTM", "GRU", "RNN", "Module")  # fmt: skip
    forward = info.find_method("forward")
    if forward is None or info in context.module_based:
        return False
    if len(forward.own_parameters) != 1 or any(p.star for p in forward.own_parameters):
        return False
    return isinstance(resolve(forward.returns), Tensor) and not info.stores_outside_init
