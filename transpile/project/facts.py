"""What the files of a folder tell each other: the place for facts that flow across imports.

`gather` is called once per folder, before any file is translated, in the parent process; what it returns for a
file travels with that file's job to `translate`. In this first form one thing flows: the torch names that a star
import brings from another file of the folder (`from pkg.common import *` may be where `nn` comes from). Summaries
of classes and functions of other files belong here too.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from transpile.project.plan import File, Unit

__all__ = ["gather"]

STARS = "star_imports"
EVALUATED = "evaluated"
_LAYER_NAME = re.compile(rb"\bnn\.([A-Z]\w+)")
_DATA_ENDINGS = (".yaml", ".yml", ".json", ".toml", ".cfg", ".ini", ".txt")
_LARGEST = 1 << 20  # bytes of a data file that is looked into


class _Names:
    """The imports of one module: torch names by import line, and the modules that it stars."""

    def __init__(self, name: str, is_init: bool, tree: ast.Module) -> None:
        self.torch: dict[str, str] = {}
        self.stars: list[str] = []
        package = name if is_init else name.rpartition(".")[0]
        for node in tree.body:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name.split(".")[0] == "torch":
                        local = alias.asname or "torch"
                        self.torch[local] = f"import {alias.name}" + (
                            f" as {alias.asname}" if alias.asname else ""
                        )
            elif isinstance(node, ast.ImportFrom):
                module = _absolute(node, package)
                for alias in node.names:
                    if alias.name == "*":
                        self.stars.append(module)
                    elif module.split(".")[0] == "torch":
                        tail = f" as {alias.asname}" if alias.asname else ""
                        self.torch[alias.asname or alias.name] = f"from {module} import {alias.name}{tail}"


def _absolute(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    base = ".".join(parts[: len(parts) - node.level + 1])
    return f"{base}.{node.module}" if node.module and base else (node.module or base)


def gather(unit: Unit) -> Mapping[Path, Mapping[str, Any]]:
    """For each file (by its source path) the torch names that its star imports bring, as import lines, and the
    layers that data files name."""
    if unit.root is None:
        return {}
    modules: dict[str, _Names] = {}
    names: dict[Path, str] = {}
    for file in unit.python:
        name, is_init = _module_name(unit.root, file)
        try:
            tree = ast.parse(file.source.read_bytes())
        except (SyntaxError, ValueError, OSError, RecursionError):
            continue
        names[file.source] = name
        modules[name] = _Names(name, is_init, tree)
    layers = sorted(_named_layers(unit))
    result: dict[Path, dict[str, Any]] = {}
    for path, name in names.items():
        brought: dict[str, str] = {}
        for module in modules[name].stars:
            _collect(modules, module, brought, set())
        told: dict[str, Any] = {}
        if brought:
            told[STARS] = brought
        if layers:
            told[EVALUATED] = layers
        if told:
            result[path] = told
    return result


def _named_layers(unit: Unit) -> set[str]:
    """Layers of torch.nn that the folder's data files name: code that evaluates such names needs them at hand."""
    found: set[str] = set()
    for file in unit.other:
        if file.source.name.endswith(_DATA_ENDINGS):
            try:
                if file.source.stat().st_size <= _LARGEST:
                    found.update(name.decode() for name in _LAYER_NAME.findall(file.source.read_bytes()))
            except OSError:
                continue
    return found


def _collect(modules: Mapping[str, _Names], name: str, into: dict[str, str], seen: set[str]) -> None:
    found = modules.get(name)
    if found is None or name in seen:
        return
    seen.add(name)
    for star in found.stars:
        _collect(modules, star, into, seen)
    into.update(found.torch)


def _module_name(root: Path, file: File) -> tuple[str, bool]:
    parts = list(file.source.relative_to(root).with_suffix("").parts)
    is_init = parts[-1] == "__init__"
    if is_init:
        parts.pop()
    return ".".join([root.resolve().name, *parts]), is_init
