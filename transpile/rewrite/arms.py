"""Imports of torch in an arm of `try` or `if`: where something still reads the name, the arm binds it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import libcst as cst

from transpile.infer.facts import UNKNOWN, resolve
from transpile.infer.imports import is_torch as is_torch_fact
from transpile.rewrite.code import expression
from transpile.rewrite.context import Context
from transpile.rewrite.deferral import qualified, used
from transpile.rewrite.references import class_text, value_of
from transpile.rewrite.stripping import import_lines, is_torch
from transpile.source.walk import descendants, walk

__all__ = ["bound_by_arms"]

Lines = dict[
    int, tuple[cst.SimpleStatementLine, bool]
]  # by id: the line, and whether it stands in a module's body


def bound_by_arms(context: Context, tree: cst.Module) -> cst.Module:
    """try: from torch import bmm / except ImportError: bmm = … → try: bmm = tf.matmul / except ImportError: …

    Without it the arm that torch takes would bind nothing, and the other never runs. A name that is read nowhere may
    go, unless what it is depends on the arm: then other files read it as it is.
    """
    lines: Lines = {}
    _collect(tree, lines)
    if not lines:
        return tree
    brought = {
        local
        for line, _ in lines.values()
        for small in line.body
        if isinstance(small, cst.ImportFrom)
        for local, _, _ in import_lines(small)
    }
    result = walk(tree, _Binder(context, lines, used(tree, brought)))
    assert isinstance(result, cst.Module)
    return result


def _collect(tree: cst.Module, lines: Lines) -> None:
    at_module = {id(node) for node in _outside_functions(tree)}
    for node in descendants(tree):
        for block in _arms(node):
            for line in block.body:
                if isinstance(line, cst.SimpleStatementLine) and any(map(_from_torch, line.body)):
                    lines[id(line)] = line, id(line) in at_module


def _arms(node: Any) -> Iterator[Any]:
    if isinstance(node, (cst.Try, cst.TryStar)):
        blocks = [node.body, *(handler.body for handler in node.handlers)]
        yield from blocks if node.orelse is None else [*blocks, node.orelse.body]
    elif isinstance(node, cst.If):
        yield node.body
        if isinstance(node.orelse, cst.Else):
            yield node.orelse.body


def _outside_functions(tree: cst.Module) -> Iterator[cst.CSTNode]:
    stack: list[Any] = list(tree.body)
    while stack:
        node = stack.pop()
        yield node
        for block in _arms(node):
            stack.extend(block.body)


def _from_torch(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.ImportFrom) and any(is_torch(module) for _, _, module in import_lines(node))


class _Binder:
    def __init__(self, context: Context, lines: Lines, read: set[str]) -> None:
        self.context = context
        self.lines = lines
        self.read = read

    def on_visit(self, node: cst.CSTNode) -> bool:
        return id(node) not in self.lines

    def on_leave(self, original: Any, updated: Any) -> Any:
        if id(original) not in self.lines:
            return updated
        _, at_module = self.lines[id(original)]
        parts: list[Any] = []
        for small in original.body:
            parts += self.bound(small, at_module) if _from_torch(small) else [small]
        if parts == list(original.body):
            return updated
        made = [
            cst.SimpleStatementLine([part.with_changes(semicolon=cst.MaybeSentinel.DEFAULT)])
            for part in parts
        ]
        made[0] = made[0].with_changes(leading_lines=original.leading_lines)
        made[-1] = made[-1].with_changes(trailing_whitespace=original.trailing_whitespace)
        return cst.FlattenSentinel(made)

    def bound(self, node: cst.ImportFrom, at_module: bool) -> list[Any]:
        """The assignments that stand for an import, behind what is left of it."""
        assert not isinstance(node.names, cst.ImportStar)
        left: list[cst.ImportAlias] = []
        made: list[Any] = []
        for alias, (local, line, _) in zip(node.names, import_lines(node), strict=True):
            text = self.value(alias, local, qualified(line), at_module)
            if text is None:
                left.append(alias.with_changes(comma=cst.MaybeSentinel.DEFAULT))
            else:
                made.append(cst.Assign([cst.AssignTarget(cst.Name(local))], text))
        if not made:
            return [node]
        return [node.with_changes(names=left), *made] if left else made

    def value(self, node: cst.ImportAlias, local: str, name: str, at_module: bool) -> Any:
        depends = at_module and not is_torch_fact(resolve(self.context.run.module.env.get(local, UNKNOWN)))
        if local not in self.read and not depends:
            return None
        rule = self.context.run.rules.by_name(name)
        made: Any = None
        if rule is not None:
            made = value_of(self.context, rule)
        elif (text := class_text(self.context, name, testing=False)) is not None:
            made = expression(text)
        if made is None and depends:  # other files ask for the name, whichever arm has bound it
            made = expression(f"{self.context.support('Placeholder')}({name!r})")
            self.context.say(
                "API001", node, f"{name} stays torch's; what stands for it raises when it is used"
            )
        return made
