"""What a dtype is asked for: `x.dtype.is_floating_point`."""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.dtypes import is_dtype
from transpile.infer.facts import resolve
from transpile.rewrite.context import Context
from transpile.rewrite.registry import on

__all__: list[str] = []

NAMES = {"is_floating_point": "is_floating", "itemsize": "size"}


@on(cst.Attribute)
def dtype_attribute(context: Context, original: cst.Attribute, updated: Any) -> Any:
    """x.dtype.is_floating_point → x.dtype.is_floating; is_complex has one name in both."""
    name = NAMES.get(original.attr.value)
    if name is None or id(original) in context.callees or not isinstance(updated, cst.Attribute):
        return None
    owner = original.value
    written = isinstance(owner, cst.Attribute) and owner.attr.value == "dtype"
    if not is_dtype(resolve(context.fact(owner))) and not (written and name == "is_floating"):
        return None
    return updated.with_changes(attr=cst.Name(name))
