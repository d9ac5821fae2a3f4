"""torch.where: a choice of elements, or the positions of those that are not zero; torch.unique: one of each."""

from __future__ import annotations

from transpile.infer.apply import Site, elementwise, hook
from transpile.infer.facts import UNKNOWN, Fact, Python, Sequence, Tensor
from transpile.infer.layout import PLAIN
from transpile.infer.promotion import promoted


@hook("where")
def where(site: Site) -> Fact:
    if not site.given("input"):
        condition = site.tensor("condition")
        site.plain("condition")
        places = Tensor(1, None, "int64", PLAIN)
        if condition is not None and condition.rank is not None:
            return Sequence("tuple", [Tensor(1, None, "int64", PLAIN) for _ in range(condition.rank or 1)])
        return Sequence("tuple", None, places)
    result = elementwise(site)
    if not isinstance(result, Tensor):
        return result
    chosen = [site.fact(name) for name in ("input", "other")]
    dtype = promoted(chosen[0], chosen[1], "where")
    if all(isinstance(fact, Python) for fact in chosen):
        dtype = (
            "float32" if any(isinstance(fact, Python) and fact.type == "float" for fact in chosen) else None
        )
    return Tensor(result.rank, result.dims, dtype, result.layout)


@hook("returns:unique")
def unique(site: Site) -> Fact:
    tensor = site.tensor()
    asked = [site.constant("return_inverse"), site.constant("return_counts")]
    if tensor is None or not all(isinstance(flag, bool) for flag in asked):
        return UNKNOWN
    values = Tensor(tensor.rank if site.given("dim") else 1, None, tensor.dtype, PLAIN)
    if not any(asked):
        return values
    inverse, counts = Tensor(None, None, "int64", PLAIN), Tensor(1, None, "int64", PLAIN)
    return Sequence("tuple", [values, *([inverse] if asked[0] else []), *([counts] if asked[1] else [])])
