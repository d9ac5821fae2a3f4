"""Where nodes stand in the source, computed only when something has to be said.

LibCST's own position provider copies the tree and costs twice the parsing; recording offsets while the code is
generated once costs a fraction of that.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property
from types import TracebackType
from typing import Any

import libcst as cst
from libcst._nodes.internal import CodegenState

from transpile.source.walk import descendants

__all__ = ["KnownPositions", "Positions", "offsets"]

_NOWHERE = 2**32 - 1


class _Tokens(list[str]):
    """Pieces of code, and how long they are together."""

    length = 0

    def append(self, value: str) -> None:
        self.length += len(value)
        super().append(value)

    def extend(self, values: Iterable[str]) -> None:
        for value in values:
            self.append(value)


class _Recorder(CodegenState):
    """Notes from where to where the text of each node goes: without the lines and comments above it."""

    def __init__(self, tree: cst.Module) -> None:
        super().__init__(default_indent=tree.default_indent, default_newline=tree.default_newline)
        self.tokens: _Tokens = _Tokens()
        self.spans: dict[int, tuple[int, int]] = {}
        self.open: list[int] = []

    def before_codegen(self, node: Any) -> None:
        self.open.append(self.tokens.length)

    def after_codegen(self, node: Any) -> None:
        start = self.open.pop()
        self.spans.setdefault(id(node), (start, self.tokens.length))

    def record_syntactic_position(  # type: ignore[override]
        self, node: Any, *, start_node: Any = None, end_node: Any = None
    ) -> _Syntactic:
        return _Syntactic(self, node, start_node, end_node)


class _Syntactic:
    """The part of a node that is its own."""

    __slots__ = ("recorder", "node", "start_node", "end_node", "start")

    def __init__(self, recorder: _Recorder, node: Any, start_node: Any, end_node: Any) -> None:
        self.recorder = recorder
        self.node = node
        self.start_node = start_node
        self.end_node = end_node

    def __enter__(self) -> None:
        self.start = self.recorder.tokens.length

    def __exit__(self, *error: type[BaseException] | BaseException | TracebackType | None) -> None:
        spans = self.recorder.spans
        start = spans[id(self.start_node)][0] if self.start_node is not None else self.start
        end = spans[id(self.end_node)][1] if self.end_node is not None else self.recorder.tokens.length
        spans[id(self.node)] = start, end


class Positions:
    """Lines and columns, both from 1, columns in characters."""

    def __init__(self, tree: cst.Module) -> None:
        recorder = _Recorder(tree)
        tree._codegen(recorder)
        self._take(recorder.spans, "".join(recorder.tokens))

    def _take(self, spans: dict[int, tuple[int, int]], text: str) -> None:
        self._spans = spans
        self._text = text
        self._starts = [0]
        at = text.find("\n")
        while at >= 0:
            self._starts.append(at + 1)
            at = text.find("\n", at + 1)

    def has(self, node: cst.CSTNode) -> bool:
        """Whether the node is of this tree."""
        return id(node) in self._spans

    def span(self, node: cst.CSTNode) -> tuple[int, int, int, int]:
        """(line, column, end line, end column) of a node; (1, 1, 1, 1) for one that is not of this tree."""
        found = self._spans.get(id(node))
        if found is None:
            return 1, 1, 1, 1
        return self._span(*found)

    def _span(self, start: int, end: int) -> tuple[int, int, int, int]:
        end = min(end, len(self._text))  # libcst takes the last newline back
        while start < end and self._text[start] in " \t\r\n\f":
            start += 1
        while end > start and self._text[end - 1] in " \t\r\n\f":
            end -= 1
        return (*self._place(start), *self._place(end))

    def all(self) -> dict[int, tuple[int, int, int, int]]:
        """The spans of all nodes, by identity: for those who look a node up by its place."""
        return {identity: self._span(*found) for identity, found in self._spans.items()}

    def _place(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


class KnownPositions(Positions):
    """Positions that were computed before, of the nodes that may hold code; those of others are computed when asked."""

    def __init__(self, tree: cst.Module, text: str, offsets: array[int]) -> None:
        """`text` is that of the tree, `offsets` what the function of this name gives for it."""
        self._tree = tree
        self._offsets = offsets
        self._take({}, text)

    def span(self, node: cst.CSTNode) -> tuple[int, int, int, int]:
        place = self._places.get(id(node))
        start = self._offsets[2 * place] if place is not None else _NOWHERE
        if place is None or start == _NOWHERE:
            return self._computed.span(node)
        return self._span(start, self._offsets[2 * place + 1])

    def has(self, node: cst.CSTNode) -> bool:
        return self._computed.has(node)

    def all(self) -> dict[int, tuple[int, int, int, int]]:
        return self._computed.all()

    @cached_property
    def _places(self) -> dict[int, int]:
        """How many nodes come before each. Not before somebody asks: of some modules there is nothing to say."""
        places = {identity: place for place, identity in enumerate(map(id, descendants(self._tree)))}
        if 2 * len(places) != len(self._offsets):
            raise ValueError("these are the offsets of another tree")
        return places

    @cached_property
    def _computed(self) -> Positions:
        return Positions(self._tree)


def offsets(tree: cst.Module) -> array[int]:
    """From where to where the text of each node goes that may hold code, in the order of `descendants`."""
    spans = Positions(tree)._spans
    found = array("I")
    for node in descendants(tree):
        found.extend(spans.get(id(node), (_NOWHERE, _NOWHERE)))
    return found
