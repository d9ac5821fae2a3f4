"""Which names of a function may share memory in torch, and which still hold the old value after a change in place.

In torch a view and a second name change with the tensor that they were taken from. In the output a change in place
binds one name anew; every other name of the same memory goes on holding what was there before, which is wrong where it
is read again.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import libcst as cst

__all__ = ["Memory", "Part", "key_of", "region_of"]

Region = tuple[tuple[object, object], ...]  # by place in the subscript: a number, or the ends of a slice
Part = tuple[int, Region]  # a piece of memory, and what of it; () is the whole
BEYOND = 1 << 62


class Memory:
    """What the names share at one point of a function."""

    def __init__(self, say: Callable[[cst.CSTNode, str, str], None]) -> None:
        self.say = say  # told of (the change, the name that was changed, the name that is read behind it)
        self.fresh = count()
        self.shared: dict[str, frozenset[Part]] = {}
        self.stale: dict[str, dict[int, tuple[cst.CSTNode, str]]] = {}

    def copy(self) -> Memory:
        """The same state, for one arm of a branch."""
        other = Memory(self.say)
        other.fresh, other.shared = self.fresh, dict(self.shared)
        other.stale = {name: dict(changes) for name, changes in self.stale.items()}
        return other

    def join(self, others: list[Memory]) -> None:
        """Become what holds behind several arms: a name may share what it shares in any."""
        self.shared, self.stale = {}, {}
        for other in others:
            for name, parts in other.shared.items():
                self.shared[name] = self.shared.get(name, frozenset()) | parts
            for name, changes in other.stale.items():
                self.stale.setdefault(name, {}).update(changes)

    def read(self, name: str) -> frozenset[Part]:
        """What a name shares; whoever reads it behind a change that it does not show is told of."""
        for node, changed in self.stale.get(name, {}).values():
            self.say(node, changed, name)
        if name not in self.shared:
            self.shared[name] = self.new()
        return self.shared[name]

    def new(self) -> frozenset[Part]:
        """Memory that nothing else shares."""
        return frozenset({(next(self.fresh), ())})

    def bind(self, name: str, parts: frozenset[Part]) -> None:
        """Give a name another value; what stands below it (`self.x` of `self`) is forgotten."""
        for other in [n for n in self.shared if n == name or n.startswith(f"{name}.")]:
            del self.shared[other]
            self.stale.pop(other, None)
        self.shared[name] = parts or self.new()

    def change(self, node: cst.CSTNode, parts: frozenset[Part], shown: str, kept: str | None) -> None:
        """A change in place: every name of this memory but the one that is bound anew holds the old value."""
        for name, own in self.shared.items():
            if name != kept and any(_meet(a, b) for a in own for b in parts):
                self.stale.setdefault(name, {})[id(node)] = node, shown
        if kept is not None:
            self.stale.pop(kept, None)


def _meet(a: Part, b: Part) -> bool:
    """Whether two parts may have an element in common."""
    if a[0] != b[0]:
        return False
    places = dict(a[1])
    return not any(place in places and _apart(places[place], other) for place, other in b[1])


def _apart(a: object, b: object) -> bool:
    first, second = (x if isinstance(x, tuple) else (x, x + 1) for x in (a, b) if isinstance(x, (int, tuple)))
    return first[1] <= second[0] or second[1] <= first[0]  # type: ignore[no-any-return]


def region_of(node: cst.Subscript) -> Region:
    """What numbers and slices of numbers say of the part that a subscript takes; counted from the front alone."""
    found: list[tuple[object, object]] = []
    for place, element in enumerate(node.slice):
        inner = element.slice
        if isinstance(inner, cst.Slice):
            low = 0 if inner.lower is None else _number(inner.lower)
            high = BEYOND if inner.upper is None else _number(inner.upper)
            if low is not None and high is not None and inner.step is None:
                found.append((place, (low, high)))
        elif isinstance(inner, cst.Index):
            if isinstance(inner.value, (cst.Ellipsis, cst.Name)):
                break  # a name may be None or a tuple: what stands behind it has another place
            if (number := _number(inner.value)) is not None:
                found.append((place, number))
    return tuple(found)


def _number(node: cst.BaseExpression) -> int | None:
    return int(node.value) if isinstance(node, cst.Integer) and node.value.isdigit() else None


def key_of(node: cst.BaseExpression) -> str | None:
    """`x`, `self.state`: what a statement may bind anew; None for other expressions."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        owner = key_of(node.value)
        return None if owner is None else f"{owner}.{node.attr.value}"
    return None
