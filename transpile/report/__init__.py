"""What a run has found, as text for people, and as JSON, SARIF and GitHub annotations for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from transpile.diagnostics import Diagnostic

FORMATS = ("text", "json", "sarif", "github")
_WRITERS = {"text": "text", "json": "as_json", "sarif": "sarif", "github": "github"}


@dataclass(frozen=True, slots=True)
class FileReport:
    """One Python file of a run: where it was read, where its output stands (None: nowhere), what was found.

    `source` is its text, for excerpts; None where it is not at hand.
    """

    path: str
    output: str | None = None
    diagnostics: Sequence[Diagnostic] = ()
    signatures: dict[str, Any] = field(default_factory=dict)
    source: str | None = None

    def ordered(self) -> list[Diagnostic]:
        """The diagnostics in the order of the source."""
        return sorted(self.diagnostics, key=lambda d: (d.line, d.column, d.code, d.message))


def render(format: str, files: Sequence[FileReport]) -> str:
    """The whole report in one of FORMATS; it ends in a newline, or is empty where there is nothing to say."""
    text: str = import_module(f"transpile.report.{_WRITERS[format]}").render(files)
    return text
