"""The differences along the depth as a picture: an inline SVG for the HTML report, without scripts or fonts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape

from transpile.verify.result import Row

__all__ = ["svg"]

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 760, 250, 56, 28, 26
BAD, GOOD = "var(--bad, #c0392b)", "var(--good, #2e7d5b)"
LOWEST, LEAST_TOP, MOST_TOP, STEP = -9, 1, 7, 2  # powers of ten: of the scale's ends, and from line to line


def svg(rows: Sequence[Row], tolerance: float) -> str:
    """One dot per call of a layer, from the first to the last, on a logarithmic scale, with the tolerance as a line.

    Colours come from the page (`currentColor`, and the custom properties --bad and --good where it has them).
    """
    shown = [row for row in rows if row.difference is not None]
    inner = WIDTH - LEFT - 12
    top = _top(row.difference for row in shown)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="Largest difference of {len(shown)} layers, in the order in which they run" '
        'font-family="system-ui, sans-serif" font-size="11" fill="currentColor">'
    ]
    for power in range(LOWEST, top + 1, STEP):
        y = _height(10.0**power, top)
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - 12}" y1="{y:.1f}" y2="{y:.1f}" stroke="currentColor" opacity=".15"/>'
        )
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end" opacity=".7">1e{power}</text>')
    y = _height(tolerance, top)
    line = f'x1="{LEFT}" x2="{WIDTH - 12}" y1="{y:.1f}" y2="{y:.1f}" stroke="{BAD}" stroke-dasharray="5 4"'
    parts.append(f"<line {line}/>")
    label = f'x="{WIDTH - 14}" y="{y - 5:.1f}" text-anchor="end" fill="{BAD}"'
    parts.append(f"<text {label}>tolerance {tolerance:.0e}</text>")
    for place, row in enumerate(shown):
        assert row.difference is not None
        x = LEFT + inner * (place + 0.5) / len(shown)
        over = not row.difference <= tolerance
        colour = BAD if over else GOOD
        where = f" at {row.source}" if row.source else ""
        title = escape(f"{row.layer or 'the model'} ({row.kind}){where}: {row.difference:.1e}")
        radius = 3.5 if len(shown) < 150 else 2
        parts.append(
            f'<circle cx="{x:.1f}" cy="{_height(row.difference, top):.1f}" r="{radius}" fill="{colour}">'
            f"<title>{title}</title></circle>"
        )
    parts.append(f'<text x="{LEFT}" y="12" opacity=".7">largest difference of each layer call</text>')
    parts.append(f'<text x="{LEFT}" y="{HEIGHT - 8}" opacity=".7">first layer</text>')
    parts.append(f'<text x="{WIDTH - 12}" y="{HEIGHT - 8}" text-anchor="end" opacity=".7">last layer</text>')
    return "".join(parts) + "</svg>"


def _top(differences: Iterable[float | None]) -> int:
    """The power at which the scale ends: one with a line, above all that can be shown."""
    powers = [math.ceil(math.log10(value)) for value in differences if value and math.isfinite(value)]
    top = min(max([LEAST_TOP, *powers]), MOST_TOP)
    return top + (top - LOWEST) % STEP


def _height(difference: float, top: int) -> float:
    power = top if not math.isfinite(difference) else math.log10(max(difference, 10.0**LOWEST))
    share = (min(max(power, LOWEST), top) - LOWEST) / (top - LOWEST)
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - share)
