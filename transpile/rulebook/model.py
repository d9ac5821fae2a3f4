"""A rule as the engine sees it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from transpile.rulebook.template import Template

__all__ = ["Param", "Rule", "RuleError", "Variant"]


class RuleError(ValueError):
    """A rule table that cannot be used; the message begins with `file:line: `."""


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter of the torch function: `default` is source text, None if it has none.

    `kind` is "positional" (or by keyword), "varargs" (`*size`) or "keyword" (by keyword only).
    """

    name: str
    default: str | None = None
    kind: str = "positional"


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to write a call, for the calls that `when` describes (see transpile.rulebook.conditions).

    `drifts`: what it gives trains a little differently from torch's, so that --exact-training passes it over.
    """

    when: Mapping[str, Any]
    template: Template
    why: str | None = None
    drifts: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of a rule table. The fields are the keys of the YAML (rules/README.md), ready to use."""

    id: str
    torch: str
    aliases: tuple[str, ...]
    method: str | None
    method_only: bool
    kind: str
    params: tuple[Param, ...]
    drop: frozenset[str]
    variants: tuple[Variant, ...]
    keras: tuple[Variant, ...]
    args: Mapping[str, Mapping[str, Any]]
    simple: frozenset[str]
    refuse: str | None
    instead: str | None
    layout: str
    returns: str
    rank: int | None
    most_axes: int | None
    dtype: str | None
    isinstance: str | None
    value: str | None  # the support function that stands for the name where it is not called
    fidelity: str
    why: str | None
    url: str | None
    examples: tuple[Mapping[str, Any], ...]
    inplace: bool
    out: bool
    source: tuple[str, int]

    @property
    def defaults(self) -> dict[str, str]:
        """The source text of the parameters' defaults."""
        return {p.name: p.default for p in self.params if p.default is not None}


_EMPTY: Mapping[str, Any] = MappingProxyType({})


@functools.cache
def _template(text: str) -> Template:
    return Template.parse(text)


def _variants(entries: list[dict[str, Any]]) -> tuple[Variant, ...]:
    return tuple(
        Variant(e.get("when", _EMPTY), _template(e["tf"]), e.get("why"), bool(e.get("drifts")))
        for e in entries
    )


def from_record(record: Mapping[str, Any]) -> Rule:
    """The rule of a checked record (transpile.rulebook.reading)."""
    get = record.get
    return Rule(
        id=record["id"],
        torch=record["torch"],
        aliases=tuple(get("aliases", ())),
        method=get("method"),
        method_only=get("method_only", False),
        kind=get("kind", "function"),
        params=tuple(Param(*p) for p in get("params", ())),
        drop=frozenset(get("drop", ())),
        variants=_variants(get("variants", [])),
        keras=_variants(get("keras", [])),
        args=get("args", _EMPTY),
        simple=frozenset(get("simple", ())),
        refuse=get("refuse"),
        instead=get("instead"),
        layout=get("layout", "plain"),
        returns=get("returns", "tensor"),
        rank=get("rank"),
        most_axes=get("most_axes"),
        dtype=get("dtype"),
        isinstance=get("isinstance"),
        value=get("value"),
        fidelity=get("fidelity", "exact"),
        why=get("why"),
        url=get("url"),
        examples=tuple(get("examples", ())),
        inplace=get("inplace", False),
        out=get("out", False),
        source=(record["source"][0], record["source"][1]),
    )
