"""Containers of layers: which one a class is, and what it holds."""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.apply import Operand
from transpile.infer.contents import SEQUENTIAL, Group, Path, insert, members
from transpile.infer.facts import UNKNOWN, Dict, Fact, Layer, Sequence, Var, resolve
from transpile.infer.join import join
from transpile.infer.run import Run

__all__ = [
    "container_kind",
    "extend",
    "grow",
    "hold_any",
    "hold_attribute",
    "members_of",
    "own_members",
    "put_last",
]

CONTAINERS = ("torch.nn.Sequential", "torch.nn.ModuleList", "torch.nn.ModuleDict", "torch.nn.ParameterList",
              "torch.nn.ParameterDict")  # fmt: skip


def container_kind(name: str, info: Any = None) -> str | None:
    """The torch container that a class is or derives from."""
    if name in CONTAINERS:
        return name
    if info is not None:
        return next((b for b in info.torch_bases() if b in CONTAINERS), None)
    return None


def members_of(
    run: Run,
    node: cst.Call,
    name: str,
    positional: list[Operand],
    starred: bool,
) -> Sequence:
    """What a container holds."""
    if name in ("torch.nn.ModuleDict", "torch.nn.ParameterDict"):
        value: Fact = UNKNOWN
        if positional:
            inner = resolve(positional[0][1])
            value = (
                inner.value
                if isinstance(inner, Dict)
                else inner.any() if isinstance(inner, Sequence) else UNKNOWN
            )
        return Sequence("list", None, value)
    if name in ("torch.nn.ModuleList", "torch.nn.ParameterList"):
        inner = resolve(positional[0][1]) if positional else Sequence("list", [])
        if isinstance(inner, Sequence):
            return Sequence("list", inner.items, inner.element)
        return Sequence("list", None, UNKNOWN)
    given = _in_order(run, node, positional, starred)
    given.made_in = (run.function, tuple(run.within))
    return given


def _in_order(run: Run, node: cst.Call, positional: list[Operand], starred: bool) -> Sequence:
    """The members that a Sequential is made with."""
    if starred:
        return _spread(run, node)
    if len(positional) == 1:
        inner = resolve(positional[0][1])
        if isinstance(inner, Sequence) and inner.type == "ordered":
            named = Sequence("list", inner.items, inner.element)
            named.places = inner.places
            return named
        if isinstance(inner, Dict):
            return Sequence("list", None, inner.value)
    given = Sequence("list", [fact for _, fact in positional])
    given.places = [id(operand) for operand, _ in positional]
    return given


def _spread(run: Run, node: cst.Call) -> Sequence:
    """Members of which some come from lists: `Sequential(a, *layers, b)`."""
    whole = Group()
    merged: Fact | None = None
    for arg in node.args:
        fact = resolve(run.facts.get(id(arg.value), UNKNOWN))
        if arg.star and not isinstance(fact, Sequence):
            fact = Sequence("list", None, run.var(("item", id(arg)), f"member{id(arg)}"))
        if isinstance(fact, Sequence) and arg.star:
            _insert_all(run, whole, (), arg.value, fact)
            fact = fact.any()
        else:
            insert(whole, (), [(id(arg.value), fact)])
        merged = fact if merged is None else join(merged, fact)
    if whole.is_flat:
        return members(whole)
    result = Sequence("list", None, merged if merged is not None else UNKNOWN)
    result.content = whole
    return result


def _insert_all(run: Run, group: Group, path: Path, node: cst.BaseExpression, fact: Sequence) -> None:
    """Put what a list holds into a group, where `*fact` or `extend(fact)` is written."""
    once = _written_once(run, fact)
    if once is not None:
        insert(group, (*path, ("loop", id(node))), [(once, fact.any())])
    elif fact.items is not None:
        insert(group, path, zip(_places(fact, id(node)), fact.items, strict=True))
    elif isinstance(fact.content, Group):
        group.at(path).entries.update(fact.content.entries)
    else:
        insert(group, (*path, ("loop", id(node))), [(hash((id(node), "item")), fact.any())])


def _written_once(run: Run, fact: Sequence) -> int | None:
    """The expression that makes all layers of a list: it can tell all of them the same, and no other place can."""
    if fact.items is None:
        return fact.places[0] if fact.places and fact.content is None else None
    layers = all(isinstance(resolve(item), Layer) for item in fact.items)
    written = {run.written_at.get(place or 0) for place in fact.places or ()} if layers else set()
    return written.pop() if len(written) == 1 and len(fact.places or ()) == len(fact.items) else None


def _path(run: Run, owner: Sequence) -> Path | None:
    """The loops and branches inside which a list is changed, seen from where it is made; None if that is elsewhere."""
    function, outer = owner.made_in if owner.made_in is not None else (None, ())
    if function is not run.function or owner.made_in is None or tuple(run.within[: len(outer)]) != outer:
        return None
    return tuple(run.within[len(outer) :])


def grow(run: Run, owner: Sequence, items: list[tuple[int, Fact]]) -> None:
    """Put items at the end of a list: surely and once, or inside the loops and branches that are under way."""
    path = _path(run, owner)
    if path == () and owner.items is not None:
        put_last(owner, owner.items, items)
        return
    _loosen(owner, path)
    if owner.content is not None and path is not None:
        insert(owner.content, path, items)
    for _, fact in items:
        owner.element = fact if owner.element is UNKNOWN else join(owner.element, fact)


def hold_attribute(run: Run, owner: Layer, name: str, fact: Fact, value: cst.BaseExpression | None) -> None:
    """`self.conv = nn.Conv2d(...)` in the constructor of an nn.Sequential: its next member, as by add_module."""
    held = own_members(owner)
    if owner.info is None or held is None or value is None or container_kind("", owner.info) != SEQUENTIAL:
        return
    layer = resolve(fact)
    made_here = held.made_in is not None and held.made_in[0] is run.function
    may_be_one = isinstance(layer, Layer) or (isinstance(value, cst.Call) and isinstance(layer, Var))
    if not made_here or not may_be_one:
        return
    earlier = run.member_places.get((owner.info, name))
    places = _places(held)
    if held.items is not None and earlier in places:  # what is stored once more takes the place that it has
        at = places.index(earlier)
        places[at], held.items[at] = id(value), fact
        held.places = list(places)
    elif held.items is None and len(owner.info.sites.get(name, ())) > 1 and not run.within:
        _loosen(held, None)
        held.element = join(held.element, fact)
    else:
        grow(run, held, [(id(value), fact)])
    run.member_places[owner.info, name] = id(value)
    if ("last", id(value), None) not in run.learnt:
        run.learn("last", value)
        run.stored_anew(owner.info)


def hold_any(run: Run, held: Sequence, fact: Fact, node: cst.CSTNode) -> None:
    """One more layer, or several, in a container that is asked for them by name."""
    held.element = fact if held.items == [] or held.any() is UNKNOWN else join(held.any(), fact)
    held.items = None
    run.learn("held", node)


def put_last(owner: Sequence, held: list[Fact], items: list[tuple[int, Fact]]) -> None:
    """Put items behind those that a list is known to hold; one of the same place takes the place that it has."""
    places = _places(owner)
    for place, fact in items:
        if place in places:  # of a container that an earlier run of the body has filled
            held[places.index(place)] = fact
        else:
            places.append(place)
            held.append(fact)
    owner.places = list(places)


def extend(run: Run, owner: Sequence, node: cst.BaseExpression, fact: Fact) -> None:
    """Put what another list holds at the end of a list."""
    fact = resolve(fact)
    path = _path(run, owner)
    once = _written_once(run, fact) if isinstance(fact, Sequence) else None
    if isinstance(fact, Sequence) and fact.items is not None and once is None:
        grow(run, owner, list(zip(_places(fact, id(node)), fact.items, strict=True)))
        return
    _loosen(owner, path)
    element = fact.any() if isinstance(fact, Sequence) else UNKNOWN
    if owner.content is not None and path is not None:
        _insert_all(
            run,
            owner.content,
            path,
            node,
            fact if isinstance(fact, Sequence) else Sequence("list", None, element),
        )
    owner.element = element if owner.element is UNKNOWN else join(owner.element, element)


def _places(fact: Sequence, key: int = 0) -> list[int]:
    """Where each item is written; a number of its own, the same in every round, for one that is written nowhere."""
    known = fact.places if fact.places is not None else []
    items = fact.items or ()
    whole = len(known) == len(items)
    return [place if whole and (place := known[i]) is not None else hash((key, i)) for i in range(len(items))]


def _loosen(owner: Sequence, path: Path | None) -> None:
    """From here on the items of a list are not known one by one."""
    if path is None:
        owner.content = None
    elif owner.items is not None:
        owner.content = Group()
        insert(owner.content, (), zip(_places(owner), owner.items, strict=True))
    if owner.items:
        owner.element = owner.any()
    owner.items = None


def own_members(owner: Layer) -> Sequence | None:
    if owner.members is not None:
        return owner.members
    if owner.info is not None:
        found = owner.info.find_attribute("<members>")
        if isinstance(found, Layer):
            return found.members
    return None
