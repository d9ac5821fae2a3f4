"""From one file to the files that it takes names of: the part of its package that has to come along."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from transpile.project.closure import home, needed
from transpile.project.plan import File, Unit, UnusableCall, plan

__all__ = ["followed"]


def followed(path: Path, out: Path | None) -> Unit:
    """The unit of a file and what it imports of its own package, directly or not; raises UnusableCall.

    Files keep their places below the package's root. The `__init__.py` of a package of which no name is taken is
    written empty: what it imports for others is not needed. Files that are no Python come along from the folders
    of the modules that do, and from folders of such files alone below them.
    """
    if path.is_dir():
        raise UnusableCall(f"{path}: is a folder; --follow-imports starts from one file")
    if not path.is_file():
        raise UnusableCall(f"{path}: no such file or folder")
    place = home(path)
    if place.is_file:
        (unit,) = plan([path], out)
        return unit
    if out is not None and out.suffix == ".py" and not out.is_dir():
        raise UnusableCall(f"{out}: {path} imports from its package; name the folder to write")
    (unit,) = plan([place.root], out)
    found = needed(place, path)
    python = tuple(file for file in unit.python if file.source.resolve() in found.used)
    emptied = tuple(file for file in unit.python if file.source.resolve() in found.passed)
    folders = {file.source.resolve().parent for file in python}
    with_python = {file.source.resolve().parent for file in unit.python}
    other = tuple(file for file in unit.other if _goes_along(file, folders, with_python))
    return replace(unit, python=python, emptied=emptied, other=other, notebooks=(), unreadable=())


def _goes_along(file: File, taken: set[Path], with_python: set[Path]) -> bool:
    """Whether a file that is no Python lies beside a module that is taken, or in a folder of data below one."""
    folder = file.source.resolve().parent
    while folder not in with_python and folder.parent != folder:
        folder = folder.parent
    return folder in taken
