"""What a list is made of, in order: items, groups that a loop repeats, and arms that a branch chooses from.

`layers.append(a)` before, in and after a loop gives `a b* c`; what is put in at a place is put there once, for all
rounds of the loop. A container that is made of such a list runs its members in that order.
"""

from __future__ import annotations

from collections.abc import Iterable

from transpile.infer.facts import Fact, Layer, Sequence
from transpile.infer.join import AnyLayer, join

__all__ = ["SEQUENTIAL", "Group", "Path", "insert", "members"]

SEQUENTIAL = "torch.nn.Sequential"
Path = tuple[tuple[str, int], ...]


class Group:
    """Entries by the place where they are written: facts of single items, and groups."""

    def __init__(self, kind: str = "") -> None:
        self.kind = kind  # "" for the list itself, then loop, branch, arm
        self.entries: dict[int, Fact | Group] = {}

    @property
    def is_flat(self) -> bool:
        """Whether there are single items only."""
        return not any(isinstance(entry, Group) for entry in self.entries.values())

    def at(self, path: Path) -> Group:
        """The group inside these loops and branches."""
        group = self
        for kind, place in path:
            inner = group.entries.get(place)
            if not isinstance(inner, Group):
                inner = group.entries[place] = Group(kind)
            group = inner
        return group

    def __repr__(self) -> str:
        return f"{self.kind}({', '.join(map(repr, self.entries.values()))})"


def insert(group: Group, path: Path, items: Iterable[tuple[int, Fact]]) -> None:
    """Add items, each with its place, inside the loops and branches of a path."""
    group = group.at(path)
    for place, fact in items:
        known = group.entries.get(place)
        group.entries[place] = join(known, fact) if isinstance(known, Fact) else fact


def _repeated(fact: Fact, place: int | None, site: int) -> Layer:
    """Any number of one layer after another."""
    inner = Sequence("list", None, fact)
    inner.places = [place] if place is not None else None
    layer = Layer(SEQUENTIAL, None, inner)
    layer.site = site
    return layer


def members(group: Group) -> Sequence:
    """The entries as members that run one after the other; a loop is one member, and so is a branch."""
    facts: list[Fact] = []
    for place, entry in group.entries.items():
        facts.append(_member(place, entry) if isinstance(entry, Group) else entry)
    result = Sequence("list", facts)
    # what a loop or a branch is made of is told each where it is written
    result.places = [None if isinstance(e, Group) else place for place, e in group.entries.items()]
    return result


def _member(place: int, group: Group) -> Fact:
    if group.kind == "branch":
        arms = [_whole(key, arm) for key, arm in group.entries.items() if isinstance(arm, Group)]
        if len(arms) == 1:
            return _repeated(*arms[0], place)
        known = [fact for fact, _ in arms if isinstance(fact, Layer)]
        return _repeated(AnyLayer(known), None, place)
    return _repeated(*_whole(place, group), place)


def _whole(place: int, group: Group) -> tuple[Fact, int | None]:
    """A group as one layer; the only one that it has, and where that is written."""
    if len(group.entries) == 1:
        ((only, entry),) = group.entries.items()
        return (_member(only, entry), None) if isinstance(entry, Group) else (entry, only)
    layer = Layer(SEQUENTIAL, None, members(group))
    layer.site = place
    return layer, None
