"""Edits: what turns one text into another, applied here or handed to an editor in the shape of LSP."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from transpile.diagnostics import Edit

__all__ = ["Span", "applied", "between", "lsp_edit", "lsp_range", "utf16"]


class Span(NamedTuple):
    """From (line, column) up to, not including, (end_line, end_column); all count from 1."""

    line: int
    column: int
    end_line: int
    end_column: int


class _Spanning(Protocol):
    @property
    def line(self) -> int: ...
    @property
    def column(self) -> int: ...
    @property
    def end_line(self) -> int: ...
    @property
    def end_column(self) -> int: ...


def between(before: str, after: str) -> list[Edit]:
    """The edits from one text to another, in the order of the text: whole lines, except where one line changes."""
    old, new = before.split("\n"), after.split("\n")
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    matcher = difflib.SequenceMatcher(
        None, old[head : len(old) - tail], new[head : len(new) - tail], autojunk=False
    )
    found = []
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag != "equal":
            found.append(_edit(old, new, head + a, head + b, head + c, head + d))
    return found


def _edit(old: Sequence[str], new: Sequence[str], a: int, b: int, c: int, d: int) -> Edit:
    """Replace the lines a to b by the lines c to d (from 0, ends excluded)."""
    if b - a == d - c == 1:
        line, text = old[a], new[c]
        start = 0
        while start < min(len(line), len(text)) and line[start] == text[start]:
            start += 1
        while start and _is_word(line[start - 1]):  # whole words: an edit is read by people too
            start -= 1
        end = 0
        while end < min(len(line), len(text)) - start and line[-1 - end] == text[-1 - end]:
            end += 1
        while end and _is_word(line[-end]):
            end -= 1
        return Edit(a + 1, start + 1, a + 1, len(line) - end + 1, text[start : len(text) - end])
    text = "\n".join(new[c:d])
    if b < len(old):  # up to the beginning of the line that follows
        return Edit(a + 1, 1, b + 1, 1, text + "\n" if d > c else "")
    if a == 0:
        return Edit(1, 1, len(old), len(old[-1]) + 1, text)
    end_of_last = (len(old), len(old[-1]) + 1) if b > a else (a, len(old[a - 1]) + 1)
    return Edit(a, len(old[a - 1]) + 1, *end_of_last, "\n" + text if d > c else "")


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def applied(text: str, edits: Iterable[Edit]) -> str:
    """The text after the edits, which count in the text before any of them. Raises ValueError for an overlap."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    parts: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda e: (e.line, e.column, e.end_line, e.end_column)):
        first = starts[edit.line - 1] + edit.column - 1
        if first < at:
            raise ValueError(f"two edits overlap at {edit.line}:{edit.column}")
        parts += text[at:first], edit.text
        at = starts[edit.end_line - 1] + edit.end_column - 1
    return "".join([*parts, text[at:]])


def lsp_edit(edit: Edit, lines: Sequence[str], newline: str = "\n") -> dict[str, Any]:
    """An edit as LSP has it: lines and characters from 0, characters in UTF-16 units."""
    text = edit.text.replace("\n", newline) if newline != "\n" else edit.text
    return {"range": lsp_range(edit, lines), "newText": text}


def lsp_range(span: _Spanning, lines: Sequence[str]) -> dict[str, dict[str, int]]:
    """The range of an edit, a diagnostic or a span, as LSP has it."""
    return {
        "start": _position(lines, span.line, span.column),
        "end": _position(lines, span.end_line, span.end_column),
    }


def _position(lines: Sequence[str], line: int, column: int) -> dict[str, int]:
    text = lines[line - 1] if line <= len(lines) else ""
    return {"line": line - 1, "character": utf16(text[: column - 1])}


def utf16(text: str) -> int:
    """How long a text is in UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
