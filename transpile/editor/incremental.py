"""A module that is parsed again where it has changed: the top-level statements of a text, kept while they stay.

Parsing is the larger part of what a keystroke costs. A top-level statement whose lines are the same keeps its
tree, with the positions of everything in it; only what lies between unchanged ones is parsed. Where that fails
(a string was opened, say) all of it is parsed.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import Any

import libcst as cst

from transpile.source.positions import Positions
from transpile.translate import parse

__all__ = ["Piecewise"]


class _Piece:
    """One top-level statement: its tree, its lines with what stands above it, and the positions in these."""

    __slots__ = ("node", "lines", "indent", "_positions")

    def __init__(self, node: Any, lines: list[str], indent: str) -> None:
        self.node = node
        self.indent = indent  # what the module's blocks are indented by, where they do not say otherwise
        self.lines = lines
        self._positions: Positions | None = None

    @property
    def positions(self) -> Positions:
        if self._positions is None:
            self._positions = Positions(cst.Module([self.node], default_indent=self.indent))
        return self._positions


class Piecewise:
    """The tree of a text that changes; `changed` are the statements that the last update has parsed.

    Raises SourceError for a text that cannot be parsed, in the constructor and in `update`.
    """

    def __init__(self, text: str) -> None:
        self._parse_all(text)

    def update(self, text: str) -> None:
        """The tree of a new text."""
        lines = text.split("\n")
        head = 0  # lines of the header and whole pieces that are the same at the beginning
        if lines[: len(self._header)] != self._header or not self._pieces:
            self._parse_all(text)
            return
        at = len(self._header)
        while head < len(self._pieces):
            piece = self._pieces[head].lines
            if lines[at : at + len(piece)] != piece:
                break
            at += len(piece)
            head += 1
        tail, end = len(self._pieces), len(lines) - len(self._footer)
        if lines[end:] != self._footer or end < at:
            self._parse_all(text)
            return
        while tail > head:
            piece = self._pieces[tail - 1].lines
            if end - len(piece) < at or lines[end - len(piece) : end] != piece:
                break
            end -= len(piece)
            tail -= 1
        if at == end and head == tail:
            self.changed = []
            return
        is_first, is_last = head == 0, tail == len(self._pieces)
        if is_last and not self._footer:  # a text without a newline at its end
            self._parse_all(text)
            return
        changed = lines[at:end]
        leans = _leans(changed, lines[end:]) or any(line.endswith("\\") for line in changed)
        new = None if leans else self._between(changed)
        if new is None or (is_first and not _begins_with_code(lines[at:])):
            self._parse_all(text)  # comments at the head may be the module's own
            return
        self._set(self._header, [*self._pieces[:head], *new, *self._pieces[tail:]], self._footer)
        self.changed = [piece.node for piece in new]

    def _between(self, lines: list[str]) -> list[_Piece] | None:
        """The pieces of some lines between two others; None where they are not statements of their own."""
        text = "\n".join(lines) + "\n" if lines else ""
        try:
            tree = cst.parse_module(text, self._config)
        except (cst.ParserSyntaxError, RecursionError):
            return None
        if tree.footer or (tree.header and not tree.body) or tree.code != text:
            return None  # comments at the end belong to what follows
        if tree.default_indent != self.tree.default_indent:
            return None
        body = list(tree.body)
        if tree.header:
            body[0] = body[0].with_changes(leading_lines=[*tree.header, *body[0].leading_lines])
        return _pieces(tree, body)

    def _parse_all(self, text: str) -> None:
        tree = parse(text)
        self._config = tree.config_for_parsing
        header = _lines("".join(tree.code_for_node(line) for line in tree.header))
        pieces = _pieces(tree, list(tree.body))
        count = len(header) + sum(len(piece.lines) for piece in pieces)
        self._set(header, pieces, text.split("\n")[count:])
        self.tree = tree
        self.changed = list(tree.body)

    def _set(self, header: list[str], pieces: list[_Piece], footer: list[str]) -> None:
        self._header, self._pieces, self._footer = header, pieces, footer
        self._starts = list(accumulate((len(piece.lines) for piece in pieces), initial=len(header)))
        self._of = {id(piece.node): number for number, piece in enumerate(pieces)}
        if hasattr(self, "tree"):
            self.tree = self.tree.with_changes(body=[piece.node for piece in pieces])

    # --- places ----------------------------------------------------------------------------------------------

    def span(self, node: Any) -> tuple[int, int, int, int]:
        """(line, column, end line, end column) of a node, from 1; (1, 1, 1, 1) for one of no statement."""
        number = self._of.get(id(node))
        if number is not None:
            return self._at(number, node)
        for number, piece in enumerate(self._pieces):
            if piece.positions.has(node):
                return self._at(number, node)
        return 1, 1, 1, 1

    def _at(self, number: int, node: Any) -> tuple[int, int, int, int]:
        above = self._starts[number]
        first, column, last, end = self._pieces[number].positions.span(node)
        return first + above, column, last + above, end

    def first_line(self, statement: Any) -> int:
        """The line on which a top-level statement begins, with what stands above it."""
        return self._starts[self._of[id(statement)]] + 1

    def text(self, statement: Any) -> str:
        """The lines of a top-level statement, with what stands above it."""
        return "\n".join(self._pieces[self._of[id(statement)]].lines)

    def statement(self, line: int) -> Any:
        """The top-level statement that a line belongs to; None for the header and the footer."""
        number = bisect_right(self._starts, line - 1) - 1
        return self._pieces[number].node if 0 <= number < len(self._pieces) else None


def _leans(changed: list[str], after: list[str]) -> bool:
    """Whether comments or lines of blanks stand where changed lines meet others: they may belong to either side."""
    for seam in (changed, changed[::-1], after):
        for line in seam:
            if line.strip() and not line.lstrip().startswith("#"):
                break
            if line:
                return True
    return False


def _begins_with_code(lines: list[str]) -> bool:
    return bool(lines) and bool(lines[0].strip()) and not lines[0].lstrip().startswith("#")


def _pieces(tree: cst.Module, body: list[Any]) -> list[_Piece]:
    return [_Piece(node, _lines(tree.code_for_node(node)), tree.default_indent) for node in body]


def _lines(code: str) -> list[str]:
    """Whole lines; the last one ends like the others."""
    return code.split("\n")[:-1] if code.endswith("\n") else code.split("\n") if code else []
