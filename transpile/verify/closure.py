"""What a file needs of the folder that it belongs to: the files that it imports, and what those import."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Home", "closure", "home"]


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
    beside = any(_file(folder, name.split(".")) is not None for name in _imports(path, path.stem, False))
    return Home(folder, folder if beside else path, path.stem)


def closure(start: Home, path: Path) -> set[Path]:
    """The files below the home's root that importing a file may load, packages' own files included."""
    found: set[Path] = set()
    todo = [path.resolve()]
    while todo:
        file = todo.pop()
        if file in found:
            continue
        found.add(file)
        module = ".".join(file.relative_to(start.folder).with_suffix("").parts)
        is_package = file.name == "__init__.py"
        if is_package:
            module = module.rpartition(".")[0]
        parent = file.parent
        while parent != start.folder and start.folder in parent.parents:
            if (parent / "__init__.py").is_file():
                todo.append(parent / "__init__.py")
            parent = parent.parent
        for name in _imports(file, module, is_package):
            parts = name.split(".")
            for end in range(1, len(parts) + 1):
                if other := _file(start.folder, parts[:end]):
                    todo.append(other)
    return {file for file in found if start.root == file or start.root in file.parents}


def _file(folder: Path, parts: list[str]) -> Path | None:
    base = folder.joinpath(*parts)
    if (base / "__init__.py").is_file():
        return base / "__init__.py"
    file = base.with_name(base.name + ".py")
    return file if file.is_file() else None


def _imports(path: Path, module: str, is_package: bool) -> Iterator[str]:
    """The absolute names of everything that a file imports, members included: they may be modules."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, OSError, RecursionError):
        return
    package = module if is_package else module.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".") if package else []
                parts = parts[: len(parts) - node.level + 1]
                base = ".".join([*parts, *([node.module] if node.module else [])])
            if base:
                yield base
            yield from (
                f"{base}.{alias.name}" if base else alias.name for alias in node.names if alias.name != "*"
            )
