"""Transposes, inserted exactly where plain and channels-last meet."""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.facts import Tensor
from transpile.infer.layout import BY_RANK, IMAGE, PLAIN, Layout, Pair, conversion, normalize, order
from transpile.rewrite.code import atom, expression, source
from transpile.rewrite.context import Context
from transpile.rewrite.registry import on

__all__ = ["arranged", "converted", "turned", "unstacked"]

# What turns one layout into another where the rank is known only when the output runs
_BY_RANK = {
    (PLAIN, IMAGE): "channels_last",
    (IMAGE, PLAIN): "channels_first",
    (PLAIN, BY_RANK): "image_by_rank",
    (BY_RANK, PLAIN): "to_torch_order",
    (IMAGE, BY_RANK): "last_to_by_rank",
    (BY_RANK, IMAGE): "by_rank_to_last",
}


def converted(context: Context, wanted: tuple[Tensor, Layout], updated: Any) -> Any:
    """The expression in the layout that was asked for."""
    tensor, target = wanted
    have = context.run.layout(tensor)
    if not isinstance(target, tuple) or not isinstance(have, tuple):
        return updated
    if tensor.rank is None:
        return _by_rank(context, tensor, have, target, updated)
    if isinstance(tensor.source, int) and tensor.source > tensor.rank:
        return _spread(updated, have, tensor.rank, tensor.source, target)
    permutation = conversion(normalize(have, tensor.rank), normalize(target, tensor.rank), tensor.rank)
    if permutation is None:
        return updated
    return expression(f"tf.transpose({source(updated)}, {permutation})")


def turned(context: Context, text: str, tensor: Tensor, have: Pair, target: Pair) -> str:
    """A tensor's text, turned from one layout into another; of unknown rank, by the one that it has at run time."""
    if tensor.rank is None:
        return f"{context.support(_BY_RANK[have, target])}({text})"
    permutation = conversion(normalize(have, tensor.rank), normalize(target, tensor.rank), tensor.rank)
    context.needs("tf")
    return text if permutation is None else f"tf.transpose({text}, {permutation})"


def arranged(context: Context, key: int, updated: Any) -> Any:
    """A member of a Sequential that works in another layout than those around it: it is told to convert."""
    order_given = context.run.in_order.get(key)
    if order_given is not None:
        name = "in_channels_last" if order_given == IMAGE else "in_torch_order"
        return expression(f"{context.support(name)}({source(updated)})")
    if key in context.run.either:
        return expression(f"{context.support('in_torch_order')}({source(updated)})")
    into, back = context.run.arranged.get(key), context.run.given_back.get(key)
    given = _turn(context, into) if into is not None else None
    returned = _turn(context, back) if back is not None else None
    if given is None and returned is None:
        return updated
    texts = [given or "None", *([returned] if returned is not None else [])]
    return expression(f"{context.support('converting')}({source(updated)}, {', '.join(texts)})")


@on(cst.ListComp, cst.GeneratorExp)
def copies(context: Context, original: Any, updated: Any) -> Any:
    """Layers that one expression makes and that are to be told each on its own: there is no place to say it."""
    places = context.run.copies.get(id(original), [])
    if not context.run.told_where_made.isdisjoint(places):
        context.say(
            "LAY003", original,
            "the layers that this makes are given tensors in different orders of axes, and nothing converts them",
            "Make them in the call of nn.Sequential that runs them, or one by one.",
        )  # fmt: skip
    return None


def _turn(context: Context, wanted: tuple[Tensor, Layout]) -> str | None:
    """The function that brings a tensor into the layout that was asked for; None if nothing moves."""
    tensor, target = wanted
    have = context.run.layout(tensor)
    if not isinstance(target, tuple) or not isinstance(have, tuple):
        return None
    name = _BY_RANK.get((have, target))
    if name is not None:
        return context.support(name)
    if tensor.rank is None:
        return None
    permutation = conversion(normalize(have, tensor.rank), normalize(target, tensor.rank), tensor.rank)
    return f"lambda x: tf.transpose(x, {permutation})" if permutation is not None else None


def unstacked(context: Context, updated: Any) -> Any:
    """A tensor that is iterated: neither a variable nor a tensor of a graph can be, its items can."""
    text = source(updated)
    if text.startswith(("tf.unstack(", "unbind(")):
        return updated
    context.needs("tf")
    return expression(f"tf.unstack({text})")


def _by_rank(context: Context, tensor: Tensor, have: Pair, target: Pair, updated: Any) -> Any:
    """The rank is known only when the output runs, the layouts are known now."""
    if isinstance(tensor.source, int):
        return expression(f"{context.support('beside_image')}({source(updated)}, {tensor.source})")
    if isinstance(tensor.source, tuple) and tensor.source[0] == "beside image":
        rank = f"len({tensor.source[1]}.shape)"
        return expression(f"{context.support('beside_image')}({source(updated)}, {rank})")
    if isinstance(tensor.source, tuple):
        return expression(f"{context.support('beside_open')}({source(updated)}, {tensor.source[1]})")
    name = _BY_RANK.get((have, target))
    return expression(f"{context.support(name)}({source(updated)})") if name is not None else updated


def _spread(updated: Any, layout: Pair, own: int, rank: int, target: Pair) -> Any:
    """An operand of lower rank beside a channels-last one: its axes move to where they broadcast."""
    have = order(normalize(layout, own), own)
    # negative: not an axis of the operand
    goal = [axis - (rank - own) for axis in order(normalize(target, rank), rank)]
    present = [axis for axis in goal if axis >= 0]
    permutation = tuple(have.index(axis) for axis in present)
    text = source(updated)
    if permutation != tuple(range(own)):
        text = f"tf.transpose({text}, {permutation})"
    first = next(i for i, axis in enumerate(goal) if axis >= 0)
    index = [":" if axis >= 0 else "None" for axis in goal[first:]]
    if "None" in index:
        text = f"{atom(text)}[{', '.join(index)}]"
    return expression(text)
