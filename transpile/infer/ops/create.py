"""Creation: zeros, ones, rand …: sizes are known, and the layout is free until a use decides it."""

from __future__ import annotations

from transpile.infer.apply import Site, hook
from transpile.infer.broadcasting import ONES
from transpile.infer.dims import Dim
from transpile.infer.facts import Fact, Python, Sequence, Spread, Tensor, resolve
from transpile.infer.layout import PLAIN, Open, order
from transpile.infer.operators import dim_of


@hook("create", "full", "zeros", "ones", "empty", "rand", "randn", "new_zeros", "new_ones", "new_empty")
def create(site: Site) -> Fact:
    run = site.run
    name = next((p.name for p in site.rule.params if p.name in ("size", "shape")), "size")
    sizes = site.sizes(name)
    dtype = site.dtype()
    if sizes is None:
        given = site.fact(name)
        if isinstance(given, Sequence) and given.ones_after is not None and given.ones_after <= 1:
            return Tensor(None, None, dtype, Open(), source=ONES)
        return Tensor(None, None, dtype, PLAIN)
    dims = tuple(dim_of(fact) for _, fact in sizes)
    if any(node is None for node, _ in sizes):  # `(n, c) + self.size`: no one size can be written elsewhere
        return Tensor(len(dims), dims, dtype, PLAIN)
    key = ("create", id(site.node))
    tensor = run.tensors.get(key)
    if tensor is None or tensor.rank != len(dims):
        tensor = run.tensors[key] = Tensor(
            len(dims), dims, dtype, Open(fresh=True) if len(dims) >= 4 and run.channels_last else PLAIN
        )
        run.version += 1
    tensor.dims = dims
    if len(dims) == 1 and dims[0] is not None and dims[0].value == 0:
        run.turns_out("makes_empty")
    layout = run.layout(tensor)
    site.plan.data["sizes"] = sizes
    if isinstance(layout, Open):
        run.ask(tensor, site.node)
    elif layout:
        site.plan.data["order"] = order(layout, len(dims))
    return tensor


@hook("arange")
def arange(site: Site) -> Fact:
    """torch.arange: int64 unless an argument is a float, or dtype says otherwise."""
    arguments = [site.fact(name) for name in ("start", "end", "step") if site.given(name)]
    if site.given("dtype"):
        dtype = site.dtype()
    else:
        floats = any(
            (isinstance(fact, Python) and fact.type == "float")
            or (isinstance(fact, Tensor) and fact.dtype not in (None, "int64", "int32"))
            for fact in arguments
        )
        dtype = "float32" if floats else "int64"
    return Tensor(1, None, dtype, PLAIN)


@hook("like", "zeros_like")
def like(site: Site) -> Fact:
    tensor = site.tensor()
    if tensor is None:
        return Tensor(None, None, None)
    return Tensor(
        tensor.rank, tensor.dims, site.dtype() if site.given("dtype") else tensor.dtype, tensor.layout
    )


@hook("returns:meshgrid")
def meshgrid(site: Site) -> Fact:
    """One tensor per axis, each of as many axes as there are tensors."""
    value = site.values.get("tensors")
    given = value if isinstance(value, list) else [value] if value is not None else []
    facts = [resolve(fact) for _, fact in given]
    if len(facts) == 1 and isinstance(facts[0], Sequence):
        only = facts[0]
        if only.items is None:
            element = resolve(only.element)
            dtype = element.dtype if isinstance(element, Tensor) else None
            return Sequence("tuple", None, Tensor(None, None, dtype, PLAIN))
        facts = [resolve(item) for item in only.items]
    return Sequence(
        "tuple", [Tensor(len(facts), None, f.dtype if isinstance(f, Tensor) else None, PLAIN) for f in facts]
    )


@hook("tensor")
def tensor_of(site: Site) -> Fact:
    """torch.tensor(data): the rank of a written-out nest of numbers; of what is known to be a tensor, the tensor's."""
    fact = site.fact("data")
    dtype = site.dtype() if site.given("dtype") else None
    if isinstance(fact, Tensor):
        return Tensor(fact.rank, fact.dims, dtype or fact.dtype, fact.layout)
    if isinstance(fact, Sequence) and fact.items == []:
        site.run.turns_out("makes_empty")
        return Tensor(1, (Dim(0),), dtype or "float32", PLAIN)
    rank, kind = _nest(fact)
    return Tensor(rank, None, dtype or {"float": "float32", "int": "int64", "bool": "bool"}.get(kind), PLAIN)


@hook("tensor_or_size")
def tensor_or_size(site: Site) -> Fact:
    """torch.Tensor([1, 2]), which is made of values, or torch.Tensor(1, 2), which has a size."""
    data, sizes = site.fact("data"), site.values.get("sizes", [])
    if isinstance(data, (Sequence, Tensor)) and not sizes:
        made = tensor_of(site)
        return (
            Tensor(made.rank, made.dims, site.rule.dtype, made.layout) if isinstance(made, Tensor) else made
        )
    counted = (
        isinstance(data, Python) and data.type == "int" and not any(isinstance(f, Spread) for _, f in sizes)
    )
    return Tensor(1 + len(sizes) if counted else None, None, site.rule.dtype, PLAIN)


def _nest(fact: Fact) -> tuple[int | None, str]:
    """Rank and element type of a nest of Python numbers; None where it is not known."""
    fact = resolve(fact)
    if isinstance(fact, Python):
        return (0, fact.type) if fact.type in ("int", "float", "bool") else (None, "")
    if isinstance(fact, Sequence):
        kinds = [_nest(item) for item in fact.items] if fact.items else [_nest(fact.element)]
        ranks = {rank for rank, _ in kinds}
        types = {kind for _, kind in kinds}
        rank = ranks.pop() if len(ranks) == 1 else None
        kind = "float" if "float" in types else next(iter(types)) if len(types) == 1 else ""
        return (rank + 1 if rank is not None else None), kind
    return None, ""
