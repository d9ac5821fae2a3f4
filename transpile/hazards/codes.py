"""Severity of each code."""

from __future__ import annotations

from transpile.diagnostics import Severity

SEVERITIES: dict[str, Severity] = {
    "API001": Severity.WARNING,
    "API002": Severity.WARNING,
    "API003": Severity.WARNING,
    "API004": Severity.INFO,
    "API005": Severity.WARNING,
    "API006": Severity.INFO,
    "LAY002": Severity.WARNING,
    "LAY003": Severity.WARNING,
    "LAY004": Severity.WARNING,
    "SHP001": Severity.WARNING,
    "INF001": Severity.WARNING,
    "STA001": Severity.WARNING,
}
