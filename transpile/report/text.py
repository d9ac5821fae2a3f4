"""For people: `path:line:column: CODE message`, the advice below it, and one line that counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from transpile.diagnostics import Diagnostic, Severity
from transpile.report import FileReport


def render(files: Sequence[FileReport]) -> str:
    """Every file with something to say, then the count; empty where there is nothing at all."""
    body = "".join(file_text(file) for file in files)
    return body + summary(files)


def file_text(file: FileReport) -> str:
    """One file: its diagnostics in source order, and where its output was written."""
    lines = [line for diagnostic in file.ordered() for line in _lines(diagnostic)]
    if file.output is not None:
        lines.append(f"{file.path} -> {file.output}")
    return "".join(line + "\n" for line in lines)


def _lines(found: Diagnostic) -> list[str]:
    first, *rest = found.message.splitlines() or [""]
    lines = [f"{found.filename}:{found.line}:{found.column}: {found.code} {first}"]
    lines += [f"    {line}" for line in rest]
    if found.help:
        lines += ["    help: " + found.help.replace("\n", "\n          ")]
    return lines


def summary(files: Sequence[FileReport]) -> str:
    """`2 errors, 1 warning, 4 notes in 3 files`; empty where there are no diagnostics."""
    counts = Counter(d.severity for file in files for d in file.diagnostics)
    words = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
    parts = [_count(counts[severity], word) for severity, word in words.items() if counts[severity]]
    if not parts:
        return ""
    return f"{', '.join(parts)} in {_count(sum(bool(file.diagnostics) for file in files), 'file')}\n"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
