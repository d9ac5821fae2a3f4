"""Many files: which they are, where they go, what they tell each other, and the processes that do the work."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transpile.translate import Translation

__all__ = ["translate_package"]


def translate_package(
    path: str | PathLike[str],
    out: str | PathLike[str] | None = None,
    *,
    data_format: str = "channels_last",
    jobs: int | None = None,
    rules: Sequence[str | PathLike[str]] = (),
    exact_training: bool = False,
) -> dict[Path, Translation]:
    """Translate every Python file of a folder; with `out`, write the folder `out` as the command does.

    Returns the translation of each file that concerns torch, by its path in the folder; files without torch
    are carried over, files that cannot be parsed are in the result with their error diagnostic and no code.
    `jobs` is the number of processes (None: chosen by the size of the folder).
    Raises transpile.project.plan.UnusableCall for a missing path and for an output that cannot be written.
    """
    # imported here, since every start of the command loads this package
    from dataclasses import replace

    from transpile.project.job import Options
    from transpile.project.plan import plan
    from transpile.project.run import translate_unit, write_unit
    from transpile.translate import Translation

    root = Path(path)
    options = Options(data_format, tuple(Path(rule) for rule in rules), exact_training)
    found: dict[Path, Translation] = {}
    for unit in plan([root], None if out is None else Path(out)):
        if out is None:
            outcomes = list(translate_unit(unit, options, jobs))
        else:
            outcomes = [(result.file, result.outcome) for result in write_unit(unit, options, jobs)]
        for file, outcome in outcomes:
            name = file.source.relative_to(root) if root.is_dir() else Path(file.source.name)
            if outcome.translation is not None:
                found[name] = replace(outcome.translation, diagnostics=list(outcome.diagnostics))
            elif outcome.diagnostics:
                found[name] = Translation("", list(outcome.diagnostics), {}, frozenset())
    return found
