"""The modules of a project: their trees, their names, and what importing one from another gives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from typing import TYPE_CHECKING

import libcst as cst

from transpile.infer.definitions import ClassInfo, Env, FunctionInfo
from transpile.infer.facts import Var
from transpile.source.roots import BRINGS_TORCH

if TYPE_CHECKING:
    from transpile.infer.run import Remark

__all__ = ["ModuleInfo", "Modules"]


class ModuleInfo:
    """One module: its tree and what running it abstractly has bound.

    `name` is dotted, empty for a text that belongs to no package; `lines` are the import statements of the torch
    names that imports from other files of the project brought, by local name.
    """

    def __init__(self, name: str, text: str, tree: cst.Module, *, is_package: bool = False) -> None:
        self.name = name
        self.text = text
        self.tree = tree
        self.is_package = is_package
        self.env = Env()
        self.state = "new"  # new, running, done
        self.concerns_torch = BRINGS_TORCH.search(text) is not None
        self.imported: set[str] = set()  # names that imports bind, anywhere in the module
        self.bound: set[str] = set()  # names that the source itself binds
        self.lines: dict[str, str] = {}
        self.functions: list[FunctionInfo] = []
        self.classes: list[ClassInfo] = []
        self.remarks: dict[tuple[int, str], Remark] = {}
        self.late: dict[str, Var] = {}  # names that others asked for before they were bound
        self.uses_volumes = False
        self.makes_empty = False  # whether code makes tensors of shape (0,), which torch.cat leaves out
        self.evaluates = False  # whether code makes names from strings
        self.failure: Exception | None = None

    def absolute(self, level: int, module: str) -> str:
        """The dotted name of `from ..module import …` as seen from this module; "" if it leaves the project."""
        if not level:
            return module
        parts = self.name.split(".")
        keep = len(parts) - level + (1 if self.is_package else 0)
        if not self.name or keep < 1:
            return ""
        return ".".join([*parts[:keep], *([module] if module else [])])

    def __repr__(self) -> str:
        return f"ModuleInfo({self.name})"


class Modules:
    """All modules by name. One is parsed when it is first asked for: most files without torch never are."""

    def __init__(
        self, readers: Mapping[str, Callable[[], ModuleInfo | None]], on_path: Set[str] = frozenset()
    ) -> None:
        self.readers = readers
        self.on_path = on_path  # packages of the project that stand on sys.path themselves
        self.known: dict[str, ModuleInfo | None] = {}
        self.folders = {name[:at] for name in readers for at, sign in enumerate(name) if sign == "."}

    def __contains__(self, name: str) -> bool:
        """Whether the project has a module, or a folder of modules, of that name."""
        return name in self.readers or name in self.folders

    def seen_from(self, importer: str, name: str) -> str:
        """What an absolute import of `name` means in the module `importer`: the nearest folder on sys.path has it."""
        if self.on_path and name not in self:
            parts = importer.split(".")
            for end in range(len(parts), 0, -1):
                folder = ".".join(parts[:end])
                if folder in self.on_path and f"{folder}.{name}" in self:
                    return f"{folder}.{name}"
        return name

    def find(self, name: str) -> ModuleInfo | None:
        """The module of that name, None where there is none or it cannot be parsed."""
        if name not in self.known:
            reader = self.readers.get(name)
            self.known[name] = reader() if reader is not None else None
        return self.known[name]

    def loaded(self) -> Iterable[ModuleInfo]:
        """The modules that were read so far, in that order."""
        return [module for module in self.known.values() if module is not None]
