"""Where nodes stand in the source, computed only when something has to be said.

LibCST's own position provider copies the tree and costs twice the parsing; recording offsets while the code is
generated once costs a fraction of that.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any

import libcst as cst
from libcst._nodes.internal import CodegenState

__all__ = ["Positions"]


@dataclass(frozen=False)
class _Recorder(CodegenState):
    length: int = 0
    spans: dict[int, tuple[int, int]] = field(default_factory=dict)

    def add_token(self, value: str) -> None:
        self.tokens.append(value)
        self.length += len(value)

    def add_indent_tokens(self) -> None:
        for token in self.indent_tokens:
            self.add_token(token)

    def before_codegen(self, node: Any) -> None:
        self.spans[id(node)] = (self.length, 0)

    def after_codegen(self, node: Any) -> None:
        self.spans[id(node)] = (self.spans[id(node)][0], self.length)

    def pop_trailing_newline(self) -> None:
        if self.tokens:
            self.length -= len(self.tokens[-1])
        super().pop_trailing_newline()
        if self.tokens:
            self.length = sum(map(len, self.tokens)) if len(self.tokens) < 2 else self.length


class Positions:
    """Lines and columns, both from 1, columns in characters."""

    def __init__(self, tree: cst.Module) -> None:
        state = _Recorder(default_indent=tree.default_indent, default_newline=tree.default_newline)
        state.before_codegen(tree)
        tree._codegen_impl(state)
        self._spans = state.spans
        text = "".join(state.tokens)
        self._starts = [0]
        at = text.find("\n")
        while at >= 0:
            self._starts.append(at + 1)
            at = text.find("\n", at + 1)
        self._text = text

    def span(self, node: cst.CSTNode) -> tuple[int, int, int, int]:
        """(line, column, end line, end column) of a node; (1, 1, 1, 1) for one that is not of this tree."""
        found = self._spans.get(id(node))
        if found is None:
            return 1, 1, 1, 1
        start, end = found
        while start < end and self._text[start] in " \t\r\n\f":
            start += 1
        while end > start and self._text[end - 1] in " \t\r\n\f":
            end -= 1
        return (*self._place(start), *self._place(end))

    def _place(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1
