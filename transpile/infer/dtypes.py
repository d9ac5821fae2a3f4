"""What is known to be a dtype."""

from __future__ import annotations

from transpile.infer.facts import Fact, Python, Ref

__all__ = ["DTYPES", "dtype_of", "is_dtype"]

DTYPES = {"float": "float32", "double": "float64", "half": "float16", "bfloat16": "bfloat16", "long": "int64",
          "int": "int32", "short": "int16", "char": "int8", "byte": "uint8", "bool": "bool"}  # fmt: skip
_NAMES = {*DTYPES.values(), "complex64", "complex128"}


def dtype_of(fact: Fact) -> str | None:
    """TensorFlow's name of a dtype fact."""
    if isinstance(fact, Python) and fact.type == "dtype":
        return fact.value if isinstance(fact.value, str) else None
    if isinstance(fact, Ref) and fact.name.startswith("torch."):
        name = fact.name[6:]
        name = DTYPES.get(name, name)
        return name if name in _NAMES else None
    return None


def is_dtype(fact: Fact) -> bool:
    """Whether a fact is a dtype, whichever it is."""
    return dtype_of(fact) is not None or (isinstance(fact, Python) and fact.type == "dtype")
