"""What a file needs of the folder that it belongs to: the files that it imports, and what those import."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from transpile.source.imports import Import, imports

__all__ = ["Closure", "Home", "closure", "home", "module_file", "needed"]


@dataclass(frozen=True, slots=True)
class Home:
    """Where a file is imported from: `folder` stands on sys.path, `module` is its dotted name there.

    `root` is what is translated: the outermost package, the folder itself where files beside it are imported,
    or the file alone.
    """

    folder: Path
    root: Path
    module: str

    @property
    def is_file(self) -> bool:
        return self.root.is_file()


def home(path: Path) -> Home:
    """The home of a source file."""
    path = path.resolve()
    folder = path.parent
    while (folder / "__init__.py").is_file() and folder.parent != folder:
        folder = folder.parent
    parts = list(path.relative_to(folder).with_suffix("").parts)
    if parts[-1] == "__init__":
        parts.pop()
    if len(parts) > 1:
        return Home(folder, folder / parts[0], ".".join(parts))
    beside = any(
        module_file(folder, name.split(".")) is not None
        for found in _imports(path, path.stem, False)
        for name in (found.source, found.member)
    )
    return Home(folder, folder if beside else path, path.stem)


@dataclass(frozen=True, slots=True)
class Closure:
    """The files that a file needs: `used` in full; of the packages' files in `passed` no name is taken."""

    used: frozenset[Path]
    passed: frozenset[Path]


def closure(start: Home, path: Path) -> set[Path]:
    """The files below the home's root that importing a file may load, packages' own files included."""
    return set(_closure(start, path, through=True).used)


def needed(start: Home, path: Path) -> Closure:
    """The files that a file takes names of, directly or not.

    Importing a.b.c loads a/__init__.py too. Where nobody takes a name of that file, and it is no module that is
    imported for itself, what it imports in turn is not needed: it is among the `passed`.
    """
    return _closure(start, path, through=False)


def _closure(start: Home, path: Path, *, through: bool) -> Closure:
    used: set[Path] = set()
    passed: set[Path] = set()
    todo = [path.resolve()]
    while todo:
        file = todo.pop()
        if file in used:
            continue
        used.add(file)
        module = ".".join(file.relative_to(start.folder).with_suffix("").parts)
        is_package = file.name == "__init__.py"
        if is_package:
            module = module.rpartition(".")[0]
        passed.update(_packages(start, file))
        for found in _imports(file, module, is_package):
            target = module_file(start.folder, found.member.split("."))
            if target is None or found.name == "*":
                # a name of the module, or of a package's own file
                target = module_file(start.folder, found.source.split(".")) or target
            if target is not None:
                todo.append(target)
                passed.update(_packages(start, target))
            elif found.name is None:
                passed.update(_longest(start, found.source))
        if through:
            todo += passed
    inside = {file for file in used | passed if start.root == file or start.root in file.parents}
    return Closure(frozenset(used & inside), frozenset(inside - used))


def _packages(start: Home, file: Path) -> Iterator[Path]:
    """The `__init__.py` files of the packages around a file."""
    parent = file.parent
    while parent != start.folder and start.folder in parent.parents:
        if (parent / "__init__.py").is_file() and parent / "__init__.py" != file:
            yield parent / "__init__.py"
        parent = parent.parent


def _longest(start: Home, name: str) -> Iterator[Path]:
    """The packages that exist on the way to a module that does not."""
    parts = name.split(".")
    for end in range(1, len(parts)):
        if other := module_file(start.folder, parts[:end]):
            yield other


def module_file(folder: Path, parts: list[str]) -> Path | None:
    """The file of a module, by the parts of its name below a folder of sys.path; None where there is none."""
    base = folder.joinpath(*parts)
    if (base / "__init__.py").is_file():
        return base / "__init__.py"
    file = base.with_name(base.name + ".py")
    return file if file.is_file() else None


def _imports(path: Path, module: str, is_package: bool) -> Iterator[Import]:
    try:
        data = path.read_bytes()
    except OSError:
        return
    yield from imports(data, module, is_package)
