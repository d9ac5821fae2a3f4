"""Transposes, inserted exactly where plain and channels-last meet."""

from __future__ import annotations

from typing import Any

from transpile.infer.facts import Tensor
from transpile.infer.layout import Layout, Pair, conversion, normalize, order
from transpile.rewrite.code import atom, expression, source
from transpile.rewrite.context import Context

__all__ = ["converted"]


def converted(context: Context, wanted: tuple[Tensor, Layout], updated: Any) -> Any:
    """The expression in the layout that was asked for."""
    tensor, target = wanted
    if tensor.rank is None or not isinstance(target, tuple):
        return updated
    have = context.run.layout(tensor)
    if not isinstance(have, tuple):
        return updated
    if isinstance(tensor.source, int) and tensor.source > tensor.rank:
        return _spread(updated, have, tensor.rank, tensor.source, target)
    permutation = conversion(normalize(have, tensor.rank), normalize(target, tensor.rank), tensor.rank)
    if permutation is None:
        return updated
    return expression(f"tf.transpose({source(updated)}, {permutation})")


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
