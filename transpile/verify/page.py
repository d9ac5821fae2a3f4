"""A verification as a page: what was compared, the differences along the depth, and both texts side by side."""

from __future__ import annotations

from html import escape
from pathlib import Path

from transpile.project.closure import module_file
from transpile.report.html import Page, render
from transpile.source.text import decode
from transpile.verify.chart import svg
from transpile.verify.result import DIFFERENT, EQUAL, FAILED, Comparison, Place, Result
from transpile.verify.sides import Side

__all__ = ["page", "texts"]

BADGES = {EQUAL: "fine", DIFFERENT: "error", FAILED: "error"}


def texts(source: Path | None, side: Side) -> Page | None:
    """The source and its translation; the translation alone where no source is given. Read while both are there."""
    output = module_file(Path(side.world.folder), side.module_name.split("."))
    if output is None:
        return None
    after = decode(output.read_bytes()).text
    if source is None:
        return Page(side.shown(str(output)), after, after)
    before = decode(source.read_bytes()).text
    found = [d for d in side.diagnostics if Path(d.filename).resolve() == source.resolve()]
    return Page(str(source), before, after, found, side.shown(str(output)))


def page(result: Result, file: Page | None) -> str:
    """The page as one HTML text."""
    return render(
        [file] if file is not None else [], result.factory or "transpile verify", _proof(result, file)
    )


def _proof(result: Result, file: Page | None) -> str:
    parts = [f"<h2>{_badge(result.verdict)} {escape(result.factory)}</h2>"]
    if result.stage is not None:
        parts.append(f"<p>could not be run: {escape(result.stage)}: {escape(result.error)}</p>")
    if result.divergence is not None:
        parts.append(f"<p>First difference: {escape(result.divergence.sentence())}</p>")
        places = [_link(result.divergence.source, file, "l"), _link(result.divergence.output, file, "r")]
        parts += [f"<p>{' · '.join(filter(None, places))}</p>"] if any(places) else []
    if any(row.difference is not None for row in result.rows):
        parts.append(f'<div class="scroll">{svg(result.rows, result.tolerance)}</div>')
    if result.comparisons:
        rows = "".join(map(_row, result.comparisons))
        head = "<tr><th>comparison</th><th></th><th>difference</th><th>tolerance</th><th></th></tr>"
        parts.append(f"<table>{head}{rows}</table>")
    return "\n".join(parts)


def _row(found: Comparison) -> str:
    note = found.note.strip().splitlines()
    cells = [
        escape(found.name),
        _badge(found.verdict),
        "" if found.difference is None else f"{found.difference:.1e}",
        "" if found.tolerance is None else f"{found.tolerance:.0e}",
        escape(note[0][:160]) if note else "",
    ]
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _badge(verdict: str) -> str:
    return f'<span class="badge {BADGES.get(verdict, "info")}">{escape(verdict)}</span>'


def _link(place: Place | None, file: Page | None, side: str) -> str:
    """A link to a place, where it is one of the page's."""
    shown = None if file is None else file.output if side == "r" and file.output else file.name
    if place is None or shown is None or Path(place.path).name != Path(shown).name:
        return ""
    return f'<a href="#f0-{side}{place.line}">{escape(str(place))}</a>'
