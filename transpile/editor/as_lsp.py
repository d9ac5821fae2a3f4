"""A fix as JSON: edits and ranges in LSP's shape (from 0, UTF-16), diagnostics as every report has them."""

from __future__ import annotations

import json

from transpile import __version__
from transpile.editor.edits import Span, lsp_edit, lsp_range
from transpile.editor.fix import Fix
from transpile.report.as_json import diagnostic
from transpile.source.text import SourceText

__all__ = ["fix_json"]


def fix_json(fix: Fix | None, source: SourceText, path: str) -> str:
    """One object: `{"version", "path", "title", "range", "edits", "diagnostics"}`; without edits, no title."""
    lines = source.text.split("\n")
    record = {
        "version": __version__,
        "path": path,
        "title": fix.title if fix is not None and fix.edits else None,
        "range": None if fix is None else lsp_range(Span(*fix.span), lines),
        "edits": [] if fix is None else [lsp_edit(edit, lines, source.newline) for edit in fix.edits],
        "diagnostics": [] if fix is None else [diagnostic(found) for found in fix.diagnostics],
    }
    return json.dumps(record, indent=1) + "\n"
