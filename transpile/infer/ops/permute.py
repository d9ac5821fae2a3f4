"""permute, transpose, movedim, T: new orders of axes. Free where the tensor's memory already has the new order."""

from __future__ import annotations

from transpile.infer.apply import MISSING, Site, constant, hook
from transpile.infer.facts import UNKNOWN, Fact, Sequence, Tensor, resolve
from transpile.infer.layout import IMAGE, PLAIN, Open, from_order, inverse, order

__all__ = ["permuted"]


def permuted(site: Site, tensor: Tensor, axes: tuple[int, ...]) -> Tensor:
    """Plan the reordering of logical axes: the layout of the result is the cheapest that its consumer accepts."""
    run, node = site.run, site.operand(site.rule.params[0].name)
    rank = len(axes)
    if tensor.rank is None and tensor.may_have(rank, run.in_an_arm):
        tensor.settle_rank(rank)
        run.learn("rank", site.node, rank)
    elif tensor.rank is None:  # in this arm alone
        tensor = Tensor(rank, None, tensor.dtype, tensor.layout)
    layout = run.ask(tensor, node or site.node)
    dims = run.dims(tensor, site.node)
    result_dims = tuple(dims[a] for a in axes) if dims is not None else None
    plan = site.plan
    plan.data["axes_order"] = axes
    run.convert.pop(id(node), None)
    if isinstance(layout, Open):
        plan.data["memory"] = tuple(axes)
        return Tensor(rank, result_dims, tensor.dtype, PLAIN)
    memory = order(layout, rank)  # logical axis at each place now
    new_logical = inverse(axes)  # old logical axis → new logical axis
    now = tuple(new_logical[a] for a in memory)  # new logical axis at each place, if nothing moves
    wanted = run.demands.get(id(site.node))
    free = from_order(now) if run.channels_last else (PLAIN if now == tuple(range(rank)) else None)
    if wanted is not None and run.channels_last:
        target = wanted
    elif free is not None and (free == PLAIN or layout or (free == IMAGE and rank in (4, 5))):
        target = free  # N, *spatial, C that is given torch's order most likely is an image
    elif layout and _within_block(layout, axes):
        target = layout
    else:
        target = PLAIN
    goal = order(target, rank)
    places = inverse(now)
    moves = tuple(places[a] for a in goal)
    plan.data["memory"] = moves
    plan.data["identity"] = moves == tuple(range(rank))
    plan.data["demand"] = id(site.node)
    plan.data["maker"] = run.function
    return Tensor(rank, result_dims, tensor.dtype, target, source=plan if run.channels_last else None)


def _within_block(layout: tuple[int, ...], axes: tuple[int, ...]) -> bool:
    """Whether only channels move among channels: a shuffle."""
    start, size = layout
    block = range(start, start + size)
    return all((axis in block) == (place in block) for place, axis in enumerate(axes)) and all(
        axis == place for place, axis in enumerate(axes) if place not in block
    )


@hook("permute")
def permute(site: Site) -> Fact:
    tensor = site.tensor()
    if tensor is None:
        return UNKNOWN
    name = site.rule.params[1].name
    value = site.values.get(name)
    entries = value if isinstance(value, list) else [value] if value is not None else []
    if len(entries) == 1 and isinstance(resolve(entries[0][1]), Sequence):
        axes = constant(entries[0][1])
    else:
        axes = tuple(constant(fact) for _, fact in entries)
    if axes is MISSING or MISSING in axes or not all(isinstance(a, int) for a in axes):
        site.plain()
        return Tensor(tensor.rank, None, tensor.dtype, PLAIN)
    rank = len(axes)
    if tensor.rank not in (
        None,
        rank,
    ):  # another rank than was inferred: torch would refuse it, or we are wrong
        site.plain()
        return Tensor(rank, None, tensor.dtype, PLAIN)
    return permuted(site, tensor, tuple(a % rank for a in axes))


@hook("transpose", "swapaxes", "swapdims")
def transpose(site: Site) -> Fact:
    tensor = site.tensor()
    if tensor is None:
        return UNKNOWN
    first, second = site.constant(site.rule.params[1].name), site.constant(site.rule.params[2].name)
    if tensor.rank is None or not isinstance(first, int) or not isinstance(second, int):
        site.plan.data["swap_unknown"] = True
        layout = site.run.ask(tensor, site.operand("input") or site.node)
        if isinstance(layout, tuple):
            site.plain()
        elif tensor.rank is None:
            site.plan.data.setdefault("open", set()).add("input")
        return Tensor(tensor.rank, None, tensor.dtype, PLAIN)
    axes = list(range(tensor.rank))
    first, second = first % tensor.rank, second % tensor.rank
    axes[first], axes[second] = axes[second], axes[first]
    return permuted(site, tensor, tuple(axes))


@hook("t", "T", "mT", "H", "mH", "adjoint")
def turned(site: Site) -> Fact:
    tensor = site.tensor()
    if tensor is None:
        return UNKNOWN
    site.plain()
    dims = None
    if tensor.dims is not None and tensor.rank == 2:
        dims = (tensor.dims[1], tensor.dims[0])
    return Tensor(tensor.rank, dims, tensor.dtype, PLAIN)


@hook("movedim", "moveaxis")
def movedim(site: Site) -> Fact:
    tensor = site.tensor()
    if tensor is None:
        return UNKNOWN
    source, target = site.constant("source"), site.constant("destination")
    if tensor.rank is None or not isinstance(source, int) or not isinstance(target, int):
        site.plain()
        return Tensor(tensor.rank, None, tensor.dtype, PLAIN)
    axes = list(range(tensor.rank))
    axes.remove(source % tensor.rank)
    axes.insert(target % tensor.rank, source % tensor.rank)
    return permuted(site, tensor, tuple(axes))
