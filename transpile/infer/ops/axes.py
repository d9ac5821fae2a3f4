"""squeeze, unsqueeze, expand, repeat, split, chunk, unbind, flip, roll: operations that name axes one by one."""

from __future__ import annotations

from typing import Any

from transpile.infer.apply import MISSING, Site, hook
from transpile.infer.broadcasting import broadcast
from transpile.infer.dims import Dim
from transpile.infer.facts import UNKNOWN, Fact, Python, Sequence, Tensor
from transpile.infer.layout import PLAIN, Open, order
from transpile.infer.operators import dim_of
from transpile.infer.ops.axis import inserted, is_channel_axis, reduced_layout


@hook("unsqueeze")
def unsqueeze(site: Site) -> Fact:
    run = site.run
    tensor = site.tensor()
    if tensor is None:
        return UNKNOWN
    dim = site.constant("dim")
    node = site.operand("input")
    result_of_open_rank = _used(site, tensor, 1)
    if tensor.rank is None or not isinstance(dim, int) or not -tensor.rank - 1 <= dim <= tensor.rank:
        layout = run.ask(tensor, node or site.node)
        if isinstance(layout, tuple):
            run.want(node, tensor, PLAIN)
        elif dim != 0:
            site.plan.data.setdefault("open", set()).add("input")
        return result_of_open_rank
    rank = tensor.rank + 1
    at = dim % rank
    layout = run.ask(tensor, node or site.node)
    dims = None
    if tensor.dims is not None:
        dims = (*tensor.dims[:at], Dim(1), *tensor.dims[at:])
    if isinstance(layout, Open):
        return Tensor(rank, dims, tensor.dtype, PLAIN)
    result, place = inserted(layout, tensor.rank, at)
    if result != PLAIN or layout:
        site.plan.data["place"] = {"dim": place}
    return Tensor(rank, dims, tensor.dtype, result)


def _used(site: Site, tensor: Tensor, more: int) -> Tensor:
    """The result for an operand of unknown rank, the same in every round: what its uses prove holds for the operand."""
    key = ("used", id(site.node))
    result = site.run.tensors.get(key)
    if result is None:
        result = site.run.tensors[key] = Tensor(None, None, tensor.dtype, PLAIN)
    elif result.rank is not None and result.rank > more and tensor.rank is None:
        tensor.rank = result.rank - more
        site.run.learn("rank", site.node, tensor.rank)
    return result


@hook("squeeze")
def squeeze(site: Site) -> Fact:
    run = site.run
    tensor = site.tensor()
    if tensor is None:
        return UNKNOWN
    node = site.operand("input")
    dim = site.constant("dim", None if "dim" not in site.values else MISSING)
    result_of_open_rank = (
        _used(site, tensor, -1) if isinstance(dim, int) else Tensor(None, None, tensor.dtype)
    )
    layout = run.ask(tensor, node or site.node)
    if tensor.rank is None or dim is MISSING or dim is None:
        if isinstance(layout, tuple):
            run.want(node, tensor, PLAIN)
        if (
            dim is None
            and tensor.dims is not None
            and all(d is not None and d.value is not None for d in tensor.dims)
        ):
            kept = tuple(d for d in tensor.dims if d is not None and d.value != 1)
            return Tensor(len(kept), kept, tensor.dtype, PLAIN)
        return result_of_open_rank
    axes = {d % tensor.rank for d in (dim if isinstance(dim, tuple) else (dim,))}
    dims = tuple(d for i, d in enumerate(tensor.dims) if i not in axes) if tensor.dims is not None else None
    sizes = [tensor.dims[a] for a in axes] if tensor.dims is not None else [None]
    if not all(size is not None and size.value == 1 for size in sizes):
        # torch leaves an axis whose size is not one: the rank is only sure where the size is
        site.plan.data["size_unknown"] = True
    rank = tensor.rank - len(axes)
    if isinstance(layout, Open):
        return Tensor(rank, dims, tensor.dtype, PLAIN if rank <= 2 else Open(made_of=layout))
    site.plan.data["tensor"] = tensor
    site.plan.data["axes"] = ["dim"]
    result = reduced_layout(layout, tensor.rank, axes)
    return Tensor(rank, dims, tensor.dtype, result if result is not None else PLAIN)


@hook("expand", "repeat", "tile", "expand_as")
def expand(site: Site) -> Fact:
    """Sizes per axis are reordered; a longer size list adds axes in front, which stay in front in memory too."""
    run = site.run
    tensor = site.tensor()
    if tensor is None:
        return UNKNOWN
    node = site.operand("input")
    if "other" in site.values:
        other = site.tensor("other")
        result = broadcast(run, site.node, [site.values["input"], site.values["other"]])
        if other is None or other.rank is None:
            return result
        return Tensor(other.rank, other.dims, tensor.dtype, result.layout)
    sizes = site.sizes(site.rule.params[1].name)
    layout = run.ask(tensor, node or site.node)
    rank = len(sizes) if sizes is not None else None
    if sizes is None or tensor.rank is None or rank != tensor.rank or not layout or isinstance(layout, Open):
        if isinstance(layout, tuple):
            run.want(node, tensor, PLAIN)
        elif tensor.rank is None:
            site.plan.data.setdefault("open", set()).add("input")
        dims = _expanded(site, tensor, sizes)
        other = site.tensor("other") if "other" in site.values else None
        return Tensor(
            rank if rank is not None else (other.rank if other is not None else None),
            dims,
            tensor.dtype,
            PLAIN,
        )
    site.plan.data["order"] = order(layout, tensor.rank)
    site.plan.data["sizes"] = sizes
    return Tensor(tensor.rank, _expanded(site, tensor, sizes), tensor.dtype, layout)


def _expanded(site: Site, tensor: Tensor, sizes: Any) -> tuple[Dim | None, ...] | None:
    if sizes is None:
        return None
    wanted = [dim_of(fact) for _, fact in sizes]
    if site.rule.torch.rpartition(".")[2] == "expand":
        offset = len(wanted) - (tensor.rank or 0)
        return tuple(
            tensor.dim(i - offset) if w is not None and w.value == -1 and i >= offset else w
            for i, w in enumerate(wanted)
        )
    if tensor.dims is not None and len(wanted) == len(tensor.dims):
        return tuple(
            a * b if a is not None and b is not None else None
            for a, b in zip(tensor.dims, wanted, strict=True)
        )
    return tuple([None] * len(wanted))


@hook("split", "chunk", "unbind", "tensor_split", "split_with_sizes")
def split(site: Site) -> Fact:
    run = site.run
    tensor = site.tensor(site.rule.params[0].name)
    if tensor is None:
        return UNKNOWN
    node = site.operand(site.rule.params[0].name)
    dim = site.constant("dim")
    layout = run.ask(tensor, node or site.node)
    unbind = site.rule.torch.endswith("unbind")
    site.plan.data["tensor"] = tensor
    if tensor.rank is None or not isinstance(dim, int):
        if tensor.rank is None and is_channel_axis(layout, dim) and not unbind:
            site.plan.data["place"] = {"dim": -1}
        elif tensor.rank is None and isinstance(layout, tuple) and (dim != 0 or unbind):
            tensor = _in_torch_order(site, tensor, layout)
        elif layout != PLAIN and run.channels_last and dim != 0:
            key = "axes" if tensor.rank is not None and isinstance(layout, tuple) else "open_axes"
            site.plan.data[key] = ["dim"]
        if unbind:
            return Sequence("tuple", None, Tensor(None, None, tensor.dtype, PLAIN))
        # of unknown rank: the same object, so that what a part turns out to be holds for the whole
        part = tensor if tensor.rank is None else Tensor(tensor.rank, None, tensor.dtype, tensor.layout)
        count = site.constant("chunks") if site.rule.torch.endswith("chunk") else MISSING
        if isinstance(count, int) and count < 64:
            return Sequence("tuple", [part] * count, part)
        return Sequence("tuple", None, part)
    at = dim % tensor.rank
    if (
        unbind
        and layout
        and isinstance(layout, tuple)
        and reduced_layout(layout, tensor.rank, {at}) not in (PLAIN, (1, 1))
    ):
        run.want(node, tensor, PLAIN)
        layout = PLAIN
    elif isinstance(layout, tuple) and layout:
        site.plan.data["axes"] = ["dim"]
    if unbind:
        result: Any = PLAIN
        if isinstance(layout, tuple):
            result = reduced_layout(layout, tensor.rank, {at})
        dims = tuple(d for i, d in enumerate(tensor.dims) if i != at) if tensor.dims is not None else None
        rank = tensor.rank - 1
        part = Tensor(
            rank,
            dims,
            tensor.dtype,
            result if not isinstance(layout, Open) else (PLAIN if rank <= 2 else Open(made_of=layout)),
        )
        size = tensor.dim(at)
        count = size.value if size is not None else None
        return Sequence("tuple", [part] * count if count is not None and count < 64 else None, part)
    sizes: list[Dim | None]
    if site.rule.torch.endswith("chunk"):
        count = site.constant("chunks")
        size = tensor.dim(at)
        sizes = (
            [size / Dim(count) if size is not None else None] * count
            if isinstance(count, int) and 0 < count < 64
            else []
        )
    else:
        entries = site.sizes(site.rule.params[1].name)
        is_list = isinstance(site.fact(site.rule.params[1].name), Sequence)
        sizes = [dim_of(fact) for _, fact in entries] if entries is not None and is_list else []
    parts = []
    for size in sizes:
        dims = (
            tuple(size if i == at else d for i, d in enumerate(tensor.dims))
            if tensor.dims is not None
            else None
        )
        parts.append(Tensor(tensor.rank, dims, tensor.dtype, tensor.layout))
    if parts:
        return Sequence("tuple", list(parts), parts[0])
    dims = (
        tuple(None if i == at else d for i, d in enumerate(tensor.dims)) if tensor.dims is not None else None
    )
    return Sequence("tuple", None, Tensor(tensor.rank, dims, tensor.dtype, tensor.layout))


@hook("flip", "roll", "select", "narrow", "index_select", "repeat_interleave", "cumsum")
def along(site: Site) -> Fact:
    """Operations that keep the rank and name axes in `dim` or `dims`."""
    run = site.run
    tensor = site.tensor()
    if tensor is None:
        return UNKNOWN
    node = site.operand("input")
    name = next((p.name for p in site.rule.params if p.name in ("dim", "dims")), "dim")
    dim = site.constant(name)
    layout = run.ask(tensor, node or site.node)
    site.plan.data["tensor"] = tensor
    if name not in site.values or dim is None:
        site.plain()
        return Tensor(None, None, tensor.dtype, PLAIN)
    selects = site.rule.torch.endswith("select") and not site.rule.torch.endswith("index_select")
    if tensor.rank is None and isinstance(layout, tuple) and (dim != 0 or selects):
        tensor = _in_torch_order(site, tensor, layout)
    elif isinstance(layout, tuple) and not layout:
        pass
    elif tensor.rank is not None and isinstance(layout, tuple):
        site.plan.data["axes"] = [name]
    elif run.channels_last and not (isinstance(dim, int) and dim == 0):
        site.plan.data["open_axes"] = [name]
    if tensor.rank is None:
        return (
            Tensor(None, None, tensor.dtype, PLAIN if isinstance(layout, tuple) else Open())
            if selects
            else tensor
        )
    if selects:
        if isinstance(dim, int) and isinstance(layout, tuple):
            rank = tensor.rank
            return Tensor(rank - 1, None, tensor.dtype, reduced_layout(layout, rank, {dim % rank}) or PLAIN)
        return Tensor(tensor.rank - 1, None, tensor.dtype, PLAIN)
    same = site.rule.torch.rpartition(".")[2] in ("flip", "roll", "cumsum")
    return Tensor(tensor.rank, tensor.dims if same else None, tensor.dtype, tensor.layout)


def _in_torch_order(site: Site, tensor: Tensor, layout: Any) -> Tensor:
    """An operand of unknown rank whose axes are counted: torch's order says which one is meant at any rank."""
    node = site.operand(site.rule.params[0].name)
    if not layout or not site.run.want(node, tensor, PLAIN):
        return tensor
    return Tensor(None, None, tensor.dtype, PLAIN).with_axes_of(tensor)


@hook("size")
def size(site: Site) -> Fact:
    """x.size() and x.size(dim)."""
    run = site.run
    tensor = site.tensor()
    if tensor is None:
        return UNKNOWN
    if site.constant("dim") != 0 and id(site.node) not in run.any_order:
        run.ask(tensor, site.node)
    site.plan.op = "size"
    site.plan.data["tensor"] = tensor
    dims = run.dims(tensor, site.node)
    if not site.given("dim"):
        if dims is None:
            return Sequence("tuple", None, Python("int"), shape_of=tensor)
        return Sequence("tuple", [Python("int", d.value if d else None, d) for d in dims], shape_of=tensor)
    dim = site.constant("dim")
    if dims is not None and isinstance(dim, int) and -len(dims) <= dim < len(dims):
        found = dims[dim]
        return Python("int", found.value if found is not None else None, found)
    return Python("int", None, Dim.symbol(f"size{id(site.node)}"))


@hook("same", "contiguous", "detach", "clone", "passthrough")
def same(site: Site) -> Fact:
    """What leaves rank, sizes and layout alone."""
    tensor = site.tensor()
    if tensor is None:
        return UNKNOWN
    if tensor.rank is None and not site.rule.dtype:
        return tensor
    return Tensor(
        tensor.rank, tensor.dims, site.rule.dtype or tensor.dtype, tensor.layout, source=tensor.source
    )
