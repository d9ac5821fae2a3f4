"""For GitHub Actions: one workflow command per diagnostic, shown as an annotation at the line.

Format: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from collections.abc import Sequence

from transpile.diagnostics import Diagnostic, Severity
from transpile.report import FileReport

_COMMANDS = {Severity.INFO: "notice", Severity.WARNING: "warning", Severity.ERROR: "error"}


def render(files: Sequence[FileReport]) -> str:
    """`::warning file=…,line=…,endLine=…,col=…,endColumn=…,title=CODE::message`, one line each."""
    return "".join(_annotation(found) + "\n" for file in files for found in file.ordered())


def _annotation(found: Diagnostic) -> str:
    properties: dict[str, str | int] = {"file": found.filename, "line": found.line, "endLine": found.end_line}
    if found.line == found.end_line:  # GitHub shows columns within one line only
        properties |= {"col": found.column, "endColumn": found.end_column}
    properties["title"] = found.code
    listed = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    text = f"{found.message}\n{found.help}" if found.help else found.message
    return f"::{_COMMANDS[found.severity]} {listed}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
