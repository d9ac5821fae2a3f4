"""Python source as HTML, line by line, with the places of findings marked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from markupsafe import Markup, escape

__all__ = ["Mark", "highlighted"]


class Mark(NamedTuple):
    """A piece of a line (from 1; columns from 0, end excluded) that is marked with a class."""

    line: int
    start: int
    end: int
    name: str


def highlighted(text: str, marks: Iterable[Mark]) -> list[Markup]:
    """Each line of the text; nothing of it is live."""
    by_line: dict[int, list[Mark]] = {}
    for mark in marks:
        by_line.setdefault(mark.line, []).append(mark)
    return [
        Markup("").join(_pieces(pieces, by_line.get(number, [])))
        for number, pieces in enumerate(_lines(text), 1)
    ]


def _lines(text: str) -> Iterator[list[tuple[str, str]]]:
    """The pieces of each line: (class, text)."""
    from pygments.lexers.python import PythonLexer

    line: list[tuple[str, str]] = []
    for kind, value in PythonLexer(stripnl=False, ensurenl=False).get_tokens(text):
        name = _class(kind)
        first, *rest = value.split("\n")
        if first:
            line.append((name, first))
        for part in rest:
            yield line
            line = [(name, part)] if part else []
    yield line


def _class(kind: Any) -> str:
    from pygments.token import Comment, Keyword, Name, Number, String

    for token, name in (
        (Comment, "c"), (String, "s"), (Number, "num"), (Keyword, "k"), (Name.Decorator, "d"), (Name.Class, "f"),
        (Name.Function, "f"), (Name.Builtin, "b"),
    ):  # fmt: skip
        if kind in token:
            return name
    return ""


def _pieces(line: list[tuple[str, str]], marks: list[Mark]) -> Iterator[Markup]:
    at = 0
    for name, text in line:
        cuts = {0, len(text)}
        for mark in marks:
            cuts.update(place - at for place in (mark.start, mark.end) if 0 < place - at < len(text))
        ordered = sorted(cuts)
        for start, end in zip(ordered, ordered[1:], strict=False):
            classes = [name] if name else []
            covering = [mark.name for mark in marks if mark.start <= at + start < mark.end]
            if covering:
                classes += ["m", f"m-{covering[0]}"]
            piece = escape(text[start:end])
            yield Markup('<span class="{}">{}</span>').format(" ".join(classes), piece) if classes else piece
        at += len(text)
