"""Layers: constructing torch.nn layers, containers and parameters; calling layers."""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.channel_layers import made_for_torch_order
from transpile.infer.facts import Layer
from transpile.infer.layout import IMAGE
from transpile.rewrite.calls import by_keyword
from transpile.rewrite.code import expression, source
from transpile.rewrite.context import Context
from transpile.rewrite.references import class_text, is_import
from transpile.rewrite.registry import operation
from transpile.rewrite.rule_call import arguments
from transpile.rewrite.sequential import qualifies

__all__: list[str] = []


@operation("layer")
def construct(context: Context, original: cst.Call, updated: cst.Call) -> Any:
    plan = context.plan(original)
    assert plan is not None
    name = plan.rule.torch
    if not is_import(context, original.func):
        return None  # a variable that holds the class here may hold another one elsewhere
    if name == "torch.nn.Sequential":
        plain = qualifies(context, original, updated)
        if plain is not None:
            context.needs("tf")
            return plain
    text = class_text(context, name, testing=False)
    if text is None:
        context.say("API001", original, f"{name} has no counterpart here yet; it stays")
        return None
    if plan.rule.fidelity == "changed" and plan.rule.why:
        context.say("API004", original, f"{name}: {plan.rule.why}")
    args = [
        arg
        for arg in updated.args
        if not (arg.keyword is not None and arg.keyword.value in ("device", "dtype"))
    ]
    if len(args) != len(updated.args) and args:
        args[-1] = args[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    if made_for_torch_order(context.run, id(original)):
        if args:
            args[-1] = args[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
        keyword = expression('f(data_format="channels_first")')
        assert isinstance(keyword, cst.Call)
        args.append(keyword.args[0])
    return updated.with_changes(func=expression(text), args=args)


@operation("parameter")
def parameter(context: Context, original: cst.Call, updated: cst.Call) -> Any:
    """nn.Parameter(t) → a Keras variable with torch's shape."""
    plan = context.plan(original)
    assert plan is not None
    positional, keywords = arguments(updated)
    if not positional and "data" not in keywords:
        return None
    value = positional[0] if positional else keywords["data"]
    flag = keywords.get("requires_grad", positional[1] if len(positional) > 1 else "True")
    trainable = plan.data["trainable"]
    name = "Parameter" if trainable else "Buffer"
    tail = "" if flag == "True" or not trainable else f", requires_grad={flag}"
    return expression(f"{context.support(name)}({value}{tail})")


@operation("call_in_torch_order")
def call_in_torch_order(context: Context, original: cst.Call, updated: cst.Call) -> Any:
    """A call of one of several layers, of which some work on images: they take and leave torch's order here."""
    called = context.support("called_in_torch_order")
    return expression(f"{called}({source(updated.func)}, {source(updated.args[0].value)})")


@operation("call_in_order")
def call_in_order(context: Context, original: cst.Call, updated: cst.Call) -> Any:
    """A call of one of several layers, whose classes say what they take: it says what it gives."""
    plan = context.plan(original)
    assert plan is not None
    given = context.run.layout(plan.data["given"])
    called = context.support("called_in_channels_last" if given == IMAGE else "called_in_torch_order")
    return expression(f"{called}({source(updated.func)}, {source(updated.args[0].value)})")


@operation("layer_call")
def call(context: Context, original: cst.Call, updated: cst.Call) -> Any:
    """A call of a layer: what Keras refuses by position goes by keyword."""
    plan = context.plan(original)
    assert plan is not None
    layer = plan.data["layer"]
    if isinstance(layer, Layer) and layer.info is not None:
        forward = layer.info.find_method("forward")
        if forward is not None:
            updated = by_keyword(context, original, updated, forward, layer.info)
    if (
        isinstance(original.func, cst.Attribute)
        and original.func.attr.value == "forward"
        and layer.info is None
    ):
        assert isinstance(updated.func, cst.Attribute)
        return updated.with_changes(func=updated.func.value)
    return updated
