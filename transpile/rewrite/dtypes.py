"""What a dtype is asked for: `x.dtype.is_floating_point`."""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.dtypes import is_dtype
from transpile.infer.facts import resolve
from transpile.rewrite.code import expression, source
from transpile.rewrite.context import Context
from transpile.rewrite.registry import on, operation

__all__: list[str] = []


@operation("is_floating")
def is_floating(context: Context, original: cst.Attribute, updated: cst.Attribute) -> Any:
    """x.dtype.is_floating_point → tf.as_dtype(x.dtype).is_floating; a Keras variable's dtype is a string."""
    context.needs("tf")
    return expression(f"tf.as_dtype({source(updated.value)}).is_floating")


@on(cst.Attribute)
def itemsize(context: Context, original: cst.Attribute, updated: Any) -> Any:
    """dtype.itemsize → dtype.size"""
    if original.attr.value != "itemsize" or id(original) in context.callees:
        return None
    if not isinstance(updated, cst.Attribute) or not is_dtype(resolve(context.fact(original.value))):
        return None
    return updated.with_changes(attr=cst.Name("size"))
