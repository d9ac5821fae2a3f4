"""How many uses of torch a file has, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from transpile.diagnostics import Diagnostic, Severity

__all__ = ["Uses", "counted"]


class Uses(NamedTuple):
    """Uses that are translated exactly, with a stated difference, and not at all."""

    exact: int = 0
    changed: int = 0
    left: int = 0

    def __add__(self, other: object) -> Uses:
        assert isinstance(other, Uses)
        return Uses(self.exact + other.exact, self.changed + other.changed, self.left + other.left)

    @property
    def total(self) -> int:
        return self.exact + self.changed + self.left

    def share(self, what: str) -> float:
        """The per cent of one of the three."""
        part: int = getattr(self, what)
        return round(100 * part / self.total, 1) if self.total else 0.0


def counted(text: str, found: Sequence[Diagnostic]) -> Uses:
    """The uses of torch's names in a text (methods of tensors are counted where something is said of them)."""
    from transpile.report.coverage import named_uses

    try:
        names = len(list(named_uses(text)))
    except (SyntaxError, ValueError, RecursionError):
        return Uses()
    api = [diagnostic for diagnostic in found if diagnostic.code.startswith("API")]
    left = sum(diagnostic.severity is not Severity.INFO for diagnostic in api)
    changed = sum(diagnostic.code == "API004" for diagnostic in api)
    return Uses(max(names - left - changed, 0), changed, left)
