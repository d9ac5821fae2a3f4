"""Whether two runs of a body have made the same: facts compared, and kept as they are now."""

from __future__ import annotations

from transpile.infer.facts import UNKNOWN, Dict, Fact, Layer, Python, Self, Sequence, Tensor, resolve
from transpile.infer.layout import Open, settle

__all__ = ["as_it_stands", "same"]

NESTED = 8  # a list may hold itself
STILL_OPEN = Open()  # what was open then, whatever has become of it


def as_it_stands(fact: Fact, depth: int = 0) -> Fact:
    """A fact as it is now: the body goes on to fill the container, and uses to settle the tensor, that it has made."""
    fact = resolve(fact)
    if depth > NESTED:
        return fact
    if isinstance(fact, Tensor):
        layout = settle(fact.layout)
        return Tensor(fact.rank, fact.dims, fact.dtype, STILL_OPEN if isinstance(layout, Open) else layout)
    if isinstance(fact, Sequence):
        items = None if fact.items is None else [as_it_stands(item, depth + 1) for item in fact.items]
        return Sequence(fact.type, items, as_it_stands(fact.element, depth + 1))
    if isinstance(fact, Dict):
        entries = {name: as_it_stands(entry, depth + 1) for name, entry in fact.entries.items()}
        return Dict(as_it_stands(fact.value, depth + 1), entries, fact.empty)
    if isinstance(fact, Layer) and not isinstance(fact, Self) and fact.members is not None:
        members = as_it_stands(fact.members, depth + 1)
        assert isinstance(members, Sequence)
        return Layer(fact.name, fact.info, members, fact.arguments)
    return fact


def same(left: Fact, right: Fact, *, still_open: bool = False) -> bool:
    """Whether two facts say the same; with `still_open`, also where each leaves another layout undecided."""
    left, right = resolve(left), resolve(right)
    if left is right:
        return True
    if type(left) is not type(right):
        return False
    if isinstance(left, Tensor) and isinstance(right, Tensor):
        return (
            left.rank == right.rank
            and left.dims == right.dims
            and left.dtype == right.dtype
            and _same_layout(left, right, still_open)
        )
    if isinstance(left, Sequence) and isinstance(right, Sequence):
        if (left.items is None) != (right.items is None) or left.type != right.type:
            return False
        if left.items is not None and right.items is not None:
            return len(left.items) == len(right.items) and all(
                same(a, b, still_open=still_open) for a, b in zip(left.items, right.items, strict=True)
            )
        return same(left.element, right.element, still_open=still_open)
    if isinstance(left, Python) and isinstance(right, Python):
        return left.type == right.type and left.value == right.value and left.dim == right.dim
    if isinstance(left, Self):
        return True
    if isinstance(left, Layer) and isinstance(right, Layer) and (left.members or right.members):
        both = left.members is not None and right.members is not None
        return both and repr(left) == repr(right) and same(left.members or UNKNOWN, right.members or UNKNOWN)
    return repr(left) == repr(right)


def _same_layout(left: Tensor, right: Tensor, still_open: bool) -> bool:
    one, other = settle(left.layout), settle(right.layout)
    return one == other or (still_open and isinstance(one, Open) and isinstance(other, Open))
