"""Packages that are translated along with what imports them: where they are."""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from pathlib import Path

from transpile.project.plan import UnusableCall

__all__ = ["found"]


def found(name: str) -> Path:
    """The folder of a package, given as a path or by the name that an import of it has; nothing is imported.

    Raises UnusableCall for what is no package of source files.
    """
    path = Path(name)
    if name and path.is_dir():
        return path
    spec = PathFinder.find_spec(name, [str(Path.cwd()), *sys.path]) if name.isidentifier() else None
    if spec is None:
        raise UnusableCall(f"--with {name}: no such folder, and no installed package of that name")
    folders = [Path(folder) for folder in spec.submodule_search_locations or ()]
    if len(folders) != 1 or not folders[0].is_dir():
        raise UnusableCall(f"--with {name}: is no package in one folder of source files")
    return folders[0]
