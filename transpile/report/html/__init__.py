"""One page to look at: source left, output right, what there is to say between them. It needs nothing but itself."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transpile import __version__
from transpile.diagnostics import Diagnostic, Severity
from transpile.report.html.align import Row, aligned
from transpile.report.html.graph import drawn, folder_of
from transpile.report.html.highlight import Mark, highlighted
from transpile.report.uses import Uses, counted

__all__ = ["Page", "render"]

_HERE = Path(__file__).parent
_ORDER = (Severity.ERROR, Severity.WARNING, Severity.INFO)
_WORDS = {Severity.ERROR: "errors", Severity.WARNING: "warnings", Severity.INFO: "notes"}
OPEN = 12  # so many files are shown open; more are folded up


@dataclass(frozen=True, slots=True)
class Page:
    """One file: its name, its text, what came of it (None: nothing), and what there is to say."""

    name: str
    before: str
    after: str | None
    diagnostics: Sequence[Diagnostic] = ()
    output: str | None = None


def render(files: Sequence[Page], title: str = "transpile", proof: str = "") -> str:
    """The page as one HTML text: no script or style from elsewhere, and nothing of the sources is live in it.

    `proof` is HTML: what a verification has to show.
    """
    import jinja2

    script, style = _read("script.js"), _read("style.css")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    from markupsafe import Markup

    found = [diagnostic for file in files for diagnostic in file.diagnostics]
    uses = sum((counted(file.before, file.diagnostics) for file in files), Uses())
    return environment.from_string(_read("page.html")).render(
        title=title,
        version=__version__,
        style=Markup(style),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        files=[_file(number, file, len(files) <= OPEN) for number, file in enumerate(files)],
        folder=folder_of([file.name for file in files]),
        uses=uses,
        proof=Markup(proof),
        severities=_severities(found),
        codes=_codes(found),
        graph=Markup(drawn([(file.name, file.before) for file in files], _worst(files))),
    )


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _worst(files: Sequence[Page]) -> list[str]:
    """The word for the worst finding of each file."""
    return [
        next((s.value for s in _ORDER if any(d.severity is s for d in file.diagnostics)), "fine")
        for file in files
    ]


def _severities(found: Sequence[Diagnostic]) -> list[dict[str, Any]]:
    counts = Counter(diagnostic.severity for diagnostic in found)
    return [{"name": s.value, "words": _WORDS[s], "count": counts[s]} for s in _ORDER if counts[s]]


def _codes(found: Sequence[Diagnostic]) -> list[dict[str, Any]]:
    """Each code that was found, with its page."""
    from transpile.report.codes import load

    pages = load()
    counts = Counter(diagnostic.code for diagnostic in found)
    return [
        {"code": code, "count": count, "title": pages[code].title, "text": pages[code].text}
        for code, count in sorted(counts.items())
        if code in pages
    ]


def _file(number: int, file: Page, is_open: bool) -> dict[str, Any]:
    before = file.before.split("\n")
    after = [] if file.after is None else file.after.split("\n")
    notes: dict[int, list[Diagnostic]] = {}
    for diagnostic in sorted(file.diagnostics, key=lambda d: (d.line, d.column, d.code)):
        notes.setdefault(min(max(diagnostic.line, 1), len(before)), []).append(diagnostic)
    left = highlighted(file.before, [mark for d in file.diagnostics for mark in _marks(d, before)])
    right = highlighted(file.after, []) if file.after is not None else []
    rows = aligned(before, after)
    return {
        "id": f"f{number}",
        "name": file.name,
        "output": file.output,
        "open": is_open,
        "counts": _severities(file.diagnostics),
        "lines": len(before),
        "blocks": list(_blocks(rows, left, right, notes)),
        "uses": counted(file.before, file.diagnostics),
        "left_out": file.after is None,
    }


def _marks(found: Diagnostic, lines: Sequence[str]) -> list[Mark]:
    """The places of a finding, line by line; of one that is longer than a few lines, the first."""
    last = found.end_line if found.end_line - found.line < 4 else found.line
    marks = []
    for line in range(found.line, min(last, len(lines)) + 1):
        start = (
            found.column - 1 if line == found.line else len(lines[line - 1]) - len(lines[line - 1].lstrip())
        )
        end = found.end_column - 1 if line == found.end_line else len(lines[line - 1])
        marks.append(Mark(line, start, end, found.severity.value))
    return marks


def _blocks(
    rows: Sequence[Row], left: Sequence[Any], right: Sequence[Any], notes: dict[int, list[Diagnostic]]
) -> Any:
    """Rows in blocks: what is the same, what has changed, and what was copied in (folded up)."""
    block: dict[str, Any] | None = None
    for row in rows:
        if block is None or block["group"] != row.group:
            if block is not None:
                yield block
            block = {"group": row.group, "kind": row.kind, "folded": row.kind == "support", "rows": []}
        block["rows"].append(
            {
                "left": row.left,
                "right": row.right,
                "before": left[row.left - 1] if row.left else "",
                "after": right[row.right - 1] if row.right else "",
                "notes": notes.get(row.left or 0, []),
            }
        )
    if block is not None:
        yield block
