"""Names of imports that left and are still used: imported where they are, or a placeholder."""

from __future__ import annotations

import re
from typing import Any

import libcst as cst

from transpile.infer.definitions import parameters_of
from transpile.infer.scopes import bound_names
from transpile.rewrite.context import Context
from transpile.rewrite.local_imports import with_imports
from transpile.rewrite.stripping import Names, is_torch
from transpile.source.walk import children

__all__ = ["collect", "leftovers", "qualified", "read_before", "used"]


def leftovers(context: Context, tree: cst.Module, everything: Names, brought: Names) -> cst.Module:
    # other files may import what a third-party package brought from this one
    at_module = {
        name for name, line in brought.items() if not is_torch(qualified(line)) and name in everything
    }
    body = [_localized(context, node, everything, at_module) for node in tree.body]
    _hold_places(context, everything, at_module)
    return tree.with_changes(body=body)


def read_before(context: Context, tree: cst.Module, rebound: Names) -> None:
    """Placeholders for names of torch that a definition binds anew and reads itself: class Dataset(Dataset)."""
    defined = {node.name.value for node in tree.body if isinstance(node, (cst.FunctionDef, cst.ClassDef))}
    names = {name: line for name, line in rebound.items() if name in defined}
    at_module: set[str] = set()
    for node in tree.body if names else ():
        _localized(context, node, names, at_module)
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            names.pop(node.name.value, None)
    _hold_places(context, rebound, at_module)


def _hold_places(context: Context, lines: Names, names: set[str]) -> None:
    for name in sorted(names):
        context.placeholders.append(f"{name} = {context.support('Placeholder')}({qualified(lines[name])!r})")


def qualified(line: str) -> str:
    found = re.fullmatch(r"from (\S+) import (\S+)(?: as \S+)?", line)
    if found:
        return f"{found[1]}.{found[2]}"
    return line.split()[1]


def _localized(context: Context, node: Any, names: Names, at_module: set[str]) -> Any:
    """Names used in function bodies get a local import there; those used while the module loads a placeholder."""
    if isinstance(node, cst.FunctionDef):
        needed = _used(node.body, names, _parameters(node))
        needed -= bound_names(node.body) if needed else needed
        for part in (*node.decorators, node.params, *([node.returns] if node.returns is not None else [])):
            at_module.update(_used(part, names, set()))
        if needed and isinstance(node.body, cst.IndentedBlock):
            lines = {name: names[name] for name in needed}
            return node.with_changes(
                body=with_imports(node.body, lines, lambda part: _used(part, lines, set()))
            )
        if needed:
            at_module.update(needed)
        return node
    if isinstance(node, cst.ClassDef):
        for part in (*node.bases, *node.keywords, *node.decorators):
            at_module.update(_used(part, names, set()))
        if isinstance(node.body, cst.IndentedBlock):
            body = [_localized(context, child, names, at_module) for child in node.body.body]
            return node.with_changes(body=node.body.with_changes(body=body))
        return node
    if isinstance(node, (cst.If, cst.Try, cst.With, cst.For, cst.While)) and isinstance(
        node.body, cst.IndentedBlock
    ):
        if isinstance(node, cst.If) and _is_main(node):
            needed = _used(node.body, names, set())
            if needed:
                imports = [
                    cst.parse_statement(names[name]) for name in sorted(needed, key=lambda n: names[n])
                ]
                return node.with_changes(body=node.body.with_changes(body=[*imports, *node.body.body]))
            return node
        body = [_localized(context, child, names, at_module) for child in node.body.body]
        rest = [child for child in node.children if child is not node.body]
        for child in rest:
            at_module.update(_used(child, names, set()))
        return node.with_changes(body=node.body.with_changes(body=body))
    at_module.update(_used(node, names, set()))
    return node


def _is_main(node: cst.If) -> bool:
    return "__main__" in cst.Module(body=[]).code_for_node(node.test)


def _parameters(node: cst.FunctionDef) -> set[str]:
    return {p.name for p in parameters_of(node.params)}


def _used(node: cst.CSTNode, names: Names, shadowed: set[str]) -> set[str]:
    """The deferred names that a subtree reads."""
    return used(node, names.keys() - shadowed)


def used(node: cst.CSTNode, names: set[str]) -> set[str]:
    """Those of the names that a subtree reads."""
    found: set[str] = set()
    collect(node, names, found)
    return found


def collect(node: Any, names: set[str], found: set[str]) -> None:
    kind = type(node)
    if kind is cst.Name:
        if node.value in names:
            found.add(node.value)
    elif kind is cst.Attribute or kind is cst.Arg:
        collect(node.value, names, found)
    elif kind is cst.Param:
        for part in (node.default, node.annotation):
            if part is not None:
                collect(part, names, found)
    elif kind is cst.FunctionDef or kind is cst.Lambda:
        collect(node.params, names, found)
        inner: set[str] = set()
        collect(node.body, names - {p.name for p in parameters_of(node.params)}, inner)
        found |= inner - bound_names(node.body) if inner else inner
        if kind is cst.FunctionDef:
            for decorator in node.decorators:
                collect(decorator, names, found)
            if node.returns is not None:
                collect(node.returns, names, found)
    elif kind is not cst.Import and kind is not cst.ImportFrom:
        for child in children(node):
            collect(child, names, found)
