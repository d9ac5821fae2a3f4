"""Imports: torch's go, TensorFlow's come; what stays torch is imported where it is used."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import libcst as cst

from transpile.emit import HEADING, inserted
from transpile.infer.imports import dotted
from transpile.rewrite.code import is_string
from transpile.rewrite.context import Context
from transpile.rewrite.deferral import collect, leftovers, qualified, read_before, used
from transpile.rewrite.einops import without_replaced
from transpile.rewrite.namespaces import namespaces
from transpile.rewrite.stripping import deferred, import_lines, strip

__all__ = ["finish", "header_end", "insert"]

Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement


def finish(context: Context, tree: cst.Module, section: Callable[[], str]) -> cst.Module:
    """Bring the imports in order: torch out, TensorFlow in, the support section behind the imports."""
    first_line = _first(context, tree)
    tree, brought, local, rebound = strip(context, without_replaced(context, tree))
    brought = {**context.run.module.lines, **brought}
    taken = set(context.supports.values())  # their uses are uses of the support
    everything = {name: line for name, line in {**local, **brought}.items() if name not in taken}
    brought = {name: line for name, line in brought.items() if name in everything}
    read_before(context, tree, rebound)
    if everything:
        at_hand = namespaces(context, tree, {name: qualified(line) for name, line in brought.items()})
        tree = leftovers(context, tree, {k: v for k, v in everything.items() if k not in at_hand}, brought)
    return insert(context, tree, section(), first_line)


def _first(context: Context, tree: cst.Module) -> cst.SimpleStatementLine | None:
    for node in tree.body:
        if isinstance(node, cst.SimpleStatementLine) and any(deferred(context, s) for s in node.body):
            return node
    return None


MODULES = {
    "contextlib": "import contextlib",
    "functools": "import functools",
    "math": "import math",
    "np": "import numpy as np",
    "os": "import os",
    "tf": "import tensorflow as tf",
    "types": "import types",
}


def insert(
    context: Context, tree: cst.Module, section: str = "", first: cst.SimpleStatementLine | None = None
) -> cst.Module:
    """The tree with the imports that the rewritten code needs, its placeholders, and the support section."""
    have = _imported_names(tree)
    named: set[str] = set()
    collect(tree, MODULES.keys() - have - context.bound_names, named)
    context.needs(*named)
    lines = [MODULES[name] for name in sorted(context.uses) if name not in have]
    body = list(tree.body)
    at = min(header_end(body), _first_use(context, body))
    imports = [cst.parse_statement(line + "\n") for line in lines]
    place = _import_place(body, at)
    leading = []
    if first is not None and place == 0:
        leading = [line for line in first.leading_lines if line.comment is None]
    if imports and leading:
        imports[0] = imports[0].with_changes(leading_lines=leading)
    elif imports and place > 0 and is_string(body[place - 1]):
        imports[0] = imports[0].with_changes(leading_lines=[cst.EmptyLine(indent=False)])
        following = body[place] if place < len(body) else None
        if isinstance(following, cst.SimpleStatementLine) and _has_import(following):
            lines_above = following.leading_lines
            if all(line.comment is None for line in lines_above):  # one paragraph of imports
                body[place] = following.with_changes(leading_lines=())
    body[place:place] = imports
    at += len(imports)
    body[at:at] = [cst.parse_statement(text + "\n") for text in context.placeholders]
    if section.startswith(HEADING):
        body = inserted(body, at, section)
    elif section:
        body[at:at] = [cst.parse_statement(section)]
    return tree.with_changes(body=body)


def _imported_names(tree: cst.Module) -> set[str]:
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, cst.SimpleStatementLine):
            for small in node.body:
                if isinstance(small, (cst.Import, cst.ImportFrom)):
                    names.update(local for local, _, _ in import_lines(small))
    return names


def header_end(body: Sequence[Statement]) -> int:
    """The place behind the imports at the head of the module."""
    end = 0
    for number, node in enumerate(body):
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            break
        if _has_import(node) or (number == 0 and is_string(node)):
            end = number + 1
    return end


def _first_use(context: Context, body: Sequence[Statement]) -> int:
    """The first statement among the imports that needs what is put there, such as a test of torch's version."""
    names = {*context.supports.values(), *context.uses}
    names |= {text.partition(" = ")[0] for text in context.placeholders}
    for number, node in enumerate(body):
        if used(node, names):
            return number
    return len(body)


def _has_import(node: cst.CSTNode) -> bool:
    if isinstance(node, cst.SimpleStatementLine):
        return any(isinstance(s, (cst.Import, cst.ImportFrom)) for s in node.body)
    if isinstance(node, (cst.If, cst.Try)) and isinstance(node.body, cst.IndentedBlock):
        return any(_has_import(child) for child in node.body.body)
    return False


def _import_place(body: Sequence[Statement], end: int) -> int:
    """Where `import tensorflow as tf` goes: behind the last plain import of the header that sorts before it."""
    place = 0
    for number, node in enumerate(body[:end]):
        if isinstance(node, cst.SimpleStatementLine):
            if is_string(node) or any(
                isinstance(s, cst.ImportFrom) and s.module is not None and dotted(s.module) == "__future__"
                for s in node.body
            ):
                place = number + 1
            for small in node.body:
                if isinstance(small, cst.Import):
                    named: cst.BaseExpression | None = small.names[0].name
                else:
                    named = small.module if isinstance(small, cst.ImportFrom) and not small.relative else None
                if named is not None:
                    name = dotted(named)
                    if name.lower() < "tensorflow" and place <= number:
                        place = number + 1
        else:
            break
    return place
