"""einops works on TensorFlow: its patterns name the axes in the order of memory, its layers are those for Keras."""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.layout import Pair, order
from transpile.infer.patterns import Pattern, reordered
from transpile.rewrite.code import expression, source
from transpile.rewrite.context import Context
from transpile.rewrite.deferral import collect
from transpile.rewrite.registry import on, operation
from transpile.source.walk import walk

__all__ = ["without_replaced"]


@operation("einops")
def function(context: Context, original: cst.Call, updated: cst.Call) -> Any:
    """rearrange(x, "b c h w -> …"): of a channels-last x "b h w c -> …"; a variable becomes a tensor."""
    plan = context.plan(original)
    assert plan is not None
    args = list(updated.args)
    left: Pair = plan.data.get("left", ())
    right: Pair = plan.data.get("right", ())
    for place, arg in enumerate(original.args):
        if arg.value is plan.data.get("pattern") and (left or right):
            args[place] = args[place].with_changes(value=_pattern(arg.value, plan.data["rank"], left, right))
        if arg.value is plan.data.get("operand"):
            args[place] = args[place].with_changes(
                value=_operand(context, original, arg.value, args[place].value)
            )
    return updated.with_changes(args=args)


def _operand(
    context: Context, original: cst.Call, before: cst.BaseExpression, value: cst.BaseExpression
) -> cst.BaseExpression:
    plan = context.plan(original)
    assert plan is not None
    if plan.data.get("variable"):
        context.needs("tf")
        return expression(f"tf.convert_to_tensor({source(value)})")
    variables = plan.data.get("variables")
    if variables and isinstance(value, (cst.List, cst.Tuple)):
        assert isinstance(before, (cst.List, cst.Tuple))
        context.needs("tf")
        elements = [
            (
                after.with_changes(value=expression(f"tf.convert_to_tensor({source(after.value)})"))
                if id(own.value) in variables
                else after
            )
            for own, after in zip(before.elements, value.elements, strict=True)
        ]
        return value.with_changes(elements=elements)
    if plan.data.get("open") and context.channels_last:
        context.say(
            "LAY003", original,
            "neither the rank nor the layout of this tensor is known; the output decides by the rank at run time",
        )  # fmt: skip
        return expression(f"{context.support('to_torch_order')}({source(value)})")
    return value


@operation("einops_layer")
def layer(context: Context, original: cst.Call, updated: cst.Call) -> Any:
    """Rearrange("b c h w -> …") that is called with a channels-last tensor."""
    plan = context.plan(original)
    assert plan is not None
    left, rank = context.run.pattern_layouts.get(id(original), ((), 0))
    right: Pair = context.run.demands.get(id(original), ())
    if not (left or right) or not rank:
        return None
    args = [
        (
            after.with_changes(value=_pattern(before.value, rank, left, right))
            if before.value is plan.data["pattern"]
            else after
        )
        for before, after in zip(original.args, updated.args, strict=True)
    ]
    return updated.with_changes(args=args)


@operation("einops_unpack")
def unpack(context: Context, original: cst.Call, updated: cst.Call) -> Any:
    """einops' own looks for a -1 among the sizes, which sizes that are tensors in a graph do not allow."""
    if isinstance(original.func, cst.Name):
        context.replaced.add(original.func.value)
    return updated.with_changes(func=expression(context.support("unpack_axes")))


def without_replaced(context: Context, tree: cst.Module) -> cst.Module:
    """The module without the imports from einops whose every use was replaced."""
    names = set(context.replaced)
    used: set[str] = set()
    for node in tree.body if names else ():
        collect(node, names, used)
    return walk(tree, _Trimming(names - used)) if names - used else tree


class _Trimming:
    """Takes names out of imports from einops."""

    def __init__(self, names: set[str]) -> None:
        self.names = names

    def on_visit(self, node: cst.CSTNode) -> bool:
        return isinstance(node, (cst.Module, cst.SimpleStatementLine))

    def on_leave(self, original: Any, updated: Any) -> Any:
        if not isinstance(updated, cst.SimpleStatementLine):
            return updated
        for small in updated.body:
            if isinstance(small, cst.ImportFrom) and not isinstance(small.names, cst.ImportStar):
                kept = [a for a in small.names if not (a.asname is None and source(a.name) in self.names)]
                if small.module is None or source(small.module) != "einops" or len(kept) == len(small.names):
                    continue
                if not kept:
                    return cst.RemoveFromParent()
                kept[-1] = kept[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
                return updated.with_changes(body=[small.with_changes(names=kept)])
        return updated


def _pattern(node: cst.BaseExpression, rank: int, left: Pair, right: Pair) -> cst.BaseExpression:
    if not isinstance(node, cst.SimpleString):
        return node
    parsed = Pattern.parse(str(node.evaluated_value))
    if parsed is None:
        return node
    parsed = parsed.expanded(rank)
    text = (
        reordered(parsed.left, order(left, len(parsed.left)))
        + " -> "
        + reordered(parsed.right, order(right, len(parsed.right)))
    )
    return node.with_changes(value=f"{node.quote}{text}{node.quote}")


@on(cst.ImportFrom)
def import_from(context: Context, original: cst.ImportFrom, updated: cst.ImportFrom) -> Any:
    """from einops.layers.torch import Rearrange → from einops.layers.keras import Rearrange"""
    if original.module is None or original.relative or source(original.module) != "einops.layers.torch":
        return None
    return updated.with_changes(module=expression("einops.layers.keras"))
