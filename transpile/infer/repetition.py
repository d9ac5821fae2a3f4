"""A layer that runs any number of times, each time on what the last time gave."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from transpile.infer.apply import Operand
from transpile.infer.facts import Fact, Layer, Sequence, Tensor, resolve
from transpile.infer.join import AnyLayer
from transpile.infer.layout import Pair
from transpile.infer.run import Run
from transpile.infer.stand_ins import return_images, takes_images

__all__ = ["call_repeated"]

Call = Callable[[Run, Layer, Operand], Fact]


def call_repeated(
    run: Run,
    member: Layer,
    members: Sequence,
    current: Operand,
    key: int,
    call: Call,
    node: cst.Call | None,
) -> Fact:
    """What comes out, and one layout for what goes in the first time and what goes in later.

    `call` runs the member; `key` is an identity of the place, the same in every round; `node` is the call, if written.
    """
    first = resolve(current[1])
    entrance = run.scratch(hash((key, "first")))
    once = call(run, member, (entrance, current[1]))
    wanted = _popped(run, entrance)
    if isinstance(member, AnyLayer) and any(takes_images(choice) for choice in member.choices):
        for choice in member.choices:  # one of them hands its result to one that needs an image
            return_images(run, choice)
    if not isinstance(first, Tensor) or not isinstance(once, Tensor):
        _enter(run, current, wanted)
        return once
    later = wanted
    if wanted is not None or not _alike(run, first, once):
        again = run.scratch(hash((key, "later")))
        call(run, member, (again, once))
        later = _popped(run, again)
    entry, leave = _end(members, 0), _end(members, -1)
    layout = run.layout(first)
    for told, place in ((run.arranged, entry), (run.given_back, leave)):
        told.pop(place or 0, None)
    if _turn(run, wanted) == _turn(run, later):
        if wanted is not None and entry is not None:
            run.arranged[entry] = wanted
    elif wanted is not None and current[0] is not None:
        _enter(run, current, wanted)  # later rounds go on in the layout that this one wants
    elif entry and leave and first.rank == once.rank and isinstance(layout, tuple):
        if wanted is not None:  # each round takes and leaves the layout that came in
            run.arranged[entry] = wanted
        if run.layout(once) != layout:
            run.given_back[leave] = (once, layout)
        once = Tensor(once.rank, once.dims, once.dtype, layout)
    elif node is not None:
        run.remark(
            "LAY003", node,
            "the layers of this container take one order of axes and leave another, and nothing converts between them",
            "Write the layers where the container is made, or run them one by one.",
        )  # fmt: skip
    dims = None
    if once.dims is not None and first.dims is not None and len(once.dims) == len(first.dims):
        dims = tuple(a if a == b else None for a, b in zip(once.dims, first.dims, strict=True))
    return Tensor(once.rank, dims, once.dtype, once.layout)  # no members would hand on the input


def _turn(run: Run, wanted: tuple[Tensor, Pair] | None) -> tuple[object, Pair] | None:
    """From which layout to which."""
    return (run.layout(wanted[0]), wanted[1]) if wanted is not None else None


def _popped(run: Run, place: cst.BaseExpression) -> tuple[Tensor, Pair] | None:
    wanted = run.convert.pop(id(place), None)
    return (wanted[0], wanted[1]) if wanted is not None and isinstance(wanted[1], tuple) else None


def _enter(run: Run, current: Operand, wanted: tuple[Tensor, Pair] | None) -> None:
    """The layout of what goes in: converted where it is handed over."""
    if current[0] is None:
        return
    run.convert.pop(id(current[0]), None)
    if wanted is not None:
        run.convert[id(current[0])] = wanted


def _alike(run: Run, first: Tensor, once: Tensor) -> bool:
    return first.rank == once.rank and run.layout(first) == run.layout(once)


def _end(members: Sequence, number: int) -> int | None:
    """Where the layer is written that what goes in meets first (0), or last (-1)."""
    while members.places:
        place = members.places[number]
        if place is not None:
            return place
        layer = resolve(members.items[number] if members.items else members.element)
        if not isinstance(layer, Layer) or layer.members is None:
            break
        members = layer.members
    return None
