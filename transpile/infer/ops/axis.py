"""Operations along an axis: reductions, softmax, cumulative sums. The axis is renamed for a channels-last operand."""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.apply import MISSING, Site, elementwise, hook
from transpile.infer.broadcasting import common_layout
from transpile.infer.dims import Dim
from transpile.infer.facts import UNKNOWN, Fact, Python, Sequence, Tensor, Var, resolve
from transpile.infer.join import is_empty
from transpile.infer.layout import BY_RANK, IMAGE, PLAIN, Layout, Open, Pair, inverse, normalize, order
from transpile.infer.run import Run

__all__ = ["is_channel_axis", "reduced_layout"]


def reduced_layout(layout: Pair, rank: int, axes: set[int]) -> Pair | None:
    """The layout after logical axes are dropped; None where no layout describes the result."""
    if not layout:
        return PLAIN
    start, size = layout
    before = sum(1 for a in axes if a < start)
    inside = sum(1 for a in axes if start <= a < start + size)
    return normalize((start - before, size - inside), rank - len(axes))


@hook("axis")
def axis(site: Site) -> Fact:
    run, rule = site.run, site.rule
    tensor = site.tensor(rule.params[0].name)
    if tensor is None:
        return UNKNOWN
    node = site.operand(rule.params[0].name)
    name = next((p.name for p in rule.params if p.name in ("dim", "axis", "dims")), "dim")
    if rule.layout.startswith("axis"):
        name = rule.layout.partition(":")[2].strip() or name
    dim = site.constant(name)
    layout = run.layout(tensor)
    pair = rule.returns in ("pair", "hook:pair", "hook:max", "hook:min")
    several = pair or rule.returns == "tuple"
    reduces = rule.returns.startswith("reduce") or (several and any(p.name == "keepdim" for p in rule.params))
    if dim is None or (dim is MISSING and name not in site.values):
        # over everything: the order of axes does not matter
        if rule.torch.rpartition(".")[2].startswith("arg") and isinstance(layout, tuple):
            run.want(node, tensor, PLAIN)  # the index counts in torch's order
        if reduces:
            return _result(rule, Tensor(0, (), rule.dtype or tensor.dtype, PLAIN))
        if not isinstance(layout, Open) and layout:
            run.want(node, tensor, PLAIN)
        return _result(rule, Tensor(tensor.rank, tensor.dims, rule.dtype or tensor.dtype, PLAIN))
    if dim is MISSING or tensor.rank is None or not _inside(dim, tensor.rank):
        return _unknown_axis(site, tensor, name, dim, reduces)
    axes = {d % tensor.rank for d in (dim if isinstance(dim, tuple) else (dim,))}
    layout = run.ask(tensor, node or site.node)
    site.plan.data["tensor"] = tensor
    site.plan.data["axes"] = [name]
    keep = bool(site.constant("keepdim", False)) is True
    if isinstance(layout, Open):
        result_layout: Any = tensor.layout if keep or not reduces else Open(made_of=layout)
        if reduces and not keep and tensor.rank - len(axes) <= 2:
            result_layout = PLAIN
    elif not reduces or keep:
        result_layout = layout
    else:
        result_layout = reduced_layout(layout, tensor.rank, axes)
    dtype = rule.dtype or tensor.dtype
    if not reduces:
        kept = tensor.dims
        if pair and kept is not None:
            kept = tuple(None if i in axes else d for i, d in enumerate(kept))  # topk
        return _result(rule, Tensor(tensor.rank, kept, dtype, result_layout))
    dims = None
    if tensor.dims is not None:
        dims = tuple((Dim(1) if i in axes else d) for i, d in enumerate(tensor.dims) if keep or i not in axes)
    rank = tensor.rank if keep else tensor.rank - len(axes)
    return _result(rule, Tensor(rank, dims, dtype, result_layout))


def _inside(dim: Any, rank: int) -> bool:
    return all(isinstance(d, int) and -rank <= d < rank for d in (dim if isinstance(dim, tuple) else (dim,)))


def _unknown_axis(site: Site, tensor: Tensor, name: str, dim: Any, reduces: bool) -> Fact:
    """The axis or the rank is only known at run time."""
    run = site.run
    node = site.operand(site.rule.params[0].name)
    layout = run.ask(tensor, node or site.node)
    keep = site.constant("keepdim", False)
    stays = is_channel_axis(layout, dim) or (dim == 0 and not (reduces and keep is False))
    in_some_order = tensor.rank is None and isinstance(layout, tuple) and layout
    if in_some_order and (not stays or (layout == BY_RANK and reduces)) and run.want(node, tensor, PLAIN):
        # which axis of the memory is meant, and what order is left, only torch's own order tells at any rank
        tensor, layout = Tensor(None, None, tensor.dtype, PLAIN).with_axes_of(tensor), PLAIN
    site.plan.data["tensor"] = tensor
    if isinstance(layout, tuple) and not layout:
        pass
    elif tensor.rank is None and is_channel_axis(layout, dim):
        site.plan.data["place"] = {name: -1}
    elif tensor.rank is not None and isinstance(layout, tuple):
        site.plan.data["axes"] = [name]  # (0, 3, 1, 2)[dim]
    elif run.channels_last:
        site.plan.data["open_axes"] = [name]
    rank = None
    if tensor.rank is not None and keep is False and reduces and _count(site, name, dim) is not None:
        rank = max(tensor.rank - (_count(site, name, dim) or 0), 0)
    elif tensor.rank is not None and (keep is True or not reduces):
        rank = tensor.rank
    if not reduces and tensor.rank is None:
        return _result(
            site.rule,
            Tensor(None, None, site.rule.dtype or tensor.dtype, tensor.layout) if site.rule.dtype else tensor,
        )
    same = keep is True or not reduces
    if same and tensor.rank is None and site.rule.dtype is None:
        return _result(site.rule, tensor)
    # without its channels an image is in torch's order, however many axes it had
    ordered = layout == PLAIN or (tensor.rank is None and is_channel_axis(layout, dim))
    return _result(
        site.rule,
        Tensor(
            rank,
            None,
            site.rule.dtype or tensor.dtype,
            tensor.layout if same else PLAIN if ordered else Open(),
        ),
    )


def is_channel_axis(layout: Layout, dim: Any) -> bool:
    """Whether an axis is that of the channels, which stand last in an image however many axes it has."""
    return layout == IMAGE and dim == 1


def _count(site: Site, name: str, dim: Any) -> int | None:
    """How many axes are meant, where it is not known which."""
    if isinstance(dim, tuple):
        return len(dim)
    fact = resolve(site.fact(name) or UNKNOWN)
    return 1 if isinstance(dim, int) or (isinstance(fact, Python) and fact.type == "int") else None


def _result(rule: Any, tensor: Tensor) -> Fact:
    if rule.returns == "tuple":
        return Sequence("tuple", None, Tensor(tensor.rank, None, tensor.dtype, tensor.layout))
    if rule.returns in ("pair", "hook:pair"):
        return Sequence("tuple", [tensor, Tensor(tensor.rank, tensor.dims, "int64", tensor.layout)])
    return tensor


@hook("cat", "concat", "concatenate")
def cat(site: Site) -> Fact:
    """torch.cat(tensors, dim): all members in one layout, the axis renamed."""
    run = site.run
    name = site.rule.params[0].name
    value = site.values.get(name)
    sequence = resolve(value[1]) if value is not None and not isinstance(value, list) else UNKNOWN
    node = site.operand(name)
    members: list[tuple[Any, Tensor]] = []
    if isinstance(sequence, Var):
        element = sequence.element
        if element is None:
            element = sequence.element = Var(sequence.name + "[]", True)
        tensor = run.as_tensor(element)
        sequence.bound = Sequence("list", None, element)
        run.version += 1
        members = [(None, tensor)] if tensor is not None else []
    elif isinstance(sequence, Sequence):
        members = _member_operands(run, sequence, node)
    if run.module.makes_empty:
        site.plan.data["empty"] = True
        members = [(member, tensor) for member, tensor in members if not is_empty(tensor)]
    if not members:
        return _cat_of_unknown(site)
    layout = common_layout(run, members)
    if isinstance(layout, Open) and any(run.layout(t) == PLAIN for _, t in members):
        run.postpone()
        if not run.learning:  # nothing says more of it than what it is joined with, whose axes it shares
            layout.settle(PLAIN)
            run.learn("layout", site.node)
            layout = PLAIN
    first = next((t for _, t in members if t.rank is not None), members[0][1])
    for _, tensor in members:
        if tensor.rank is None and first.rank is not None:
            tensor.rank = first.rank
            run.learn("rank", site.node, first.rank)
    dim = site.constant("dim", 0 if "dim" not in site.values else MISSING)
    site.plan.data["tensor"] = Tensor(first.rank, None, first.dtype, layout)
    if not first.rank or dim is MISSING:
        own = run.ask(first, site.node)
        turned = isinstance(layout, tuple) and own != layout  # all members are brought to one order
        layout = layout if turned else own
        if is_channel_axis(layout, dim):
            site.plan.data["place"] = {"dim": -1}
        elif isinstance(layout, Open) or first.rank is None:
            if run.channels_last and dim != 0 and layout != PLAIN:
                site.plan.data["open_axes"] = ["dim"]
        else:
            site.plan.data["axes"] = ["dim"]
        if turned and not first.rank:
            return Tensor(None, None, first.dtype, layout).with_axes_of(first)
        return first if not first.rank else Tensor(first.rank, None, first.dtype, layout)
    run.ask(first, site.node)
    if isinstance(dim, int) and dim % first.rank != 0:
        site.plan.data["axes"] = ["dim"]
    dims: tuple[Dim | None, ...] | None = None
    if first.dims is not None:
        at = dim % first.rank
        dims = tuple(None if i == at else d for i, d in enumerate(first.dims))
    return Tensor(first.rank, dims, first.dtype, layout)


def _cat_of_unknown(site: Site) -> Tensor:
    """torch.cat of members of which nothing is known: behind axis 0 only their rank at run time says which is meant."""
    dim = site.constant("dim", 0 if "dim" not in site.values else MISSING)
    if dim == 0 or site.plan.data.get("empty") or not site.run.channels_last:
        return Tensor(None, None, None, PLAIN)
    site.plan.data["open_axes"] = ["dim"]
    return Tensor(None, None, None, Open())


def _member_operands(run: Run, sequence: Sequence, node: Any) -> list[tuple[Any, Tensor]]:
    """The tensors of a sequence; where it is written out, with their nodes, so that they can be converted."""
    members: list[tuple[Any, Tensor]] = []
    if sequence.items is not None:
        nodes: list[Any] = [None] * len(sequence.items)
        if isinstance(node, (cst.Tuple, cst.List)) and len(node.elements) == len(sequence.items):
            nodes = [None if isinstance(e, cst.StarredElement) else e.value for e in node.elements]
        for item_node, item in zip(nodes, sequence.items, strict=True):
            tensor = run.as_tensor(item) if isinstance(resolve(item), (Tensor, Var)) else None
            if tensor is not None:
                members.append((item_node, tensor))
        return members
    element = sequence.element
    if element is UNKNOWN:
        return []
    tensor = run.as_tensor(element)
    return [(None, tensor)] if tensor is not None else []


@hook("stack")
def stack(site: Site) -> Fact:
    """torch.stack: a new axis; in channels-last the place of the new axis among the others is kept logical."""
    run = site.run
    name = site.rule.params[0].name
    value = site.values.get(name)
    sequence = resolve(value[1]) if value is not None and not isinstance(value, list) else UNKNOWN
    members = _member_operands(run, sequence, site.operand(name)) if isinstance(sequence, Sequence) else []
    dim = site.constant("dim", 0 if "dim" not in site.values else MISSING)
    if not members:
        if run.channels_last and dim != 0:
            site.plan.data["members"] = "open"
        return Tensor(None, None, None, PLAIN)
    layout = common_layout(run, members)
    first = next((t for _, t in members if t.rank is not None), members[0][1])
    if (
        first.rank is None
        or not isinstance(dim, int)
        or isinstance(layout, Open)
        or not -first.rank - 1 <= dim <= first.rank
    ):
        if run.channels_last:
            run.ask(first, site.node)
            _stack_in_torch_order(site, first, layout, dim)
        rank = first.rank + 1 if first.rank is not None else None
        return Tensor(rank, None, first.dtype, PLAIN)
    rank = first.rank + 1
    at = dim % rank
    result, place = inserted(layout, first.rank, at)
    if layout:
        site.plan.data["place"] = {"dim": place}
    dims = None
    if first.dims is not None:
        dims = (
            *first.dims[:at],
            Dim(len(members)) if isinstance(sequence, Sequence) and sequence.items else None,
            *first.dims[at:],
        )
    return Tensor(rank, dims, first.dtype, result)


def _stack_in_torch_order(site: Site, first: Tensor, layout: Any, dim: Any) -> None:
    """Say how the members go back to torch's order where the new axis has no known place among theirs in memory."""
    if isinstance(layout, Open):
        if first.rank is None and dim != 0:
            site.plan.data["members"] = "open"  # by their rank at run time, with a word of warning
    elif layout and first.rank is not None:
        site.plan.data["members"] = inverse(order(layout, first.rank))
    elif layout:
        site.plan.data["members"] = "to_torch_order" if layout == BY_RANK else "channels_first"


@hook("hstack", "vstack", "dstack", "column_stack")
def stacked_by_rank(site: Site) -> Fact:
    """torch.hstack and its like: which axis they join along hangs on the rank, counted in torch's order."""
    run, name = site.run, site.rule.params[0].name
    value = site.values.get(name)
    sequence = resolve(value[1]) if value is not None and not isinstance(value, list) else UNKNOWN
    members = _member_operands(run, sequence, site.operand(name)) if isinstance(sequence, Sequence) else []
    if run.channels_last and not site.rule.torch.endswith(".vstack") and not members:
        site.plan.data["members"] = "open"
    for node, tensor in members:
        layout = run.ask(tensor, node or site.node)
        if isinstance(layout, tuple) and layout and node is not None:
            run.want(node, tensor, PLAIN)
        else:
            _stack_in_torch_order(site, tensor, layout, 0 if site.rule.torch.endswith(".vstack") else 1)
    return Tensor(None, None, members[0][1].dtype if members else None, PLAIN)


def inserted(layout: Pair, rank: int, at: int) -> tuple[Pair, int]:
    """The layout after a new logical axis at `at`, and the axis' place in memory."""
    if not layout:
        return PLAIN, at
    start, size = layout
    if at <= start:
        result: Pair = (start + 1, size)
    elif at < start + size:
        result = (start, size + 1)
    else:
        result = (start, size)
    place = order(normalize(result, rank + 1), rank + 1).index(at)
    return normalize(result, rank + 1), place


@hook("max", "min")
def extreme(site: Site) -> Fact:
    """torch.max: of everything, along an axis (values and indices), or of two tensors."""
    second = site.fact("dim")
    if site.given("other") or isinstance(second, Tensor):
        return elementwise(site)
    result = axis(site)
    if not site.given("dim") or not isinstance(result, Tensor):
        return Tensor(0, (), result.dtype if isinstance(result, Tensor) else None, PLAIN)
    return Sequence("tuple", [result, Tensor(result.rank, result.dims, "int64", result.layout)])
