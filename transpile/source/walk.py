"""Walking a libcst tree for a fraction of what `tree.visit` costs.

LibCST's own walk makes every node anew, whitespace, commas and parentheses included, and checks each one. This
one goes only where code can be, asks nothing of a node's type twice, and keeps a node whose children stay the
same: what was not rewritten is the very node of the source, with its facts and its position.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any, Protocol

import libcst as cst

__all__ = ["Visitor", "children", "descendants", "walk"]

# Parts of a node that hold no code.
_TRIVIA = ("whitespace", "lpar", "rpar", "lbracket", "rbracket", "lbrace", "rbrace", "comma", "equal", "semicolon",
           "colon", "dot", "leading", "lines_after", "header", "footer", "indent", "trailing", "newline",
           "operator", "star", "relative", "asynchronous", "first_colon", "second_colon", "comment")  # fmt: skip
_CODE = frozenset({"star_arg", "star_kwarg", "starred_element"})  # what looks like one of them, and is code


class Visitor(Protocol):
    """What walks along: the two methods of cst.CSTTransformer, with the same meaning."""

    def on_visit(self, node: Any) -> bool: ...

    def on_leave(self, original: Any, updated: Any) -> Any: ...


class _Parts(dict[type, "tuple[str, ...] | None"]):
    """The fields of each node type that may hold code; None for what is no node."""

    def __missing__(self, kind: type) -> tuple[str, ...] | None:
        found = None
        if issubclass(kind, cst.CSTNode):
            names = [field.name for field in fields(kind)]
            names = [name for name in names if name in _CODE or not name.startswith(_TRIVIA)]
            if issubclass(kind, (cst.FunctionDef, cst.ClassDef)):  # in the order of the text
                names.sort(key=lambda name: (name != "decorators", name == "body"))
            found = tuple(names)
        self[kind] = found
        return found


_PARTS = _Parts()


def walk(node: Any, visitor: Visitor) -> Any:
    """The tree after the visitor: children first, each leaving as `on_leave` returns it.

    cst.RemoveFromParent() and cst.FlattenSentinel work in sequences, and removal where a part is optional.
    """
    updated = node
    if visitor.on_visit(node):
        changes: dict[str, Any] | None = None
        for name in _PARTS[type(node)] or ():
            value = getattr(node, name)
            kind = type(value)
            if kind is tuple or kind is list:
                result = _walk_sequence(value, visitor) if value else value
            elif kind is str or value is None or _PARTS[kind] is None:
                continue
            else:
                result = walk(value, visitor)
                if type(result) is cst.RemovalSentinel:
                    result = None
            if result is not value:
                if changes is None:
                    changes = {}
                changes[name] = result
        if changes is not None:
            updated = node.with_changes(**changes)
    return visitor.on_leave(node, updated)


def _walk_sequence(nodes: Any, visitor: Visitor) -> Any:
    results: list[Any] = []
    changed = False
    for node in nodes:
        if _PARTS[type(node)] is None:
            results.append(node)
            continue
        result = walk(node, visitor)
        if result is node:
            results.append(node)
            continue
        changed = True
        if type(result) is cst.FlattenSentinel:
            results.extend(result)
        elif type(result) is not cst.RemovalSentinel and (node._is_removable() or not result._is_removable()):
            results.append(result)  # a line that has lost all its statements goes
    return tuple(results) if changed else nodes


def children(node: Any) -> Iterator[Any]:
    """The nodes directly below one that may hold code."""
    for name in _PARTS[type(node)] or ():
        value = getattr(node, name)
        kind = type(value)
        if kind is tuple or kind is list:
            for item in value:
                if _PARTS[type(item)] is not None:
                    yield item
        elif kind is not str and value is not None and _PARTS[kind] is not None:
            yield value


def descendants(node: Any) -> Iterator[Any]:
    """A node and everything below it that may hold code, parents first."""
    stack = [node]
    while stack:
        node = stack.pop()
        yield node
        below = []  # what `children` gives, in place: this is asked for every node
        for name in _PARTS[type(node)] or ():
            value = getattr(node, name)
            kind = type(value)
            if kind is tuple or kind is list:
                below += [item for item in value if _PARTS[type(item)] is not None]
            elif kind is not str and value is not None and _PARTS[kind] is not None:
                below.append(value)
        below.reverse()
        stack += below
