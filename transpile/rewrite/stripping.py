"""Imports that leave: torch, and what needs torch."""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.imports import dotted
from transpile.infer.imports import is_torch as is_torch_fact
from transpile.rewrite.context import Context
from transpile.source.third_party import needs_torch
from transpile.source.walk import walk

__all__ = ["Names", "deferred", "import_lines", "is_torch", "strip"]
Names = dict[str, str]  # local name → the import statement that brings it


def is_torch(module: str) -> bool:
    return module == "torch" or module.startswith("torch.")


def import_lines(node: cst.Import | cst.ImportFrom) -> list[tuple[str, str, str]]:
    """(local name, statement, module) of each imported name."""
    result = []
    if isinstance(node, cst.Import):
        for alias in node.names:
            name = dotted(alias.name)
            if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
                local = alias.asname.name.value
                result.append((local, f"import {name} as {local}", name))
            else:
                result.append((name.split(".")[0], f"import {name}", name))
        return result
    module = "." * len(node.relative) + (dotted(node.module) if node.module is not None else "")
    if isinstance(node.names, cst.ImportStar):
        return []
    for alias in node.names:
        name = dotted(alias.name)
        local = (
            alias.asname.name.value
            if alias.asname is not None and isinstance(alias.asname.name, cst.Name)
            else name
        )
        tail = f" as {local}" if local != name else ""
        result.append((local, f"from {module} import {name}{tail}", module))
    return result


def deferred(context: Context, node: cst.CSTNode) -> bool:
    """Whether an import brings torch or a package that needs it."""
    if isinstance(node, cst.Import):
        return any(_needs(context, dotted(alias.name)) for alias in node.names)
    if isinstance(node, cst.ImportFrom):
        return node.module is not None and not node.relative and _needs(context, dotted(node.module))
    return False


def handed_on(context: Context, alias: cst.ImportAlias) -> bool:
    """Whether an import from a file of the project brings a torch name."""
    fact = context.run.facts.get(id(alias))
    return fact is not None and is_torch_fact(fact) and _local(alias) in context.run.module.lines


def _local(alias: cst.ImportAlias) -> str:
    name = alias.asname.name if alias.asname is not None else alias.name
    return name.value if isinstance(name, cst.Name) else dotted(alias.name)


def _needs(context: Context, module: str) -> bool:
    if module.split(".")[0] in context.run.modules:
        return False  # the project's own, and translated with it
    if not module.startswith(".") and "torch" in module.split(".")[1:]:
        return True  # a package's own part for torch, which its metadata calls an extra: safetensors.torch
    return is_torch(module) or needs_torch(module.split(".")[0])


def strip(context: Context, tree: cst.Module) -> tuple[cst.Module, Names, Names, Names]:
    """The tree without deferred imports; what they brought at module level, inside functions, and for a while.

    The last are the names that the module binds anew.
    """
    module_level: Names = {}
    stripper = _Stripper(context, module_level)
    stripped = walk(tree, stripper)
    return _with_import_comments(context, tree, stripped), module_level, stripper.local, stripper.rebound


def _with_import_comments(context: Context, before: cst.Module, after: cst.Module) -> cst.Module:
    """Comments above and behind top-level imports that left go above the statement that follows."""
    kept = {id(node) for node in after.body}
    body: list[Any] = []
    waiting: list[cst.EmptyLine] = []
    remaining = iter(after.body)
    current: Any = next(remaining, None)
    for node in before.body:
        gone = (
            isinstance(node, cst.SimpleStatementLine)
            and id(node) not in kept
            and all(deferred(context, s) for s in node.body)
        )
        if gone and isinstance(node, cst.SimpleStatementLine):
            waiting += [line for line in node.leading_lines if line.comment is not None]
            if node.trailing_whitespace.comment is not None:
                waiting.append(cst.EmptyLine(comment=node.trailing_whitespace.comment))
            continue
        if current is None:
            break
        if waiting and hasattr(current, "leading_lines"):
            lines = list(current.leading_lines)
            current = current.with_changes(leading_lines=[*waiting, *lines])
            waiting = []
        body.append(current)
        current = next(remaining, None)
    if current is not None:
        body.append(current)
        body += list(remaining)
    if len(body) != len(after.body):
        return after
    return after.with_changes(body=body)


_HOLDERS = (
    cst.Module,
    cst.IndentedBlock,
    cst.BaseCompoundStatement,
    cst.Else,
    cst.ExceptHandler,
    cst.Finally,
    cst.MatchCase,
)


class _Stripper:
    """Goes from statement to statement, into no expression."""

    def __init__(self, context: Context, brought: Names) -> None:
        self.context = context
        self.brought = brought
        self.local: Names = {}
        self.rebound: Names = {}  # what torch brought, until the module binds the name anew
        self.depth = 0
        self.nested = 0  # compound statements around

    def on_visit(self, node: cst.CSTNode) -> bool:
        if type(node) is cst.SimpleStatementLine:
            return any(type(s) in (cst.Import, cst.ImportFrom) for s in node.body)
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)) and not self.nested:
            self._rebind(node.name.value)
        self.nested += isinstance(node, cst.BaseCompoundStatement)
        self.depth += type(node) is cst.FunctionDef
        return type(node) is not cst.Name and isinstance(node, _HOLDERS)

    def on_leave(self, original: Any, updated: Any) -> Any:
        kind = type(original)
        self.nested -= isinstance(original, cst.BaseCompoundStatement)
        if kind is cst.Import or kind is cst.ImportFrom:
            result = (
                self.leave_Import(original, updated)
                if kind is cst.Import
                else self.leave_ImportFrom(original, updated)
            )
            if not self.nested and isinstance(result, (cst.Import, cst.ImportFrom)):
                for local, _, _ in import_lines(result):
                    self._rebind(local)
            return result
        if kind is cst.IndentedBlock and not updated.body:
            return updated.with_changes(body=[cst.SimpleStatementLine([cst.Pass()])])
        self.depth -= kind is cst.FunctionDef
        return updated

    def _rebind(self, name: str) -> None:
        """The later binding of a name is the one that functions mean."""
        if name in self.brought:
            self.rebound[name] = self.brought.pop(name)

    def leave_Import(self, original_node: cst.Import, updated_node: cst.Import) -> object:
        if not deferred(self.context, original_node):
            return updated_node
        kept = []
        for alias in updated_node.names:
            name = dotted(alias.name)
            if _needs(self.context, name):
                self._note(
                    cst.Import(names=[alias.with_changes(comma=cst.MaybeSentinel.DEFAULT)]), original_node
                )
            else:
                kept.append(alias.with_changes(comma=cst.MaybeSentinel.DEFAULT))
        return updated_node.with_changes(names=kept) if kept else cst.RemoveFromParent()

    def leave_ImportFrom(self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom) -> object:
        if not deferred(self.context, original_node):
            return self._without_torch(updated_node)
        self._note(updated_node, original_node)
        if isinstance(updated_node.names, cst.ImportStar):
            module = dotted(updated_node.module) if updated_node.module is not None else ""
            self.context.say("API006", original_node, f"star import from {module} is left out")
        return cst.RemoveFromParent()

    def _without_torch(self, node: cst.ImportFrom) -> object:
        """Torch names that another file of the project handed on: its translation has none of them."""
        if isinstance(node.names, cst.ImportStar):
            return node
        gone = [alias for alias in node.names if handed_on(self.context, alias)]
        if not gone:
            return node
        lines = self.context.run.module.lines
        if self.depth:
            self.local.update({_local(alias): lines[_local(alias)] for alias in gone})
        kept = [alias for alias in node.names if alias not in gone]
        if not kept:
            return cst.RemoveFromParent()
        kept[-1] = kept[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
        return node.with_changes(names=kept)

    def _note(self, node: cst.Import | cst.ImportFrom, original: cst.CSTNode) -> None:
        target = self.brought if self.depth == 0 else self.local
        for local, line, module in import_lines(node):
            target[local] = line
            if not is_torch(module):
                self.context.say(
                    "API006", original,
                    f"{module.split('.')[0]} needs torch: its import is deferred to the functions that use it",
                )  # fmt: skip
