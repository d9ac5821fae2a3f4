"""Casts: float(), long(), to(dtype or device), type_as."""

from __future__ import annotations

from transpile.infer.apply import Site, dtype_of, hook
from transpile.infer.facts import UNKNOWN, Fact, Tensor


@hook("cast", "to", "type", "type_as")
def cast(site: Site) -> Fact:
    tensor = site.tensor()
    if tensor is None:
        return UNKNOWN
    dtype = site.rule.dtype
    for name in ("dtype", "other", "device"):
        if name in site.values:
            fact = site.fact(name)
            dtype = dtype_of(fact) or (fact.dtype if isinstance(fact, Tensor) else dtype)
    if tensor.rank is None and dtype is None:
        return tensor
    return Tensor(tensor.rank, tensor.dims, dtype or tensor.dtype, tensor.layout)
