"""Casts: float(), long(), to(dtype or device), type_as."""

from __future__ import annotations

import re
from typing import Any

import libcst as cst

from transpile.infer.apply import Site, hook
from transpile.infer.dtypes import dtype_of, is_dtype
from transpile.infer.facts import UNKNOWN, Fact, Python, Tensor

__all__ = ["is_device"]

_DEVICES = re.compile(r".*(device|cuda|gpu|cpu|backend)s?\d*|dev|rank|local_rank", re.IGNORECASE)


def is_device(node: Any, fact: Fact) -> bool:
    """Whether what `x.to(…)` is given is a device: it is known to be none of the others, or is called one."""
    if isinstance(fact, Python) and fact.type != "object":
        return fact.type in ("device", "str", "none", "int")
    if isinstance(fact, Tensor) or is_dtype(fact):
        return False
    while isinstance(node, (cst.Call, cst.Subscript)):
        node = node.func if isinstance(node, cst.Call) else node.value
    name = node.attr if isinstance(node, cst.Attribute) else node
    return isinstance(name, cst.Name) and _DEVICES.fullmatch(name.value) is not None


@hook("cast", "to", "type", "type_as")
def cast(site: Site) -> Fact:
    tensor = site.tensor()
    if tensor is None:
        return UNKNOWN
    dtype, chosen = site.rule.dtype, False
    for name in ("dtype", "other", "device"):
        if not site.given(name):
            continue
        fact = site.fact(name)
        named = dtype_of(fact) or (fact.dtype if isinstance(fact, Tensor) else None)
        dtype = named or dtype
        chosen = chosen or (named is None and not (name == "device" and is_device(site.operand(name), fact)))
    if tensor.rank is None and dtype is None and (tensor.dtype is None or not chosen):
        return tensor
    if dtype is None and chosen:  # by the run: not the operand's own
        return Tensor(tensor.rank, tensor.dims, None, tensor.layout).with_axes_of(tensor)
    return Tensor(tensor.rank, tensor.dims, dtype or tensor.dtype, tensor.layout)
