"""Casts: float(), long(), to(dtype or device), type_as."""

from __future__ import annotations

from transpile.infer.apply import Site, hook
from transpile.infer.facts import UNKNOWN, Fact, Python, Ref, Tensor

DTYPES = {"float": "float32", "double": "float64", "half": "float16", "bfloat16": "bfloat16", "long": "int64",
          "int": "int32", "short": "int16", "char": "int8", "byte": "uint8", "bool": "bool"}  # fmt: skip


def dtype_of(fact: Fact) -> str | None:
    """TensorFlow's name of a dtype fact."""
    if isinstance(fact, Python) and fact.type == "dtype":
        return fact.value if isinstance(fact.value, str) else None
    if isinstance(fact, Ref) and fact.name.startswith("torch."):
        name = fact.name[6:]
        name = DTYPES.get(name, name)
        return name if name in set(DTYPES.values()) | {"complex64", "complex128"} else None
    return None


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
