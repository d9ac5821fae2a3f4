"""Which modules of a project have anything to translate: those that speak of torch, and those that import them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

__all__ = ["SPEAKS_OF_TORCH", "roots"]

SPEAKS_OF_TORCH = re.compile(r"\btorch\b|\beinops\b")


def roots(texts: Mapping[str, tuple[str, bool]]) -> list[str]:
    """The names of such modules, in the order given; `texts` are source and whether it is an `__init__`, by name.

    A module that never says torch may still hold its tensors and layers: `class Net(Conv)` with Conv from a
    sibling. One that only imports what has nothing to do with torch is none, whatever its methods are called.
    """
    found = {name for name, (text, _) in texts.items() if SPEAKS_OF_TORCH.search(text)}
    if not found:
        return []
    importers: dict[str, list[str]] = {}
    for name, (text, is_package) in texts.items():
        if name not in found:
            for target in _imports(name, text, is_package):
                importers.setdefault(target, []).append(name)
    todo = list(found)
    while todo:
        for importer in importers.get(todo.pop(), ()):
            if importer not in found:
                found.add(importer)
                todo.append(importer)
    return [name for name in texts if name in found]


def _imports(name: str, text: str, is_package: bool) -> Iterator[str]:
    """Every dotted name that a module's imports may mean: of `from a import b` both a and a.b."""
    if "import" not in text:
        return
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return  # whoever translates it says what is wrong
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
        elif isinstance(node, ast.ImportFrom):
            source = node.module or ""
            if node.level:
                parts = name.split(".")
                kept = parts[: len(parts) - node.level + is_package]
                source = ".".join([*kept, *([source] if source else [])])
            yield source
            for alias in node.names:
                yield f"{source}.{alias.name}"
