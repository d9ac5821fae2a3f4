"""The patterns of einops: `b c (h p) w -> b (h w) c p`, split into axes and put into another order."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import islice

from transpile.infer.dims import ONE, Dim, product

__all__ = ["ELLIPSIS", "Pattern", "is_image", "reordered", "sides"]

ELLIPSIS = "..."
_AXIS = re.compile(r"\([^()]*\)|\.\.\.|…|[^\s()]+")
_CHANNELS = frozenset({"c", "ch", "channel", "channels", "C"})
_SPACE = frozenset(
    {"h", "w", "d", "f", "t", "x", "y", "z", "H", "W", "D", "height", "width", "depth", "frames"}
)


class Pattern:
    """A pattern of rearrange, repeat or reduce: the axes of what goes in and of what comes out."""

    def __init__(self, left: tuple[str, ...], right: tuple[str, ...]) -> None:
        self.left = left
        self.right = right

    @classmethod
    def parse(cls, text: str) -> Pattern | None:
        """The pattern of a text; None where it is none."""
        parts = text.split("->")
        if len(parts) != 2:
            return None
        left, right = sides(parts[0]), sides(parts[1])
        return cls(left, right) if left is not None and right is not None else None

    def rank(self, rank: int | None) -> int | None:
        """The rank of the result, given that of the operand (needed where an ellipsis stands for axes)."""
        if ELLIPSIS not in self.right:
            return len(self.right)
        if rank is None:
            return None
        return len(self.right) - 1 + rank - (len(self.left) - 1)

    def expanded(self, rank: int) -> Pattern:
        """The same with every axis named: an ellipsis, open or inside parentheses, becomes names of its own."""
        if not any(ELLIPSIS in axis for axis in (*self.left, *self.right)):
            return self
        taken = {name for axis in (*self.left, *self.right) for name in names(axis)}
        count = rank - (len(self.left) - 1)
        free = (f"e{i}" for i in range(99) if f"e{i}" not in taken)
        fresh = list(islice(free, max(count, 0)))

        def spread(axes: Sequence[str]) -> tuple[str, ...]:
            result: list[str] = []
            for axis in axes:
                if axis == ELLIPSIS:
                    result += fresh
                else:
                    result.append(axis.replace(ELLIPSIS, " ".join(fresh)))
            return tuple(result)

        return Pattern(spread(self.left), spread(self.right))

    def sizes(
        self, dims: Sequence[Dim | None] | None, given: Mapping[str, Dim | None], site: str
    ) -> tuple[Dim | None, ...]:
        """The sizes of the result; an axis of unknown size is a symbol of this place."""
        known: dict[str, Dim] = {name: dim for name, dim in given.items() if dim is not None}
        for place, axis in enumerate(self.left):
            whole = dims[place] if dims is not None and place < len(dims) else None
            parts = names(axis)
            missing = [name for name in parts if name not in known]
            if whole is not None and len(missing) == 1:
                rest = product(known[name] for name in parts if name in known)
                if rest is not None and rest.value != 0:
                    known[missing[0]] = whole / rest
        for axis in (*self.left, *self.right):
            for name in names(axis):
                known.setdefault(name, Dim.symbol(f"{site}.{name}"))
        return tuple(product(known[name] for name in names(axis)) or ONE for axis in self.right)


def sides(text: str) -> tuple[str, ...] | None:
    """The axes of one side."""
    text = text.replace("…", ELLIPSIS)
    found = tuple(_AXIS.findall(text))
    return found if "".join(found).replace(" ", "") == text.replace(" ", "") else None


def names(axis: str) -> list[str]:
    """The names in one axis: none in `1` and `()`, several in `(h w)`."""
    return [name for name in axis.strip("()").split() if not name.isdigit() and name != ELLIPSIS]


def reordered(axes: Sequence[str], order: Sequence[int]) -> str:
    """One side with its axes in another order."""
    return " ".join(axes[place] for place in order)


def is_image(axes: Sequence[str]) -> bool:
    """Whether the names say (N, C, *spatial*): `b c h w`, `b c (f pf) (h p1) (w p2)`."""
    if len(axes) not in (4, 5) or names(axes[1])[-1:] == [] or names(axes[1])[-1] not in _CHANNELS:
        return False
    return all(names(axis)[:1] and names(axis)[0] in _SPACE for axis in axes[2:])
