"""Elementwise operations on several tensors: the shape that they broadcast to, and the layout that they agree on."""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.dims import Dim
from transpile.infer.facts import Fact, Python, Tensor, Var, resolve
from transpile.infer.layout import BY_RANK, IMAGE, PLAIN, Open, Pair
from transpile.infer.run import Run

ONES = "ones"  # source of a tensor whose axes behind the first all have size 1, in unknown number

__all__ = ["ONES", "broadcast", "broadcast_dims", "common_layout"]


def broadcast(run: Run, node: cst.CSTNode, operands: list[tuple[cst.BaseExpression | None, Fact]]) -> Tensor:
    """The result of an elementwise operation; operands are brought to one layout."""
    tensors: list[tuple[cst.BaseExpression | None, Tensor]] = []
    others: list[Var] = []
    for operand_node, fact in operands:
        resolved = resolve(fact)
        if isinstance(resolved, Tensor):
            tensors.append((operand_node, resolved))
        elif isinstance(resolved, Var) and resolved.tensorlike:
            others.append(resolved)
    if not tensors:
        return Tensor(None, None, None, Open())
    others = _take_images(run, tensors, others)
    # (n, 1, 1, …) of any rank broadcasts beside any map, in any layout
    tensors = [(n, t) for n, t in tensors if not _fits_any_layout(t, tensors)] or tensors
    operands = [
        (n, f)
        for n, f in operands
        if not (isinstance(t := resolve(f), Tensor) and _fits_any_layout(t, tensors))
    ] or operands
    if len(tensors) == 1 and not others:
        tensor = tensors[0][1]
        if len(operands) == 1 or all(isinstance(resolve(f), (Tensor, Python)) for _, f in operands):
            if tensor.rank is None:
                return (
                    Tensor(None, None, tensor.dtype, tensor.layout) if tensor.is_parameter else _alias(tensor)
                )
            return Tensor(tensor.rank, tensor.dims, tensor.dtype, tensor.layout)
        return Tensor(tensor.rank, None, tensor.dtype, tensor.layout)
    layout = common_layout(run, tensors)
    for other in others:
        # an operand nothing is known of, beside a tensor whose rank is known
        best = max((t for _, t in tensors), key=lambda t: t.rank or 0)
        if isinstance(layout, tuple) and layout and best.rank is not None:
            other.bound = Tensor(None, None, None, layout)
            run.version += 1
    ranks = [t.rank for _, t in tensors]
    rank = (
        max((r for r in ranks if r is not None), default=None) if all(r is not None for r in ranks) else None
    )
    if rank is None and _placed_at_run_time(run, tensors):
        rank = max(r for r in ranks if r is not None)
    if rank is None and all(r is None or r <= 1 for r in ranks):
        unknown_tensors = [t for _, t in tensors if t.rank is None]
        if len(unknown_tensors) == 1:
            return _alias(unknown_tensors[0])
    dims = broadcast_dims([t for _, t in tensors], rank) if not others else None
    result = Tensor(rank, dims, tensors[0][1].dtype, layout)
    alike = len({id(tensor.like or tensor) for _, tensor in tensors}) == 1 and not others
    return result.with_axes_of(tensors[0][1]) if alike else result  # `x * torch.sigmoid(x)`


def _take_images(
    run: Run, tensors: list[tuple[cst.BaseExpression | None, Tensor]], others: list[Var]
) -> list[Var]:
    """Beside one number for each channel, (1, C, 1, 1), stands an image, if nothing else is known of it.

    What is a variable yet becomes one of the tensors; those that are left are returned.
    """
    if not run.channels_last:
        return others
    _count_axes(run, [t for _, t in tensors])
    rank = next((len(t.dims) for _, t in tensors if t.dims is not None and _is_per_channel(t)), None)
    if rank is None:
        return others
    for var in others:
        var.bound = Tensor(rank, None, None, IMAGE)
        tensors.append((None, var.bound))
        run.version += 1
    for _, tensor in tensors:
        if tensor.rank is None and isinstance(cell := run.layout(tensor), Open):
            tensor.settle_rank(rank)
            cell.settle(IMAGE)
            run.version += 1
    return []


def _count_axes(run: Run, tensors: list[Tensor]) -> None:
    """What is an image beside one number for each channel, (C, 1, 1), has an axis more than that."""
    images = [t for t in tensors if t.rank is None and run.layout(t) == IMAGE]
    weights = [len(t.dims) for t in tensors if t.dims is not None and _is_per_map(t)] if images else []
    for image in images:
        if weights:
            image.settle_rank(max(weights) + 1)
            run.version += 1


def _is_per_map(tensor: Tensor) -> bool:
    """Whether this is a weight or buffer of sizes (C, 1, 1), with a last axis more or not, in torch's order."""
    if tensor.dims is None or len(tensor.dims) not in (3, 4) or not tensor.is_parameter:
        return False
    first, *rest = tensor.dims
    ones = all(dim is not None and dim.value == 1 for dim in rest)
    return ones and (first is None or first.value != 1) and tensor.settled() == PLAIN


def _is_per_channel(tensor: Tensor) -> bool:
    """Whether this is a weight or buffer of sizes (1, C, 1, 1), with a last axis more or not, in torch's order."""
    dims = tensor.dims
    if dims is None or len(dims) not in (4, 5) or not tensor.is_parameter or tensor.settled() != PLAIN:
        return False
    ones = [dim is not None and dim.value == 1 for dim in dims]
    return dims[1] is not None and ones == [place != 1 for place in range(len(dims))]


def _placed_at_run_time(run: Run, tensors: list[tuple[cst.BaseExpression | None, Tensor]]) -> bool:
    """Whether each operand of unknown rank is placed beside an image when the output runs: it has no more axes."""
    unknown = [node for node, tensor in tensors if tensor.rank is None]
    return bool(unknown) and all(
        node is not None and id(node) in run.convert and isinstance(run.convert[id(node)][0].source, int)
        for node in unknown
    )


def _fits_any_layout(tensor: Tensor, beside: list[tuple[cst.BaseExpression | None, Tensor]]) -> bool:
    """Whether this is (n, 1, 1, …), which broadcasts beside a map of as many axes in whichever layout that has."""
    if tensor.source == ONES:
        return True
    if tensor.dims is None or len(tensor.dims) < 3 or any(d is None or d.value != 1 for d in tensor.dims[1:]):
        return False
    return all(other.rank == len(tensor.dims) for _, other in beside)


def _alias(tensor: Tensor) -> Tensor:
    """A tensor of the same unknown rank: the same object, so that what is learnt of one holds for the other."""
    return tensor


def common_layout(run: Run, tensors: list[tuple[cst.BaseExpression | None, Tensor]]) -> Any:
    """One layout for all operands of rank one and more: channels-last if any is, converting the others."""
    if not run.channels_last:
        return PLAIN
    decided: Pair | None = None
    rank = max((t.rank or 0 for _, t in tensors), default=0)
    opens: list[Open] = []
    plains: list[tuple[cst.BaseExpression | None, Tensor]] = []
    for operand_node, tensor in tensors:
        if operand_node is not None:
            run.convert.pop(id(operand_node), None)
        layout = run.layout(tensor)
        if isinstance(layout, Open):
            opens.append(layout)
        elif layout:
            if decided is None or (tensor.rank or 0) == rank:
                decided = layout
        else:
            plains.append((operand_node, tensor))
    if decided == BY_RANK and any(tensor.rank != 0 for _, tensor in plains):
        # what has another order at each rank goes back to torch's beside what has torch's at any
        for operand_node, tensor in tensors:
            if run.layout(tensor) == BY_RANK:
                run.want(operand_node, tensor, PLAIN)
        return PLAIN
    if decided == IMAGE and not rank and not opens and any(tensor.rank is None for _, tensor in plains):
        # nothing says how many axes there are: where all are in torch's order, torch's rule places them
        images = [(node, tensor) for node, tensor in tensors if run.layout(tensor) == IMAGE]
        if all(node is not None for node, _ in images):
            for node, tensor in images:
                run.want(node, tensor, PLAIN)
            return PLAIN
    if decided is not None:
        for cell in opens:
            cell.settle(decided if decided in (IMAGE, BY_RANK) or cell.fresh else PLAIN)
            run.learn("layout", next((place for place, _ in tensors if place is not None), None))
        for operand_node, tensor in tensors:
            layout = run.layout(tensor)
            if operand_node is None or (layout == decided and tensor.rank == rank):
                continue
            if tensor.rank == 0:
                continue
            if tensor.rank is None:
                if layout == decided or {layout, decided} == {BY_RANK, IMAGE}:
                    continue
                if (
                    rank and decided == IMAGE and layout == PLAIN
                ):  # what it is beside is known: placed at run time
                    run.convert[id(operand_node)] = (
                        Tensor(None, None, tensor.dtype, PLAIN, source=rank),
                        decided,
                    )
                    continue
                run.remark(
                    "LAY003", operand_node,
                    "this operand's rank is not known, so it was not brought to the channels-last order of the "
                    "other one",
                )  # fmt: skip
                continue
            if decided == IMAGE and layout == PLAIN and _beside_any_image(run, operand_node, tensor, tensors):
                continue
            if tensor.rank == rank:
                run.demand(tensor, decided)
            if tensor.rank < rank or layout != decided:
                run.convert[id(operand_node)] = (
                    Tensor(tensor.rank, tensor.dims, tensor.dtype, layout, source=rank),
                    decided,
                )
        return decided
    if opens:
        first = opens[0].root()
        for cell in opens[1:]:
            other = cell.root()
            if other is not first:
                first.absorb(other)
        if _beside_open(run, tensors, plains) or not any(_may_have_three_axes(t) for _, t in plains):
            return first
        # a plain operand of three axes and more beside an undecided one: ask
        for operand_node, tensor in tensors:
            if isinstance(run.layout(tensor), Open) and operand_node is not None:
                run.ask(tensor, operand_node)
        _beside_asked(run, tensors, plains)
        return first
    return PLAIN


def _beside_asked(
    run: Run,
    tensors: list[tuple[cst.BaseExpression | None, Tensor]],
    plains: list[tuple[cst.BaseExpression | None, Tensor]],
) -> None:
    """One number for each channel, (N, C, 1, 1), beside what is undecided: placed at run time, should it stay so."""
    name = next((name for node, _ in tensors if (name := _undecided_name(run, node)) is not None), None)
    for node, tensor in plains:
        if name is None or node is None or tensor.dims is None or len(tensor.dims) != 4:
            continue
        _, channels, *space = tensor.dims
        if all(d is not None and d.value == 1 for d in space) and (channels is None or channels.value != 1):
            run.convert[id(node)] = (Tensor(None, None, tensor.dtype, PLAIN, source=("beside", name)), IMAGE)


def _undecided_name(run: Run, node: cst.BaseExpression | None) -> str | None:
    """The name of an undecided tensor of unknown rank, or of one that an expression changes element by element."""
    if isinstance(node, cst.BinaryOperation):
        return _undecided_name(run, node.left) or _undecided_name(run, node.right)
    tensor = run.fact(node) if isinstance(node, cst.Name) else None
    if not isinstance(node, cst.Name) or not isinstance(tensor, Tensor) or tensor.rank is not None:
        return None
    return node.value if isinstance(run.layout(tensor), Open) else None


def _may_have_three_axes(tensor: Tensor) -> bool:
    """Whether a plain operand has three axes and more; of a weight of unknown rank, (C, 1, 1) is as likely as (C,)."""
    return tensor.is_parameter if tensor.rank is None else tensor.rank >= 3


def _beside_open(
    run: Run,
    tensors: list[tuple[cst.BaseExpression | None, Tensor]],
    plains: list[tuple[cst.BaseExpression | None, Tensor]],
) -> bool:
    """What stands in torch's order beside a parameter that is an image if it has four axes: placed at run time."""
    info = run.function
    known = info.by_rank if info is not None else []
    given = next((t for _, t in tensors if any(t is own for own in known)), None)
    if info is None or given is None:
        return False
    name = next((name for name, fact in info.facts.items() if resolve(fact) is given), None)
    if name is None or name in info.rebound:
        return False
    for node, tensor in plains:
        if node is not None and tensor.rank != 0:
            run.convert[id(node)] = (Tensor(None, None, tensor.dtype, PLAIN, source=("beside", name)), IMAGE)
    return True


def _beside_any_image(
    run: Run,
    node: cst.BaseExpression,
    tensor: Tensor,
    tensors: list[tuple[cst.BaseExpression | None, Tensor]],
) -> bool:
    """What is in torch's order, of fewer axes than images have, beside an image of unknown rank: placed at run time.

    Says whether it is such a case; what can be placed only by a name is left and said.
    """
    images = [place for place, other in tensors if other.rank is None and run.layout(other) == IMAGE]
    if not images or tensor.rank is None or tensor.rank > 3:
        return False
    name = next((place.value for place in images if isinstance(place, cst.Name)), None)
    if name is None:
        run.remark(
            "LAY003", node,
            "this operand was not brought to the channels-last order of the other one, whose rank is not known",
        )  # fmt: skip
    else:
        run.convert[id(node)] = (
            Tensor(None, None, tensor.dtype, PLAIN, source=("beside image", name)),
            IMAGE,
        )
    return True


def broadcast_dims(tensors: list[Tensor], rank: int | None) -> tuple[Dim | None, ...] | None:
    if rank is None:
        return None
    result: list[Dim | None] = []
    for place in range(rank):
        found: Dim | None = None
        sizes = []
        for tensor in tensors:
            offset = rank - (tensor.rank or 0)
            if place >= offset:
                sizes.append(tensor.dims[place - offset] if tensor.dims is not None else None)
        real = [s for s in sizes if s is None or s.value != 1]
        if not real:
            found = Dim(1)
        elif len(set(real)) == 1:
            found = real[0]
        else:
            known = [s for s in real if s is not None]
            numbers = [s for s in known if s.value is not None]
            found = numbers[0] if numbers else (known[0] if len(known) == len(real) else None)
        result.append(found)
    return tuple(result)
