"""What a load did, and what a strict load says when the names or the shapes do not fit."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

# A model of another family misses thousands of names: the first ones of each kind tell as much as all of
# them.
_SHOWN = 20
# difflib compares pairwise; beyond this many candidates only those with the same last part are compared.
_POOL = 500


class Mismatch(NamedTuple):
    """A name whose array has another shape than the model wants, both in torch's order.

    `wanted` is None where the layer has no weights yet and the given arrays do not tell their sizes.
    """

    name: str
    wanted: tuple[int | None, ...] | None
    given: tuple[int, ...]

    def __str__(self) -> str:
        if self.wanted is None:
            return f"{self.name}: given {self.given}, which does not tell how to build the layer"
        return f"{self.name}: wanted {self.wanted}, given {self.given}"


@dataclass
class LoadReport:
    """The torch names by what became of them.

    loaded: read into the model. missing: expected by the model and not given. unexpected: given, without a
    place in the model. mismatched: given in another shape. ignored: known, and of no use: num_batches_tracked
    where BatchNorm has a momentum, and the bias of a layer that cannot be built for want of its kernel.
    """

    loaded: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    mismatched: list[Mismatch] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """True when every name of the state dict and every variable of the model found its counterpart."""
        return not (self.missing or self.unexpected or self.mismatched)

    def summary(self) -> str:
        """One line of counts: `12 loaded, 1 missing`."""
        kinds = ("loaded", "missing", "unexpected", "mismatched", "ignored")
        counts = [(kind, len(getattr(self, kind))) for kind in kinds]
        return ", ".join(f"{n} {kind}" for kind, n in counts if n or kind == "loaded")

    def __str__(self) -> str:
        lines = [self.summary()]
        lines += _listed("missing", self.missing)
        lines += _listed("unexpected", self.unexpected)
        lines += _listed("mismatched", [str(m) for m in self.mismatched])
        return "\n".join(lines)


class StateDictError(ValueError):
    """A strict load was refused; nothing was assigned. `report` has the names, the text the nearest ones."""

    def __init__(self, model: str, report: LoadReport, expected: Sequence[str]) -> None:
        fitting = len(report.loaded)
        self.report = replace(report, loaded=[])
        counts = self.report.summary().replace("0 loaded", f"{fitting} names fit")
        lines = [f"the state dict does not fit {model}, and nothing was loaded: {counts}"]
        lines += _listed("missing", _with_nearest(report.missing, report.unexpected))
        # A name that is still free is the likelier target; one already loaded is named where nothing else is
        # near.
        lines += _listed("unexpected", _with_nearest(report.unexpected, report.missing, expected))
        lines += _listed("mismatched", [str(m) for m in report.mismatched])
        super().__init__("\n".join(lines))


def _listed(kind: str, entries: Sequence[str]) -> list[str]:
    lines = [f"  {kind:<10}  {entry}" for entry in entries[:_SHOWN]]
    if len(entries) > _SHOWN:
        lines.append(f"  {kind:<10}  … and {len(entries) - _SHOWN} more")
    return lines


def _with_nearest(names: Iterable[str], *pools: Sequence[str]) -> list[str]:
    """Each name with its nearest candidates from the first pool that has one; for those that are shown."""
    listed = list(names)
    lines = []
    for name in listed[:_SHOWN]:
        nearest: list[str] = []
        for pool in pools:
            nearest = nearest or nearest_names(name, pool)
        lines.append(f"{name} (nearest: {', '.join(nearest)})" if nearest else name)
    return lines + listed[_SHOWN:]


def nearest_names(name: str, pool: Sequence[str]) -> list[str]:
    """Up to three names of the pool that look most like this one."""
    if len(pool) > _POOL:
        last = name.rpartition(".")[2]
        pool = [other for other in pool if other.rpartition(".")[2] == last][: 4 * _POOL]
    return difflib.get_close_matches(name, pool, n=3, cutoff=0.6)
