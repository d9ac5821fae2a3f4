"""What a translation changes, as a unified diff."""

from __future__ import annotations

import difflib

from transpile.diagnostics import SourceError
from transpile.source.text import decode


def unified(before: bytes, after: bytes, old_name: str, new_name: str) -> str:
    """The diff of two sources; empty where they are equal, and where the first is no text."""
    try:
        old, new = decode(before).text, decode(after).text
    except SourceError:
        return ""
    lines = difflib.unified_diff(
        old.splitlines(keepends=True), new.splitlines(keepends=True), old_name, new_name
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )
