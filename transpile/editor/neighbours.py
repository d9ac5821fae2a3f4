"""The files that an open one imports, and those that they import: what they say of its names, in the background.

They come by nearness, and at one distance those that speak of torch first, up to so many lines: of a large package
what is close is worth the time, and the rest is as unknown as another library. Each version of a file is parsed once.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from transpile.diagnostics import SourceError
from transpile.partial import cut
from transpile.project.closure import Home, home, module_file
from transpile.source.imports import imports
from transpile.source.roots import SPEAKS_OF_TORCH
from transpile.source.text import decode
from transpile.translate import concerns, parse

if TYPE_CHECKING:
    import libcst as cst

    from transpile.editor.source import Reader
    from transpile.infer.modules import ModuleInfo

__all__ = ["LINES", "Around", "Neighbours"]

LINES = 5000


class Around(NamedTuple):
    """A file's own name, and the modules around it by theirs; `files` are where these stand."""

    name: str
    is_package: bool
    readers: Mapping[str, Reader]
    files: frozenset[Path]


class _File(NamedTuple):
    text: str
    tree: cst.Module | None  # None where it cannot be parsed, or is a translation


class Neighbours:
    """The files around open ones. To be asked by one thread at a time."""

    def __init__(self, lines: int = LINES) -> None:
        self.lines = lines
        self._texts: dict[Path, tuple[object, str]] = {}
        self._files: dict[Path, _File] = {}

    def around(self, path: Path, text: str, opened: Mapping[Path, str]) -> Around | None:
        """What stands around a file with this text; None where it imports nothing beside it.

        `opened` are the texts of files that may differ from what is on the disk.
        """
        path = path.resolve()
        place = home(path)
        name, is_package = place.module, path.name == "__init__.py"
        found: dict[str, Path] = {}
        left = self.lines
        level = list(_targets(place, text, name, is_package))
        while level and left > 0:
            texts = {file: self._text(file, opened) for _, file in level if file != path}
            level = [(module, file) for module, file in level if texts.get(file) and module not in found]
            level.sort(key=lambda target: SPEAKS_OF_TORCH.search(texts[target[1]]) is None)
            further: list[tuple[str, Path]] = []
            for module, file in level:
                size = texts[file].count("\n")
                if module in found or size > left:
                    continue
                left -= size
                found[module] = file
                further += _targets(place, texts[file], module, file.name == "__init__.py")
            level = further
        if not found:
            return None
        readers = {module: partial(self._read, module, file, opened) for module, file in found.items()}
        return Around(name, is_package, readers, frozenset(found.values()))

    def _text(self, file: Path, opened: Mapping[Path, str]) -> str:
        if file in opened:
            return opened[file]
        try:
            stat = file.stat()
            version = (stat.st_mtime_ns, stat.st_size)
            known = self._texts.get(file)
            if known is None or known[0] != version:
                known = self._texts[file] = version, decode(file.read_bytes()).text
        except (OSError, SourceError):
            return ""
        return known[1]

    def _read(self, name: str, file: Path, opened: Mapping[Path, str]) -> ModuleInfo | None:
        """A module for one inference: facts are its own, the tree is shared."""
        from transpile.infer.modules import ModuleInfo

        text = self._text(file, opened)
        known = self._files.get(file)
        if known is None or known.text != text:
            tree = None
            if concerns(text) or SPEAKS_OF_TORCH.search(text) is None:
                with contextlib.suppress(SourceError):
                    tree = parse(cut(text).text)
            known = self._files[file] = _File(text, tree)
        if known.tree is None:
            return None
        return ModuleInfo(name, known.text, known.tree, is_package=file.name == "__init__.py")


def _targets(place: Home, text: str, module: str, is_package: bool) -> Iterator[tuple[str, Path]]:
    """The modules of the same home that a text imports, with their files."""
    for found in imports(text, module, is_package):
        for name in dict.fromkeys((found.member, found.source)):
            file = module_file(place.folder, name.split(".")) if name else None
            if file is not None:
                yield name, file
                break
