"""A verification for people: a live table of layers, one line per comparison, and where the results part."""

from __future__ import annotations

import sys
from typing import Any

from transpile.verify.result import DIFFERENT, EQUAL, FAILED, Comparison, Result, Row

__all__ = ["Live", "summary"]

MARKS = {EQUAL: "equal", DIFFERENT: "DIFFERENT", FAILED: "FAILED"}
SHOWN = 16  # rows of the live table


class Live:
    """The table while it grows, on a terminal; nothing elsewhere."""

    def __init__(self, enabled: bool) -> None:
        self.rows: list[Row] = []
        self.live: Any = None
        if enabled and sys.stderr.isatty():
            from rich.console import Console
            from rich.live import Live as RichLive

            self.live = RichLive(console=Console(stderr=True), transient=True, refresh_per_second=8)

    def __enter__(self) -> Live:
        if self.live is not None:
            self.live.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        if self.live is not None:
            self.live.__exit__(*error)

    def row(self, row: Row) -> None:
        """One more layer."""
        self.rows.append(row)
        if self.live is not None:
            self.live.update(_table(self.rows[-SHOWN:]))


def _table(rows: list[Row]) -> Any:
    from rich.table import Table

    table = Table("layer", "kind", "difference", "source", box=None)
    for row in rows:
        value = "–" if row.difference is None else f"{row.difference:.1e}"
        table.add_row(row.layer or "(model)", row.kind, value, str(row.source or ""))
    return table


def summary(result: Result, every_layer: bool = False) -> str:
    """The whole result as text."""
    lines = []
    if result.rows and (every_layer or result.divergence is not None):
        lines += _layers(result, every_layer)
    lines += [_line(comparison) for comparison in result.comparisons]
    if result.divergence is not None:
        lines.append(f"first difference: {result.divergence.sentence()}")
        lines += [f"    warned: {warning}" for warning in result.divergence.warnings]
    if result.stage is not None:
        lines.append(f"could not be run: {result.stage}: {result.error}")
    lines += [f"note: {note}" for note in result.said()]
    compared = sum(row.difference is not None for row in result.rows)
    words = [f"inputs in {result.layout}"] if result.layout else []
    words += [f"{compared} layer calls compared"] if compared or result.stage is None else []
    lines.append(", ".join([f"{result.verdict}: {result.factory}", *words, f"{result.seconds:.1f} s"]))
    return "\n".join(lines) + "\n"


def _line(found: Comparison) -> str:
    words = [f"{found.name:<18}", f"{MARKS.get(found.verdict, found.verdict):<13}"]
    if found.difference is not None:
        words.append(f"{found.difference:.1e} of {found.tolerance:.0e}")
    if "unknown" in found.figures:
        words.append(f"(unknown {found.figures['unknown']})")
    note = found.note.strip().splitlines()
    if note:
        words.append(note[0][:160])
    return " ".join(words).rstrip()


def _layers(result: Result, every_layer: bool) -> list[str]:
    """All rows, or those around the first difference."""
    rows = result.rows if every_layer else result.around_the_first()
    width = min(44, max(len(r.layer) for r in rows) or 1)
    lines = [f"{'layer':<{width}}  {'kind':<18} difference  source"]
    for row in rows:
        value = row.note[:24] if row.difference is None else f"{row.difference:.1e}"
        mark = "*" if result.over(row) else " "
        lines.append(f"{row.layer or '(model)':<{width}}  {row.kind:<18} {value:<9}{mark} {row.source or ''}")
    return [*lines, ""]
