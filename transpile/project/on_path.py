"""Folders inside a package that its own code puts on sys.path, so that files below them are imported from there."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

__all__ = ["folders_on_path"]

_ABSOLUTE_IMPORT = re.compile(rb"^[ \t]*(?:from|import)[ \t]+([A-Za-z_]\w*)", re.MULTILINE)


def folders_on_path(root: Path, files: Sequence[Path]) -> tuple[Path, ...]:
    """The folders, root or below, of which a file takes a module by an absolute import.

    `from model.utils import f` in root/net/model/head.py means root/net/model/utils.py where root/net is on
    sys.path. Only looked for where some file speaks of sys.path: otherwise such a name is a package elsewhere.
    """
    texts = {file: file.read_bytes() for file in files}
    if not any(b"sys.path" in text for text in texts.values()):
        return ()
    found: set[Path] = set()
    exists: dict[Path, bool] = {}
    for file, text in texts.items():
        names = {name.decode() for name in _ABSOLUTE_IMPORT.findall(text)}
        for name in names - sys.stdlib_module_names - {root.name}:
            folder = file.parent
            while folder == root or root in folder.parents:
                place = folder / name
                if place not in exists:
                    exists[place] = _is_module(folder, name)
                if exists[place]:
                    found.add(folder)
                    break
                folder = folder.parent
    return tuple(sorted(found))


def _is_module(folder: Path, name: str) -> bool:
    return (folder / f"{name}.py").is_file() or (folder / name / "__init__.py").is_file()
