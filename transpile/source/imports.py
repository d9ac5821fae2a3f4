"""What a Python file imports, by absolute name, without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Import", "imports", "statements"]


@dataclass(frozen=True, slots=True)
class Import:
    """`import source` (name None), `from source import name`, or `from source import *`."""

    source: str
    name: str | None = None

    @property
    def member(self) -> str:
        """What the name is as a module, if it is one: `a.b` of `from a import b`."""
        return self.source if self.name in (None, "*") else f"{self.source}.{self.name}".lstrip(".")


def imports(text: str | bytes, module: str, is_package: bool) -> Iterator[Import]:
    """Every import of a text, those in functions too; `module` is its own dotted name, "" if it has none.

    Nothing for a text that Python cannot parse, and none of an import that climbs out of the top package.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return  # whoever translates it says what is wrong
    package = module.split(".") if is_package else module.split(".")[:-1]
    for node in statements(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name)
                if alias.asname is None and "." in alias.name:
                    yield Import(alias.name.partition(".")[0])  # which is what the statement binds
        elif isinstance(node, ast.ImportFrom):
            source = node.module or ""
            if node.level:
                if node.level > len(package) + 1:
                    continue
                kept = package[: len(package) - node.level + 1]
                source = ".".join([*kept, *([source] if source else [])])
            yield from (Import(source, alias.name) for alias in node.names)


def statements(tree: ast.Module) -> Iterator[ast.stmt]:
    """The statements of a module, in their order, those of functions and classes too.

    A walk that leaves out the expressions, which are nearly all of a tree.
    """
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.stmt):
            yield node
        below: list[ast.AST] = []
        for suite in ("body", "handlers", "orelse", "finalbody", "cases"):
            inner = getattr(node, suite, ())
            if isinstance(inner, list):  # a lambda's body is none
                below += inner
        waiting += reversed(below)
