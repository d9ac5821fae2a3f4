"""einx.add(…): einx knows tensors, and no variables of Keras."""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.facts import Tensor
from transpile.rewrite.code import expression, source
from transpile.rewrite.context import Context
from transpile.rewrite.registry import operation

__all__: list[str] = []


@operation("einx")
def einx(context: Context, original: cst.Call, updated: cst.Call) -> Any:
    """einx.add("a, b -> a b", self.a, b) → einx.add("a, b -> a b", tf.convert_to_tensor(self.a), b)"""
    args = list(updated.args)
    for place, arg in enumerate(original.args):
        fact = context.fact(arg.value)
        if isinstance(fact, Tensor) and fact.is_parameter and not arg.star:
            context.needs("tf")
            value = expression(f"tf.convert_to_tensor({source(args[place].value)})")
            args[place] = args[place].with_changes(value=value)
    return updated.with_changes(args=args)
