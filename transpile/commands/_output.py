"""What commands say, and how they end."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from transpile.diagnostics import Diagnostic, Severity, worst
from transpile.project.config import read
from transpile.project.job import Outcome
from transpile.project.plan import File, UnusableCall
from transpile.report import FileReport
from transpile.report.policy import applied


def say(text: str, stream: Any = None) -> None:
    """Write a text where it goes, with whatever the stream's encoding lacks escaped."""
    stream = sys.stdout if stream is None else stream
    if text:
        encoding = stream.encoding or "utf-8"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()


def unknown(word: str, known: Iterable[str], kind: str) -> str:
    """The complaint about a word that nothing is named, with the nearest known one."""
    import difflib

    near = difflib.get_close_matches(word, list(known), 1)
    return f"{word}: no such {kind}" + (f"; did you mean {near[0]}?" if near else "")


def refuse_unusable(outcome: Outcome) -> None:
    """Raise UnusableCall for a single input of which nothing can be made."""
    if outcome.data is not None:
        return
    if outcome.traceback is not None:
        sys.stderr.write(outcome.traceback)
    (found,) = outcome.diagnostics
    raise UnusableCall(f"{found.filename}:{found.line}:{found.column}: {found.message}")


def file_report(
    file: File, outcome: Outcome, written: Path | None = None, data: bytes | None = None
) -> FileReport:
    """What became of one file, for the report; `data` is its content where that is in no file."""
    output = None if written is None else written.as_posix()
    config = read(file.source if file.source.exists() else Path.cwd())
    root = config.file.parent if config.file is not None else None
    found = (
        applied(outcome.diagnostics, file.source, config.table, root) if config.table else outcome.diagnostics
    )
    return FileReport(file.shown, output, found, outcome.signatures, _source(file, data))


def exit_status(reports: Iterable[FileReport], fail_on: str) -> int:
    """The exit status: 1 where a diagnostic has the severity of --fail-on."""
    diagnostics: list[Diagnostic] = [found for report in reports for found in report.diagnostics]
    highest = worst(diagnostics)
    if fail_on == "never" or highest is None:
        return 0
    return int(highest.rank >= Severity(fail_on).rank)


def _source(file: File, data: bytes | None) -> str | None:
    """The text of a file, for excerpts; None where there is none."""
    from transpile.diagnostics import SourceError
    from transpile.source.text import decode

    if data is None and file.source.suffix != ".py":
        return None
    try:
        return decode(file.source.read_bytes() if data is None else data).text
    except (OSError, SourceError):
        return None
