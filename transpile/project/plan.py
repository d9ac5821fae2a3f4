"""From the paths of a call to the list of files: what is read, where it goes, what it is called there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from transpile.project.on_path import folders_on_path
from transpile.project.renaming import Renaming

SKIPPED_FOLDERS = frozenset(
    {"__pycache__", ".git", ".hg", ".svn", ".mypy_cache", ".pytest_cache", ".ruff_cache"}
)
SKIPPED_ENDINGS = (".pyc", ".pyo")
SUPPORT_NAME = "_torch_support"

_RELATIVE_IMPORT = re.compile(rb"^[ \t]*from[ \t]+(\.+)", re.MULTILINE)


class UnusableCall(Exception):
    """The call cannot be carried out as given; nothing has been written. The text is one line for the user."""


@dataclass(frozen=True, slots=True)
class File:
    """One file: `source` is read, `target` written (None: nowhere), `shown` is its name in what is said."""

    source: Path
    target: Path | None
    shown: str
    depth: int = 0  # folders between the root of its package and the file


@dataclass(frozen=True, slots=True)
class Unit:
    """What is translated together: a single file, or a folder with the package in it."""

    python: tuple[File, ...]
    other: tuple[File, ...] = ()
    root: Path | None = None  # the folder; None for a single file
    out: Path | None = None
    renaming: Renaming | None = None
    support: str | None = None  # name of the folder's support module
    is_package: bool = True
    unreadable: tuple[File, ...] = ()
    notebooks: tuple[File, ...] = ()  # of a folder; each is translated alone
    emptied: tuple[File, ...] = ()  # packages' own files of which no name is taken (following.py)
    on_path: tuple[Path, ...] = ()  # folders of the package that its own code puts on sys.path

    @property
    def files(self) -> tuple[File, ...]:
        """Every file that is read and written."""
        return (*self.python, *self.emptied, *self.notebooks, *self.other)

    def support_module(self, file: File) -> str | None:
        """How a file of the folder imports the support module; None for a single file, which carries its own.

        A file that is also imported from a folder on sys.path cannot climb from there: it names the package.
        """
        if self.support is None:
            return None
        if self.is_package and any(folder in file.source.parents for folder in self.on_path):
            return f"{self.name}.{self.support}"
        return "." * (file.depth + 1) + self.support if self.is_package else self.support

    def module_name(self, file: File) -> tuple[str, bool]:
        """The dotted name of a file in the output, and whether it is the `__init__` of its package."""
        if self.root is None:
            return (file.target or file.source).stem, False
        parts = list(file.source.relative_to(self.root).with_suffix("").parts)
        is_package = parts[-1] == "__init__"
        if is_package:
            parts.pop()
        if self.is_package:
            parts.insert(0, self.name)
        return ".".join(parts), is_package

    @property
    def name(self) -> str:
        """The dotted name of the package that is written."""
        assert self.root is not None
        return self.renaming.new if self.renaming is not None else dotted_name(self.root.resolve())

    @property
    def support_target(self) -> Path | None:
        return None if self.out is None or self.support is None else self.out / f"{self.support}.py"


def plan(paths: Sequence[Path], out: Path | None, along: Sequence[Path] = ()) -> list[Unit]:
    """The units of a call, and last those of the packages that are translated `along`.

    One file goes to the file `out`; one folder to the folder `out`; of several paths each goes into the
    folder `out` under its own name. With `out` None nothing has a target.
    Raises UnusableCall for missing paths and for outputs that would collide.
    """
    for path in paths:
        if not os.path.lexists(path):
            raise UnusableCall(f"{path}: no such file or folder")
    several = len(paths) > 1
    if several and out is not None and out.exists() and not out.is_dir():
        raise UnusableCall(f"{out}: is a file; several paths need a folder")
    units = []
    for path in paths:
        own = None if out is None else (out / path.resolve().name if several else out)
        units.append(_folder(path, own) if path.is_dir() else _single(path, own))
    units += beside(along, out, several)
    refuse_collisions(units)
    return units


def beside(packages: Sequence[Path], out: Path | None, several: bool = False) -> list[Unit]:
    """The units of packages that are translated along: each under its own name, where imports find it."""
    parent = None if out is None else out if several else out.resolve().parent
    return [_folder(path, None if parent is None else parent / path.resolve().name) for path in packages]


def _single(path: Path, out: Path | None) -> Unit:
    if out is not None and out.is_dir():
        raise UnusableCall(f"{out}: is a folder; name the file, {out / path.name}")
    return Unit((File(path, out, path.as_posix()),))


def _folder(path: Path, out: Path | None) -> Unit:
    root = path.resolve()
    if out is not None:
        if out.exists() and not out.is_dir():
            raise UnusableCall(f"{out}: is a file; the output of a folder is a folder")
        if out.resolve() != root and root in out.resolve().parents:
            raise UnusableCall(f"{out}: lies inside {path}, the folder to translate")
    python: list[File] = []
    other: list[File] = []
    unreadable: list[File] = []
    notebooks: list[File] = []
    for source in _walk(path):
        relative = source.relative_to(path)
        target = None if out is None else out / relative
        file = File(source, target, source.as_posix(), len(relative.parts) - 1)
        if not source.is_file() or not os.access(source, os.R_OK):
            unreadable.append(file)
        elif source.suffix == ".py":
            python.append(file)
        elif source.suffix == ".ipynb":
            notebooks.append(file)
        else:
            other.append(file)
    old = dotted_name(root)
    new = old if out is None else dotted_name(out.resolve())
    support = SUPPORT_NAME
    while any(file.depth == 0 and file.source.stem == support for file in python):
        support += "_"  # the folder is a translation itself, whose own support module stays as it is
    is_package = _is_package(python, root)
    return Unit(
        tuple(python),
        tuple(other),
        path,
        out,
        Renaming(old, new) if old != new else None,
        support,
        is_package,
        tuple(unreadable),
        tuple(notebooks),
        on_path=folders_on_path(path, [file.source for file in python]) if is_package else (),
    )


def _walk(root: Path) -> Iterator[Path]:
    """Every file below a folder, sorted; linked folders are followed, each real folder once."""
    seen: set[str] = set()
    for folder, folders, names in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if name not in SKIPPED_FOLDERS)
        for name in sorted(names):
            if not name.endswith(SKIPPED_ENDINGS):
                yield Path(folder, name)


def dotted_name(folder: Path) -> str:
    """The dotted name that a package folder is imported by: its own name and those of the packages around it."""
    parts = [folder.name]
    for parent in folder.parents:
        if not (parent / "__init__.py").is_file():
            break
        parts.insert(0, parent.name)
    return ".".join(parts)


def _is_package(python: Sequence[File], root: Path) -> bool:
    """Whether the folder is imported as a package, or is itself on the path with its files as top-level modules.

    Without an `__init__.py` it is a (namespace) package if a file imports itself by the folder's name,
    or climbs up to it by a relative import.
    """
    if (root / "__init__.py").is_file():
        return True
    own = re.compile(rb"^[ \t]*(?:from|import)[ \t]+" + re.escape(root.name.encode()) + rb"\b", re.MULTILINE)
    for file in python:
        data = file.source.read_bytes()
        if own.search(data) or any(len(m[1]) > file.depth for m in _RELATIVE_IMPORT.finditer(data)):
            return True
    return False


def refuse_collisions(units: Sequence[Unit]) -> None:
    """No output may be an input, nor two outputs be one file."""
    files = [file for unit in units for file in unit.files]
    sources = {os.path.realpath(file.source): file for file in files}
    targets: dict[str, File] = {}
    for file in files:
        if file.target is None:
            continue
        real = os.path.realpath(file.target)
        if real in sources:
            raise UnusableCall(f"{file.target}: is a source of this call, and would be overwritten")
        if real in targets and not _is_device(file.target):
            raise UnusableCall(f"{file.target}: two sources would be written there")
        targets[real] = file


def _is_device(path: Path) -> bool:
    return path.exists() and not path.is_file()
