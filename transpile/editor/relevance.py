"""Which statements of a module say something about those that have changed: the part of it that a keystroke infers.

Those are what a changed statement names, and what names it, with all that these name in turn. Definitions that are
neither are left out; other statements stay, they are few and short. So a fact that comes from further away (the caller
of a caller) is missing until all is looked at again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

import libcst as cst

from transpile.editor.incremental import Piecewise
from transpile.infer.scopes import bound_names

__all__ = ["Relevance"]

_WORD = re.compile(r"[^\W\d]\w*")


class _Names(NamedTuple):
    statement: Any  # so that no other gets its id
    bound: frozenset[str]
    words: frozenset[str]


class Relevance:
    """What the statements of a module bind and name, remembered while they stay."""

    def __init__(self) -> None:
        self._names: dict[int, _Names] = {}

    def of(self, changed: Iterable[Any], pieces: Piecewise) -> list[Any]:
        """The changed statements and those that matter to them, in the order of the module."""
        body = pieces.tree.body
        self._names = {id(node): self._names.get(id(node)) or _names(node, pieces) for node in body}
        of = [(id(node), self._names[id(node)]) for node in body]
        mine = {id(node) for node in changed}
        new = {name for key, names in of if key in mine for name in names.bound}
        taken = {key for key, names in of if key in mine or not new.isdisjoint(names.words)}
        wanted: set[str] = set()
        while True:
            wanted = {word for key, names in of if key in taken for word in names.words}
            more = {key for key, names in of if key not in taken and not wanted.isdisjoint(names.bound)}
            if not more:
                return [node for node in body if id(node) in taken or not _is_definition(node)]
            taken |= more


def _is_definition(node: Any) -> bool:
    return isinstance(node, (cst.FunctionDef, cst.ClassDef))


def _names(node: Any, pieces: Piecewise) -> _Names:
    bound = {node.name.value} if _is_definition(node) else bound_names(node)
    return _Names(node, frozenset(bound), frozenset(_WORD.findall(pieces.text(node))))
