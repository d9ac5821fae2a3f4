"""Sizes in all spellings: x.shape, x.size(), x.shape[i], b, c, h, w = x.shape, x.ndim."""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.facts import Tensor, Var, resolve
from transpile.infer.layout import IMAGE, Open, inverse, order
from transpile.rewrite.code import expression, source
from transpile.rewrite.context import Context
from transpile.rewrite.registry import on, operation
from transpile.rewrite.rule_call import warn_open

__all__ = ["memory_places"]


def memory_places(context: Context, tensor: Any) -> tuple[int, ...] | None:
    """The place in memory of each logical axis; None for a tensor in torch's order."""
    if not isinstance(tensor, Tensor) or tensor.rank is None or not context.channels_last:
        return None
    layout = context.run.layout(tensor)
    if isinstance(layout, Open) or not layout:
        return None
    return inverse(order(layout, tensor.rank))


def is_open(context: Context, tensor: Any) -> bool:
    """Whether the order of the sizes is only known at run time."""
    if not context.channels_last:
        return False
    if not isinstance(tensor, Tensor):
        return True
    layout = context.run.layout(tensor)
    if tensor.rank is None:
        return isinstance(layout, Open) or layout != ()
    return isinstance(layout, Open) and tensor.rank >= 3


def _sizes(context: Context, operand: str, tensor: Any) -> str:
    """The sizes in torch's order."""
    if is_open(context, tensor):
        return _by_rank(context, operand, tensor)
    places = memory_places(context, tensor)
    if places is None:
        return f"{context.support('shape')}({operand})"
    picks = ", ".join(f"{context.support('size')}({operand}, {_negative(p, len(places))})" for p in places)
    return f"({picks})" if operand.isidentifier() else _in_torch_order(context, operand, places)


def _by_rank(context: Context, operand: str, tensor: Any) -> str:
    """The sizes in torch's order of what is known to be an image, or is one if it has four axes."""
    image = isinstance(tensor, Tensor) and tensor.rank is None and context.run.layout(tensor) == IMAGE
    return f"{context.support('image_shape' if image else 'torch_shape')}({operand})"


def _in_torch_order(context: Context, operand: str, places: tuple[int, ...]) -> str:
    """The sizes of an operand that is written once; an image's places need not be named."""
    named = "" if places == inverse(order(IMAGE, 4)) else f", {places}"
    return f"{context.support('torch_shape')}({operand}{named})"


def _negative(place: int, rank: int) -> int:
    return -1 if place == rank - 1 else place


@operation("shape", "open_shape")
def shape(context: Context, original: cst.Attribute, updated: cst.Attribute) -> Any:
    """A bare `x.shape`. Its parents (subscript, unpacking, comparison, len) know better and come afterwards."""
    if id(original) in context.kept_shapes:
        return None
    plan = context.plan(original)
    assert plan is not None
    tensor = plan.data.get("tensor")
    if tensor is None:
        tensor = resolve(context.fact(original.value))
        if not isinstance(tensor, Tensor) and not _of_what_a_module_is_given(context, original.value, tensor):
            return None
    return expression(_sizes(context, source(updated.value), tensor))


def _of_what_a_module_is_given(context: Context, owner: cst.BaseExpression, fact: Any) -> bool:
    """Whether a name of which nothing else is known is a tensor, most likely: one that a method of a layer is given.

    `F.pad(skip, of(skip.shape, x.shape))`: the sizes of both are asked for in one order.
    """
    if not (
        context.channels_last and isinstance(owner, cst.Name) and isinstance(fact, Var) and context.functions
    ):
        return False
    method = context.run.function_of.get(id(context.functions[0]))
    if method is None or method.name == "__init__" or method.owner is None or not method.owner.is_module:
        return False
    if all(owner.value != parameter.name for parameter in method.parameters):
        return False
    warn_open(context, owner, "shape")
    return True


@operation("size")
def size(context: Context, original: cst.Call, updated: cst.Call) -> Any:
    plan = context.plan(original)
    assert plan is not None and isinstance(updated.func, cst.Attribute)
    tensor = plan.data["tensor"]
    operand = source(updated.func.value)
    if not updated.args:
        if id(original) in context.kept_shapes:
            return None
        if not is_open(context, tensor) and memory_places(context, tensor) is None:
            context.needs("tf")
            return expression(f"tf.shape({operand})")
        return expression(_sizes(context, operand, tensor))
    return expression(one_size(context, operand, tensor, source(updated.args[0].value)))


def one_size(context: Context, operand: str, tensor: Any, dim: str) -> str:
    if is_open(context, tensor):
        if dim == "0":
            return f"{context.support('size')}({operand}, 0)"
        return f"{_by_rank(context, operand, tensor)}[{dim}]"
    places = memory_places(context, tensor)
    if places is None:
        return f"{context.support('size')}({operand}, {dim})"
    try:
        place = _negative(places[int(dim)], len(places))
        return f"{context.support('size')}({operand}, {place})"
    except (ValueError, IndexError):
        return f"{context.support('size')}({operand}, {places}[{dim}])"


@operation("shape_item")
def shape_item(context: Context, original: cst.Subscript, updated: cst.Subscript) -> Any:
    """x.shape[i] and x.size()[i]."""
    plan = context.plan(original)
    assert plan is not None
    tensor = plan.data["tensor"]
    operand = _operand(original.value, updated.value)
    if operand is None:
        return None
    index = updated.slice[0].slice
    if not isinstance(index, cst.Index):
        return None
    return expression(one_size(context, operand, tensor, source(index.value)))


def _operand(original: cst.BaseExpression, updated: cst.BaseExpression) -> str | None:
    """The tensor whose sizes an expression gives, after rewriting: it was kept as `x.shape`."""
    if isinstance(original, cst.Attribute) and isinstance(updated, cst.Attribute):
        return source(updated.value)
    if (
        isinstance(original, cst.Call)
        and isinstance(updated, cst.Call)
        and isinstance(updated.func, cst.Attribute)
    ):
        return source(updated.func.value)
    return None


@operation("shape_slice")
def shape_slice(context: Context, original: cst.Subscript, updated: cst.Subscript) -> Any:
    plan = context.plan(original)
    assert plan is not None
    tensor = plan.data["tensor"]
    operand = _operand(original.value, updated.value)
    if operand is None:
        return None
    text = source(updated.slice[0].slice)
    places = memory_places(context, tensor)
    compared = id(original) in context.compared
    if places is not None:
        bounds = _slice_of(text)
        if bounds is not None:
            picked = list(places[bounds])
            if picked and picked == list(range(picked[0], picked[-1] + 1)):
                base = f"{operand}.shape" if compared else f"{context.support('shape')}({operand})"
                return expression(f"{base}[{picked[0]}:{picked[-1] + 1}]")
        return expression(f"{_in_torch_order(context, operand, places)}[{text}]")
    if compared and not is_open(context, tensor):
        return None
    if is_open(context, tensor):
        return expression(f"{_by_rank(context, operand, tensor)}[{text}]")
    return expression(f"{context.support('shape')}({operand})[{text}]")


def _slice_of(text: str) -> slice | None:
    parts = text.split(":")
    try:
        return slice(*[int(p) if p.strip() else None for p in parts])
    except ValueError:
        return None


@operation("ndim")
def ndim(context: Context, original: cst.Attribute, updated: cst.Attribute) -> Any:
    return expression(f"len({source(updated.value)}.shape)")


def _mark(context: Context, node: cst.BaseExpression) -> None:
    context.kept_shapes.add(id(node))


def prepare(context: Context, node: cst.CSTNode) -> None:
    """Called when a node is entered: its `x.shape` child is left for this node to rewrite."""
    if type(node) is cst.Subscript:
        plan = context.plan(node)
        if plan is not None and plan.op in ("shape_item", "shape_slice"):
            _mark(context, node.value)
    elif type(node) is cst.Assign:
        value, target = node.value, node.targets[-1].target
        if (
            isinstance(target, (cst.Tuple, cst.List))
            and _is_shape(context, value)
            and _reorders(context, value, target)
        ):
            _mark(context, value)
    elif type(node) is cst.Comparison:
        sides = [node.left, *(c.comparator for c in node.comparisons)]
        shapes = [s for s in sides if _is_shape(context, s) or _shape_slice(context, s)]
        if len(shapes) == 2 and len(sides) == 2:
            tensors = [_tensor_of(context, s) for s in shapes]
            if not any(is_open(context, t) for t in tensors):
                orders = [memory_places(context, t) for t in tensors]
                if orders[0] == orders[1]:
                    for side in shapes:
                        if isinstance(side, cst.Attribute):
                            _mark(context, side)
                        elif isinstance(side, cst.Subscript):
                            context.compared.add(id(side))
    elif type(node) is cst.Call and isinstance(node.func, cst.Name) and node.func.value == "len":
        for arg in node.args:
            if isinstance(arg.value, cst.Attribute) and _is_shape(context, arg.value):
                _mark(context, arg.value)
    elif (
        type(node) is cst.FormattedStringExpression
        and isinstance(node.expression, cst.Attribute)
        and _is_shape(context, node.expression)
    ):
        _mark(context, node.expression)


def _is_shape(context: Context, node: cst.BaseExpression) -> bool:
    plan = context.plan(node)
    return plan is not None and (
        plan.op == "shape" or (plan.op == "size" and isinstance(node, cst.Call) and not node.args)
    )


def _shape_slice(context: Context, node: cst.BaseExpression) -> bool:
    plan = context.plan(node)
    return plan is not None and plan.op == "shape_slice"


def _tensor_of(context: Context, node: cst.BaseExpression) -> Any:
    plan = context.plan(node)
    return plan.data.get("tensor") if plan is not None else None


def _reorders(context: Context, value: cst.BaseExpression, target: Any) -> bool:
    tensor = _tensor_of(context, value)
    if any(isinstance(e, cst.StarredElement) for e in target.elements):
        return False
    return not is_open(context, tensor)


@on(cst.Assign)
def unpack(context: Context, original: cst.Assign, updated: cst.Assign) -> Any:
    """`b, c, h, w = x.shape`: the names are put in the order of memory."""
    target = original.targets[-1].target
    if id(original.value) not in context.kept_shapes or not isinstance(target, (cst.Tuple, cst.List)):
        return None
    operand = _operand(original.value, updated.value)
    if operand is None:
        return None
    tensor = _tensor_of(context, original.value)
    places = memory_places(context, tensor)
    value = expression(f"{context.support('shape')}({operand})")
    new_target = updated.targets[-1].target
    assert isinstance(new_target, (cst.Tuple, cst.List))
    if places is not None and len(new_target.elements) == len(places):
        permutation = inverse(places)
        elements = list(new_target.elements)
        moved = [elements[axis].with_changes(comma=elements[i].comma) for i, axis in enumerate(permutation)]
        new_target = new_target.with_changes(elements=moved)
    return updated.with_changes(
        value=value, targets=[*updated.targets[:-1], updated.targets[-1].with_changes(target=new_target)]
    )


@operation("tensor_len")
def tensor_len(context: Context, original: cst.Call, updated: cst.Call) -> Any:
    return expression(f"{context.support('size')}({source(updated.args[0].value)}, 0)")
