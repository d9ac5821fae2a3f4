"""torch's type promotion, where dtypes are known."""

from __future__ import annotations

from transpile.infer.facts import Fact, Python, Tensor, Var

__all__ = ["FLOATS", "complex_of", "promoted", "real_of"]

FLOATS = ("float16", "bfloat16", "float32", "float64", "complex64", "complex128")


def promoted(first: Fact, second: Fact, name: str) -> str | None:
    """torch's type promotion where both dtypes are known."""
    kinds = [f.dtype if isinstance(f, Tensor) else None for f in (first, second)]
    scalars = [f.type if isinstance(f, Python) else None for f in (first, second)]
    for tensor, scalar in ((first, scalars[1]), (second, scalars[0])):
        if isinstance(tensor, Tensor) and scalar == "complex":
            return complex_of(tensor.dtype)
    for kind, scalar in ((kinds[0], scalars[1]), (kinds[1], scalars[0])):
        if kind is not None and scalar is not None:
            if kind in FLOATS:
                return kind
            if scalar == "float" or name == "Divide":
                return "float32"
            return kind if scalar in ("int", "bool") else None
    for kind, beside in ((kinds[0], second), (kinds[1], first)):
        if kind in FLOATS and isinstance(beside, Var) and not beside.tensorlike:
            return kind  # a number, most likely
    if isinstance(first, Tensor) and isinstance(second, Tensor) and "complex" in str(kinds):
        return complex_of("float64" if {"float64", "complex128"} & set(kinds) else None)
    if kinds[0] == kinds[1]:
        if kinds[0] is not None and name == "Divide" and kinds[0] not in FLOATS:
            return "float32"
        return kinds[0]
    if kinds[0] is None or kinds[1] is None:
        return None
    floats = [k for k in kinds if k is not None and k in FLOATS]
    if len(floats) == 1:
        return floats[0]
    if not floats:
        return _integer(first, second)
    ranks = [f.rank for f in (first, second) if isinstance(f, Tensor)]
    if None not in ranks and not any(kind.startswith("complex") for kind in floats):
        if (ranks[0] == 0) != (ranks[1] == 0):  # what has axes outranks what has none
            return floats[0] if ranks[1] == 0 else floats[1]
        return max(floats, key=FLOATS.index) if "float64" in floats or "float32" in floats else "float32"
    return None


def complex_of(dtype: str | None) -> str:
    """The complex dtype of a real one's precision; what nothing is known of is single."""
    return "complex128" if dtype in ("float64", "complex128") else "complex64"


def real_of(dtype: str | None) -> str | None:
    """The dtype of the parts of a complex number; any other stays."""
    return {"complex64": "float32", "complex128": "float64"}.get(dtype or "", dtype)


def _integer(first: Fact, second: Fact) -> str | None:
    """Of two integer dtypes: that of the operand with axes, the wider one where both have some."""
    assert isinstance(first, Tensor) and isinstance(second, Tensor)
    if "bool" in (first.dtype, second.dtype):
        return second.dtype if first.dtype == "bool" else first.dtype
    for one, other in ((first, second), (second, first)):
        if one.rank and not other.rank:
            return one.dtype
    both = [str(first.dtype), str(second.dtype)]
    return max(both, key=lambda dtype: int(dtype.lstrip("uint") or 0))
