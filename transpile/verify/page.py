"""A verification as a page: what was compared, the differences along the depth, and both texts side by side."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from transpile.project.closure import module_file
from transpile.report.html import Page, render
from transpile.source.text import decode
from transpile.verify.chart import svg
from transpile.verify.result import DIFFERENT, EQUAL, FAILED, Comparison, Place, Result, Row
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
    """The verdict, where the results part, the differences along the depth, and every comparison."""
    parts = [f"<h2>{_badge(result.verdict)} {escape(result.factory)}</h2>"]
    if result.stage is not None:
        stage = f"could not be run: {escape(result.stage)}: {escape(result.error)}"
        parts.append(f'<p class="finding">{stage}</p>')
    if result.divergence is not None:
        places = [_link(result.divergence.source, file, "l"), _link(result.divergence.output, file, "r")]
        sentence = escape(result.divergence.sentence(places=not any(places)))
        links = f"<br>{' → '.join(filter(None, places))}" if any(places) else ""
        warned = "".join(f"<br>warned: {escape(warning)}" for warning in result.divergence.warnings)
        parts.append(f'<p class="finding"><b>First difference:</b> {sentence}{links}{warned}</p>')
    compared = sum(row.difference is not None for row in result.rows)
    if compared:
        parts.append(f'<div class="scroll">{svg(result.rows, result.tolerance)}</div>')
    if result.comparisons:
        heads = ("comparison", "", "difference", "tolerance", "")
        parts.append(_table(heads, [_comparison(found) for found in result.comparisons]))
    parts += [f'<p class="said">{escape(note)}</p>' for note in result.said()]
    if result.divergence is not None and result.rows:
        rows = [_layer(row, result.over(row), file) for row in result.around_the_first()]
        layers = _table(("layer", "kind", "difference", "called at"), rows)
        parts.append(f"<details open><summary>The layers around it</summary>{layers}</details>")
    if result.comparisons:
        layout = result.layout or "no layout"
        parts.append(
            f'<p class="said">Inputs in {escape(layout)}; {compared} layer calls compared; '
            f"{result.seconds:.1f} s.</p>"
        )
    return "\n".join(parts)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table that scrolls in its own frame; the columns of numbers are known by their heads."""
    kinds = [' class="number"' if head in ("difference", "tolerance") else "" for head in heads]
    head = "".join(f"<th{kind}>{text}</th>" for kind, text in zip(kinds, heads, strict=True))
    lines = "".join(
        f"<tr>{''.join(f'<td{kind}>{cell}</td>' for kind, cell in zip(kinds, cells, strict=True))}</tr>"
        for cells in rows
    )
    return f'<div class="scroll"><table><tr>{head}</tr>{lines}</table></div>'


def _comparison(found: Comparison) -> list[str]:
    note = found.note.strip().splitlines()
    unknown = f"unknown {found.figures['unknown']}" if "unknown" in found.figures else ""
    return [
        escape(found.name),
        _badge(found.verdict),
        "" if found.difference is None else f"{found.difference:.1e}",
        "" if found.tolerance is None else f"{found.tolerance:.0e}",
        escape("; ".join(filter(None, [unknown, note[0][:160] if note else ""]))),
    ]


def _layer(row: Row, over: bool, file: Page | None) -> list[str]:
    value = escape(row.note[:24]) if row.difference is None else f"{row.difference:.1e}"
    place = _link(row.source, file, "l") or escape(str(row.source or ""))
    return [
        escape(row.layer or "(model)"),
        escape(row.kind),
        f'<b class="over">{value}</b>' if over else value,
        place,
    ]


def _badge(verdict: str) -> str:
    return f'<span class="badge {BADGES.get(verdict, "info")}">{escape(verdict)}</span>'


def _link(place: Place | None, file: Page | None, side: str) -> str:
    """A link to a place, where it is one of the page's."""
    shown = None if file is None else file.output if side == "r" and file.output else file.name
    if place is None or shown is None or Path(place.path).name != Path(shown).name:
        return ""
    return f'<a href="#f0-{side}{place.line}">{escape(str(place))}</a>'
