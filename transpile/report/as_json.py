"""For programs: one JSON object, `{"version", "files": [{"path", "output", "diagnostics", "signatures"}]}`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from transpile import __version__
from transpile.diagnostics import Diagnostic
from transpile.report import FileReport


def render(files: Sequence[FileReport]) -> str:
    """The report as indented JSON in ASCII, so that any terminal and any pipe carries it."""
    report = {"version": __version__, "files": [_file(file) for file in files]}
    return json.dumps(report, indent=1) + "\n"


def _file(file: FileReport) -> dict[str, Any]:
    return {
        "path": file.path,
        "output": file.output,
        "diagnostics": [diagnostic(found) for found in file.ordered()],
        "signatures": file.signatures,
    }


def diagnostic(found: Diagnostic) -> dict[str, Any]:
    """One finding as a plain record."""
    fix = None if found.fix is None else [asdict(edit) for edit in found.fix]
    return {
        "code": found.code,
        "severity": found.severity.value,
        "message": found.message,
        "filename": found.filename,
        "line": found.line,
        "column": found.column,
        "end_line": found.end_line,
        "end_column": found.end_column,
        "help": found.help,
        "fix": fix,
    }
