"""For people: `path:line:column: CODE message`, the place in the source, the advice, and one line that counts."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence

from transpile.diagnostics import Diagnostic, Severity
from transpile.report import FileReport
from transpile.report.look import PLAIN, Look

ABOVE = 2  # lines of the source in front of the one that is meant
WIDEST = 160  # characters of a source line that are shown


def render(files: Sequence[FileReport], look: Look = PLAIN) -> str:
    """Every file with something to say, then the count; empty where there is nothing at all."""
    body = "".join(file_text(file, look) for file in files)
    return body + summary(files, look)


def file_text(file: FileReport, look: Look = PLAIN) -> str:
    """One file: its diagnostics in source order, and where its output was written."""
    source = None if file.source is None else file.source.split("\n")
    lines = [line for found in file.ordered() if _wanted(found, look) for line in _lines(found, source, look)]
    if file.output is not None and look.level >= 0:
        lines.append(f"{file.path} -> {file.output}" + _uses(file, look))
    return "".join(line + "\n" for line in lines)


def _wanted(found: Diagnostic, look: Look) -> bool:
    return look.level >= 0 or found.severity is not Severity.INFO


def _uses(file: FileReport, look: Look) -> str:
    """At the higher level: what became of the uses of torch."""
    if look.level < 1 or file.source is None:
        return ""
    from transpile.report.uses import counted

    uses = counted(file.source, file.diagnostics)
    return look.soft(f"  ({uses.exact} exact, {uses.changed} changed, {uses.left} left)")


def _lines(found: Diagnostic, source: Sequence[str] | None, look: Look) -> Iterator[str]:
    first, *rest = found.message.splitlines() or [""]
    place = look.place(f"{found.filename}:{found.line}:{found.column}:")
    yield f"{place} {look.code(found.code, found.severity)} {first}"
    for line in rest:
        yield f"    {line}"
    if source is not None and found.line <= len(source):
        yield from _excerpt(found, source, look)
    if found.help:
        yield "    " + look.help("help:") + " " + found.help.replace("\n", "\n          ")


def _excerpt(found: Diagnostic, source: Sequence[str], look: Look) -> Iterator[str]:
    """The line that is meant, with carets below the place and what stands above it."""
    first = max(found.line - ABOVE, 1)
    while first < found.line and not source[first - 1].strip():
        first += 1
    width = len(str(found.line))
    for number in range(first, found.line + 1):
        line = _shown(source[number - 1])
        yield look.soft(f"{number:>{width}} |") + (f" {line}" if line else "")
    line = source[found.line - 1]
    start = min(found.column - 1, len(line))
    end = len(line.rstrip()) if found.end_line > found.line else min(found.end_column - 1, len(line))
    if start < WIDEST:
        carets = "^" * max(_cells(_shown(line[:end])) - _cells(_shown(line[:start])), 1)
        space = " " * _cells(_shown(line[:start]))
        yield look.soft(f"{'':>{width}} |") + f" {space}{look.caret(carets, found.severity)}"


def _shown(line: str) -> str:
    """A line as it can stand in a terminal: no control characters, not too long."""
    line = line.expandtabs(4)[:WIDEST]
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in line).rstrip("\n")


def _cells(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(sign) in "WF" for sign in text)
    return len(text) + wide - sum(unicodedata.combining(sign) > 0 for sign in text)


def summary(files: Sequence[FileReport], look: Look = PLAIN) -> str:
    """`2 errors, 1 warning, 4 notes in 3 files`; empty where there are no diagnostics."""
    counts = Counter(d.severity for file in files for d in file.diagnostics if _wanted(d, look))
    words = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
    parts = [
        look.code(_count(counts[severity], word), severity)
        for severity, word in words.items()
        if counts[severity]
    ]
    if not parts:
        return ""
    concerned = sum(any(_wanted(found, look) for found in file.diagnostics) for file in files)
    return f"{', '.join(parts)} in {_count(concerned, 'file')}\n"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
