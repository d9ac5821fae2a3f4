"""Containers of layers: which one a class is, and what it holds."""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.apply import Operand
from transpile.infer.facts import UNKNOWN, Dict, Fact, Layer, Sequence, resolve
from transpile.infer.join import join
from transpile.infer.run import Run

__all__ = ["container_kind", "members_of", "own_members"]

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
    if starred:
        merged: Fact | None = None
        for arg in node.args:
            fact = resolve(run.facts.get(id(arg.value), UNKNOWN))
            if arg.star:
                if isinstance(fact, Sequence) and len(node.args) == 1 and fact.items is not None:
                    spread = Sequence("list", list(fact.items), fact.any())
                    spread.places = fact.places
                    return spread
                if isinstance(fact, Sequence) and len(node.args) == 1 and fact.head is not None:
                    begun = Sequence("list", None, fact.any())
                    begun.head, begun.tail, begun.places = fact.head, fact.tail, fact.places
                    return begun
                fact = (
                    fact.any()
                    if isinstance(fact, Sequence)
                    else run.var(("item", id(arg)), f"member{id(arg)}")
                )
            merged = fact if merged is None else join(merged, fact)
        return Sequence("list", None, merged if merged is not None else UNKNOWN)
    if len(positional) == 1:
        inner = resolve(positional[0][1])
        if isinstance(inner, Sequence) and inner.type == "ordered":
            return Sequence("list", inner.items, inner.element)
        if isinstance(inner, Dict):
            return Sequence("list", None, inner.value)
    members = Sequence("list", [fact for _, fact in positional])
    members.places = [id(operand) for operand, _ in positional]
    return members


def own_members(owner: Layer) -> Sequence | None:
    if owner.members is not None:
        return owner.members
    if owner.info is not None:
        found = owner.info.find_attribute("<members>")
        if isinstance(found, Layer):
            return found.members
    return None
