"""What each top-level definition of the support library says: its text, and the global names in it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

__all__ = ["index"]

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def index(files: Iterable[Path]) -> list[Any]:
    """[{name: [text, uses, compound]}, {name: import line}] of some modules, as transpile.emit reads it."""
    definitions: dict[str, list[Any]] = {}
    imports: dict[str, str] = {}
    for path in files:
        text = path.read_text(encoding="utf-8")
        lines = text.splitlines()
        for node in ast.parse(text).body:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    line = f"import {alias.name}" + (f" as {alias.asname}" if alias.asname else "")
                    imports[alias.asname or alias.name.partition(".")[0]] = line
            elif isinstance(node, ast.ImportFrom):
                if (node.module or "").partition(".")[0] not in ("transpile", "__future__"):
                    for alias in node.names:
                        tail = f" as {alias.asname}" if alias.asname else ""
                        imports[alias.asname or alias.name] = f"from {node.module} import {alias.name}{tail}"
            else:
                for name, entry in _defined(node, lines):
                    if definitions.setdefault(name, entry) is not entry:
                        raise ValueError(
                            f"{path}:{node.lineno}: {name} is defined twice in the support library"
                        )
    return [definitions, imports]


def _defined(node: ast.stmt, lines: list[str]) -> Iterator[tuple[str, list[Any]]]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        names, compound = [node.name], True
    elif isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names, compound = [target.id for target in targets if isinstance(target, ast.Name)], False
    else:
        return
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
    own = lines[first - 1 : node.end_lineno]
    uses = sorted({(line - first, column, name) for line, column, name in _globals(node, frozenset())})
    placed = []
    for line, column, name in uses:
        if (
            isinstance(node, (ast.FunctionDef, ast.ClassDef))
            and name == node.name
            and line == node.lineno - first
        ):
            column = own[line].index(name, column)
        column = len(own[line].encode()[:column].decode())  # ast counts bytes
        if not re.match(
            rf"{name}\b", own[line][column:]
        ):  # inside an f-string, where ast does not know the place
            found = re.search(rf"(?<![\w.]){name}\b", own[line])
            assert found is not None
            column = found.start()
        placed.append([line, column, name])
    for name in names:
        yield name, ["\n".join(own), placed, compound]


def _globals(node: ast.AST, local: frozenset[str]) -> Iterator[tuple[int, int, str]]:
    """(line, column, name) of every global name that a tree says, its own definition included."""
    if isinstance(node, ast.Name):
        if node.id not in local:
            yield node.lineno, node.col_offset, node.id
        return
    if isinstance(node, _SCOPES):
        if not isinstance(node, ast.Lambda):
            if node.name not in local:
                yield node.lineno, node.col_offset, node.name
            for decorator in node.decorator_list:
                yield from _globals(decorator, local)
        arguments = node.args
        for default in [*arguments.defaults, *arguments.kw_defaults]:
            if default is not None:
                yield from _globals(default, local)
        inner = local | _bound(node)
        yield from (use for child in _body(node) for use in _globals(child, inner))
        return
    if isinstance(node, ast.ClassDef):
        if node.name not in local:
            yield node.lineno, node.col_offset, node.name
        yield from (
            use
            for part in (*node.decorator_list, *node.bases, *node.keywords)
            for use in _globals(part, local)
        )
        for child in node.body:
            if isinstance(child, _SCOPES):  # the names of a class body are not those of its methods
                own = (child.lineno, child.col_offset)
                yield from (use for use in _globals(child, local) if use[:2] != own)
            else:
                yield from _globals(child, local | _stored(node))
        return
    if isinstance(node, _COMPREHENSIONS):
        local = local | _stored(node)
    for part in ast.iter_child_nodes(node):
        yield from _globals(part, local)


def _body(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> list[ast.AST]:
    return [node.body] if isinstance(node, ast.Lambda) else [*node.body]


def _bound(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> set[str]:
    arguments = node.args
    named = [
        *arguments.posonlyargs,
        *arguments.args,
        *arguments.kwonlyargs,
        arguments.vararg,
        arguments.kwarg,
    ]
    return {argument.arg for argument in named if argument is not None} | _stored(node)


def _stored(node: ast.AST) -> set[str]:
    """The names that a scope binds itself, without the scopes inside it."""
    found: set[str] = set()
    stack = list(ast.iter_child_nodes(node))
    while stack:
        child = stack.pop()
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(child.name)
            continue
        if isinstance(child, ast.Lambda):
            continue
        if isinstance(child, ast.Name) and not isinstance(child.ctx, ast.Load):
            found.add(child.id)
        elif isinstance(child, ast.ExceptHandler) and child.name:
            found.add(child.name)
        elif isinstance(child, (ast.Import, ast.ImportFrom)):
            found.update(alias.asname or alias.name.partition(".")[0] for alias in child.names)
        stack.extend(ast.iter_child_nodes(child))
    return found
