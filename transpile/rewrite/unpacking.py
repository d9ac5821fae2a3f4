"""A tensor that is taken apart into names: as many parts as there are names, which a graph has to be told.

h, w = x             →  h, w = tf.unstack(x, num=2)
h, w = x.unbind(-1)  →  h, w = tf.unstack(x, num=2, axis=-1)
"""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.facts import Sequence, Tensor
from transpile.rewrite.code import expression, source
from transpile.rewrite.context import Context
from transpile.rewrite.registry import on

__all__: list[str] = []


@on(cst.Assign)
def unpacked(context: Context, original: cst.Assign, updated: cst.Assign) -> Any:
    """A tensor can be iterated eagerly only; `unbind` may not know the size of its axis."""
    target, value = original.targets[-1].target, updated.value
    if not isinstance(target, (cst.Tuple, cst.List)):
        return None
    if any(isinstance(element, cst.StarredElement) for element in target.elements):
        return None
    fact, number = context.fact(original.value), f"num={len(target.elements)}"
    if isinstance(fact, Tensor):
        context.needs("tf")
        return updated.with_changes(value=expression(f"tf.unstack({source(value)}, {number})"))
    if not isinstance(value, cst.Call) or source(value.func) != "tf.unstack" or len(value.args) != 2:
        return None
    if not isinstance(fact, Sequence) or fact.items is not None:  # its size is known to the graph as well
        return None
    tensor, axis = (source(argument.with_changes(comma=cst.MaybeSentinel.DEFAULT)) for argument in value.args)
    return updated.with_changes(value=expression(f"tf.unstack({tensor}, {number}, {axis})"))
