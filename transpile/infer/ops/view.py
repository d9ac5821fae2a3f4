"""view, reshape, flatten: which target axes come from which source axes, and whether channels stay apart from space.

With the symbolic sizes of source and target, both are cut into the same number of groups of equal product. If no
group mixes the batch, channel and space blocks of a channels-last tensor, one reshape in its own order does it;
otherwise the tensor goes back to torch's order first. `flatten` is proven the same way.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import libcst as cst

from transpile.infer.apply import MISSING, Operand, Site, hook
from transpile.infer.dims import ONE, Dim, product
from transpile.infer.facts import UNKNOWN, Fact, Python, Tensor, resolve
from transpile.infer.layout import IMAGE, PLAIN, Open, Pair, from_order, normalize, order
from transpile.infer.operators import dim_of
from transpile.infer.plans import Plan

__all__ = ["group", "reshaped"]

Group = tuple[tuple[int, ...], tuple[int, ...]]


@hook("view", "reshape")
def view(site: Site) -> Fact:
    tensor = site.tensor()
    if tensor is None:
        return UNKNOWN
    name = site.rule.params[1].name
    sizes = site.sizes(name)
    if sizes is not None and site.run.layout(tensor) != PLAIN and _unpacks_twice(site.node):
        sizes = None
    if sizes is None:
        # x.view(shape): the target is not written out
        value = site.values.get(name)
        only = resolve(value[0][1] if isinstance(value, list) else value[1]) if value else UNKNOWN
        if isinstance(only, Python) and only.type == "dtype":
            site.plan.op = "left"
            site.plan.data["reason"] = "view as another dtype"
        site.plain()
        return Tensor(None, None, tensor.dtype, PLAIN, is_parameter=tensor.is_parameter)
    targets = [_target(fact) for _, fact in sizes]
    return reshaped(site, tensor, targets, sizes)


def _unpacks_twice(node: cst.BaseExpression) -> bool:
    """`x.view(*a, *b)`: sizes that cannot be written one by one."""
    given = (
        [argument for argument in node.args if argument.keyword is None] if isinstance(node, cst.Call) else []
    )
    starred = [argument.value for argument in given if argument.star == "*"]
    for argument in given:
        if isinstance(argument.value, (cst.Tuple, cst.List)):
            starred += [e.value for e in argument.value.elements if isinstance(e, cst.StarredElement)]
    return len(starred) > 1


def _target(fact: Fact) -> Dim | None:
    return dim_of(fact)


def reshaped(site: Site, tensor: Tensor, targets: list[Dim | None], sizes: list[Operand]) -> Fact:
    """Plan the reshape of `tensor` to `targets` (-1 once); the fact of the result."""
    run, node = site.run, site.operand(site.rule.params[0].name)
    rank = len(targets)
    dims = run.dims(tensor, site.node) if tensor.rank is not None else None
    hole = [i for i, d in enumerate(targets) if d is not None and d.value == -1]
    total = product(dims) if dims is not None else None
    solved = list(targets)
    if len(hole) == 1:
        rest = product(d for i, d in enumerate(targets) if i != hole[0])
        solved[hole[0]] = total / rest if total is not None and rest is not None and rest.value != 0 else None
    result_dims = tuple(solved)
    site.plan.data["sizes"] = sizes
    # the first axis stays: what -1 stands for is known where the sizes behind it are
    lead = tensor.first()
    site.plan.data["rest"] = bool(
        len(hole) == 1 and hole[0] and lead is not None and lead.value is None and targets[0] == lead
    )
    layout = run.ask(tensor, node or site.node)
    if not run.channels_last or layout == PLAIN:
        _demanded(site, tensor, dims, solved)
        if run.channels_last and rank in (4, 5) and all(d is not None and d.value == 1 for d in solved[2:]):
            # (N, C) → (N, C, 1, 1): the same memory as (N, 1, 1, C)
            site.plan.data["order"] = order(IMAGE, rank)
            return Tensor(rank, result_dims, tensor.dtype, IMAGE)
        return Tensor(rank, result_dims, tensor.dtype, PLAIN)
    if isinstance(layout, Open) or dims is None:
        if layout != PLAIN and tensor.rank is None:
            if not isinstance(layout, tuple) or not run.want(node, tensor, PLAIN):
                site.plan.data.setdefault("open", set()).add(site.rule.params[0].name)
            return Tensor(rank, result_dims, tensor.dtype, PLAIN)
        cell = layout if isinstance(layout, Open) else None
        return Tensor(rank, result_dims, tensor.dtype, Open(made_of=cell))
    outcome = kept_apart(dims, solved, layout)
    if outcome is None or (rank <= 2 and outcome[0] != PLAIN):  # a matrix has no channels to keep behind
        run.want(node, tensor, PLAIN)
        site.plan.data["to_plain"] = True
        return Tensor(rank, result_dims, tensor.dtype, PLAIN)
    result, permutation = outcome
    run.convert.pop(id(node), None)
    site.plan.data["order"] = permutation
    return Tensor(rank, result_dims, tensor.dtype, result)


def _demanded(site: Site, tensor: Tensor, dims: Any, solved: list[Dim | None]) -> None:
    """A plain operand that comes straight from a permute: let the permute give the layout that makes an image."""
    run = site.run
    source = tensor.source
    if not run.channels_last or not isinstance(source, Plan) or "demand" not in source.data or dims is None:
        return
    rank = len(solved)
    if rank not in (4, 5) or tensor.rank is None:
        return
    if rank == 5 and not run.module.uses_volumes:
        return
    for size in range(1, tensor.rank - 1):
        outcome = kept_apart(dims, solved, (1, size))
        if outcome is not None and normalize(outcome[0], rank) == IMAGE:
            key = source.data["demand"]
            if key not in run.demands:
                run.demands[key] = (1, size)
                run.version += 1
            return


def kept_apart(
    dims: tuple[Dim | None, ...], targets: list[Dim | None], layout: Pair
) -> tuple[Pair, tuple[int, ...]] | None:
    """The layout of the result and the order of its sizes in memory, if no group mixes blocks; else None."""
    groups = group(dims, targets)
    if groups is None:
        return None
    start, size = layout
    blocks: list[tuple[str, tuple[int, ...]]] = []
    for sources, outs in groups:
        kinds = {
            "channel" if start <= i < start + size else ("before" if i < start else "after") for i in sources
        }
        if len(kinds) > 1:
            return None
        blocks.append((kinds.pop() if kinds else "", outs))
    # groups without a source (sizes of one) go with what stands before them
    channel: list[int] = []
    others: list[int] = []
    current = "before"
    for kind, outs in blocks:
        current = kind or current
        (channel if current == "channel" else others).extend(outs)
    permutation = tuple(others + channel)
    result = from_order(permutation)
    if result is None:
        return None
    return result, permutation


def group(dims: tuple[Dim | None, ...], targets: list[Dim | None]) -> list[Group] | None:
    """Cut source and target axes into groups of equal product; None where the sizes prove no finer cut.

    Axes of size one belong to no source group. One group may hold unknown sizes.
    """
    sources = [i for i, d in enumerate(dims) if d is None or d.value != 1]
    outs = [j for j, d in enumerate(targets) if d is None or d.value != 1]
    left = _cuts([dims[i] for i in sources], [targets[j] for j in outs])
    right = [
        (len(sources) - a, len(outs) - b)
        for a, b in _cuts([dims[i] for i in reversed(sources)], [targets[j] for j in reversed(outs)])
    ]
    cuts = sorted({(0, 0), (len(sources), len(outs)), *left, *right})
    for (a, b), (c, d) in pairwise(cuts):
        if c < a or d < b:
            return None
    groups: list[Group] = []
    for (a, b), (c, d) in pairwise(cuts):
        groups.append((tuple(sources[a:c]), tuple(outs[b:d])))
    # put the target axes of size one back in their places
    result: list[Group] = []
    position = 0
    for source_axes, out_axes in groups:
        first = out_axes[0] if out_axes else position
        while position < first:
            result.append(((), (position,)))
            position += 1
        if out_axes:
            axes = tuple(range(out_axes[0], out_axes[-1] + 1))
            position = out_axes[-1] + 1
            result.append((source_axes, axes))
        elif source_axes:
            return None
    while position < len(targets):
        result.append(((), (position,)))
        position += 1
    return result


def _cuts(first: list[Dim | None], second: list[Dim | None]) -> list[tuple[int, int]]:
    """Places up to which the products from the left are equal; stops at the first unknown size of each side."""
    left = _prefixes(first)
    right = _prefixes(second)
    return [(a, b) for a, p in enumerate(left) for b, q in enumerate(right) if p == q]


def _prefixes(dims: list[Dim | None]) -> list[Dim]:
    result = [ONE]
    for dim in dims:
        if dim is None:
            break
        result.append(result[-1] * dim)
    return result


@hook("flatten")
def flatten(site: Site) -> Fact:
    """x.flatten(start, end): a reshape whose target is known from the source."""
    run = site.run
    tensor = site.tensor()
    if tensor is None:
        return UNKNOWN
    node = site.operand("input")
    start, end = site.constant("start_dim"), site.constant("end_dim")
    layout = run.ask(tensor, node or site.node)
    if tensor.rank is None or not isinstance(start, int) or not isinstance(end, int):
        if start == 1 and end == -1:
            rank: int | None = 2
        else:
            rank = 1 if start == 0 and end == -1 else None
        if layout != PLAIN and not (isinstance(layout, tuple) and run.want(node, tensor, PLAIN)):
            site.plan.data.setdefault("open", set()).add("input")
        return Tensor(rank, None, tensor.dtype, PLAIN)
    dims = run.dims(tensor, site.node)
    assert dims is not None
    first, last = start % tensor.rank, end % tensor.rank
    merged = (*dims[:first], product(dims[first : last + 1]), *dims[last + 1 :])
    if isinstance(layout, Open):
        return Tensor(len(merged), merged, tensor.dtype, PLAIN if len(merged) <= 2 else Open(made_of=layout))
    if not layout:
        return Tensor(len(merged), merged, tensor.dtype, PLAIN)
    outcome = kept_apart(dims, list(merged), layout)
    if outcome is None or (len(merged) <= 2 and outcome[0] != PLAIN):
        run.want(node, tensor, PLAIN)
        return Tensor(len(merged), merged, tensor.dtype, PLAIN)
    run.convert.pop(id(node), None)
    places = order(layout, tensor.rank)
    # the axes that are merged, in memory: contiguous, since no group mixes blocks
    inside = [places.index(axis) for axis in range(first, last + 1)]
    ones = [d for d in dims[first : last + 1] if d is not None and d.value == 1]
    moved = sorted(inside)
    if moved != list(range(moved[0], moved[-1] + 1)) or (
        len(ones) < len(inside) and inside != moved and len(inside) - len(ones) > 1
    ):
        run.want(node, tensor, PLAIN)
        return Tensor(len(merged), merged, tensor.dtype, PLAIN)
    # what stays in memory keeps its place, an axis of size 1 too
    kept = [axis for axis in order(layout, tensor.rank) if axis == first or not first < axis <= last]
    result = from_order([axis if axis <= first else axis - (last - first) for axis in kept])
    if result is None or (len(merged) <= 2 and result != PLAIN):
        run.want(node, tensor, PLAIN)
        return Tensor(len(merged), merged, tensor.dtype, PLAIN)
    site.plan.data["span"] = (moved[0], moved[-1])
    return Tensor(len(merged), merged, tensor.dtype, result)


@hook("unflatten")
def unflatten(site: Site) -> Fact:
    """x.unflatten(dim, sizes): one axis becomes several; the others keep their places."""
    tensor = site.tensor()
    if tensor is None:
        return UNKNOWN
    sizes = site.sizes("sizes") if "sizes" in site.values else site.sizes("unflattened_size")
    dim = site.constant("dim")
    site.plain()
    if tensor.rank is None or sizes is None or dim is MISSING:
        return Tensor(None, None, tensor.dtype, PLAIN)
    return Tensor(tensor.rank + len(sizes) - 1, None, tensor.dtype, PLAIN)
