"""The algebra of layouts: where a block of logical (torch) axes stands in memory.

A layout is PLAIN (torch's order) or a pair (start, size): the logical axes start … start+size-1 are stored
last, all others keep their order. An image (N, C, H, W) kept as (N, H, W, C) has layout (1, 1); a view of it
that splits the channels, (N, g, C/g, H, W) kept as (N, H, W, g, C/g), has (1, 2); one image of the batch has
(0, 1). OPEN means that nothing has decided yet; an Open cell is shared by all values that must agree.
BY_RANK is the layout of a value whose rank differs between two ways to it: (1, 1) where it has four axes, PLAIN
where it has another number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

__all__ = [
    "BY_RANK",
    "IMAGE",
    "PLAIN",
    "Layout",
    "Open",
    "from_order",
    "inverse",
    "normalize",
    "order",
    "settle",
]

Pair = tuple[int, ...]
PLAIN: Pair = ()
IMAGE: Pair = (1, 1)
BY_RANK: Pair = (1, 1, 4)


class Open:
    """A layout not decided yet. Values whose layouts must be equal share one cell (by `link`)."""

    __slots__ = ("value", "parent", "fresh", "fills", "asked", "brought", "where", "made_of")

    fills_settled: ClassVar[int] = 0

    def __init__(self, fresh: bool = False, made_of: Open | None = None) -> None:
        self.value: Pair | None = None
        self.parent: Open | None = None
        self.fresh = fresh  # a constant fill: any layout is right
        self.fills = fresh  # a constant fill is among the values that share this cell
        self.brought: set[Pair] = set()  # of a parameter that leaves it open: what callers bring
        self.asked = False  # an operation needed to know
        self.where: object = None
        self.made_of = (
            made_of  # of a result: the undecided cell of its operand, whose answer answers this one
        )

    def settle(self, value: Pair) -> None:
        """Decide the layout. A constant fill was written for another one, so its function runs again."""
        self.value = value
        Open.fills_settled += self.fills

    def absorb(self, other: Open) -> None:
        """Make another root cell one with this."""
        other.parent = self
        self.asked = self.asked or other.asked
        self.fresh = self.fresh and other.fresh
        self.fills = self.fills or other.fills
        self.brought |= other.brought
        self.made_of = self.made_of if other.made_of is not None else None

    def root(self) -> Open:
        cell = self
        while cell.parent is not None:
            cell = cell.parent
        return cell


Layout = Pair | Open


def settle(layout: Layout) -> Layout:
    """The decided layout, or the root cell where it is still open."""
    if isinstance(layout, Open):
        cell = layout.root()
        return cell if cell.value is None else cell.value
    return layout


def normalize(layout: Pair, rank: int) -> Pair:
    """PLAIN for a block that already stands last or does not fit the rank."""
    if layout == BY_RANK:
        return IMAGE if rank == BY_RANK[2] else PLAIN
    if not layout or layout[1] == 0 or layout[0] + layout[1] >= rank:
        return PLAIN
    return layout


def order(layout: Pair, rank: int) -> tuple[int, ...]:
    """The logical axis at each place in memory: (0, 2, 3, 1) for an image."""
    if layout == BY_RANK:
        layout = normalize(layout, rank)
    if not layout:
        return tuple(range(rank))
    start, size = layout
    return (*range(start), *range(start + size, rank), *range(start, start + size))


def inverse(permutation: Sequence[int]) -> tuple[int, ...]:
    """The place in memory of each logical axis."""
    result = [0] * len(permutation)
    for place, axis in enumerate(permutation):
        result[axis] = place
    return tuple(result)


def from_order(permutation: Sequence[int]) -> Pair | None:
    """The layout that stores logical axes in this order, None where no layout does."""
    rank = len(permutation)
    for start in range(rank):
        for size in range(rank - start):
            candidate = normalize((start, size), rank)
            if order(candidate, rank) == tuple(permutation):
                return candidate
    return None


def conversion(source: Pair, target: Pair, rank: int) -> tuple[int, ...] | None:
    """The `perm` of tf.transpose that turns one layout into another, None where nothing moves."""
    have, want = order(source, rank), order(target, rank)
    if have == want:
        return None
    places = inverse(have)
    return tuple(places[axis] for axis in want)
