"""Imports: torch's go, TensorFlow's come; what stays torch is imported where it is used."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import libcst as cst

from transpile.emit import HEADING, inserted
from transpile.infer.definitions import parameters_of
from transpile.infer.scopes import bound_names
from transpile.infer.statements import dotted
from transpile.rewrite.context import Context
from transpile.rewrite.references import class_text
from transpile.source.third_party import needs_torch
from transpile.source.walk import children, descendants, walk

__all__ = ["finish"]

Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement
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


def deferred(node: cst.CSTNode) -> bool:
    """Whether an import brings torch or a package that needs it."""
    if isinstance(node, cst.Import):
        return any(_needs(dotted(alias.name)) for alias in node.names)
    if isinstance(node, cst.ImportFrom):
        return node.module is not None and not node.relative and _needs(dotted(node.module))
    return False


def _needs(module: str) -> bool:
    return is_torch(module) or needs_torch(module.split(".")[0])


def strip(context: Context, tree: cst.Module) -> tuple[cst.Module, Names, Names]:
    """The tree without deferred imports; what they brought at module level, and the same inside functions."""
    module_level: Names = {}
    stripper = _Stripper(context, module_level)
    stripped = walk(tree, stripper)
    return _with_import_comments(tree, stripped), module_level, stripper.local


def _with_import_comments(before: cst.Module, after: cst.Module) -> cst.Module:
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
            and all(deferred(s) for s in node.body)
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
        self.depth = 0

    def on_visit(self, node: cst.CSTNode) -> bool:
        if type(node) is cst.SimpleStatementLine:
            return any(type(s) in (cst.Import, cst.ImportFrom) for s in node.body)
        self.depth += type(node) is cst.FunctionDef
        return type(node) is not cst.Name and isinstance(node, _HOLDERS)

    def on_leave(self, original: Any, updated: Any) -> Any:
        kind = type(original)
        if kind is cst.Import:
            return self.leave_Import(original, updated)
        if kind is cst.ImportFrom:
            return self.leave_ImportFrom(original, updated)
        if kind is cst.IndentedBlock and not updated.body:
            return updated.with_changes(body=[cst.SimpleStatementLine([cst.Pass()])])
        self.depth -= kind is cst.FunctionDef
        return updated

    def leave_Import(self, original_node: cst.Import, updated_node: cst.Import) -> object:
        if not deferred(original_node):
            return updated_node
        kept = []
        for alias in updated_node.names:
            name = dotted(alias.name)
            if _needs(name):
                self._note(
                    cst.Import(names=[alias.with_changes(comma=cst.MaybeSentinel.DEFAULT)]), original_node
                )
            else:
                kept.append(alias.with_changes(comma=cst.MaybeSentinel.DEFAULT))
        return updated_node.with_changes(names=kept) if kept else cst.RemoveFromParent()

    def leave_ImportFrom(self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom) -> object:
        if not deferred(original_node):
            return updated_node
        self._note(updated_node, original_node)
        if isinstance(updated_node.names, cst.ImportStar):
            module = dotted(updated_node.module) if updated_node.module is not None else ""
            self.context.say("API006", original_node, f"star import from {module} is left out")
        return cst.RemoveFromParent()

    def _note(self, node: cst.Import | cst.ImportFrom, original: cst.CSTNode) -> None:
        target = self.brought if self.depth == 0 else self.local
        for local, line, module in import_lines(node):
            target[local] = line
            if not is_torch(module):
                self.context.say(
                    "API006", original,
                    f"{module.split('.')[0]} needs torch: its import is deferred to the functions that use it",
                )  # fmt: skip


def finish(context: Context, tree: cst.Module, section: Callable[[], str]) -> cst.Module:
    """Bring the imports in order: torch out, TensorFlow in, the support section behind the imports."""
    first_line = _first(tree)
    tree, brought, local = strip(context, tree)
    brought = {**context.run.star_imports, **brought}
    everything = {**local, **brought}
    if everything:
        at_hand = _evaluated(context, tree, brought)
        tree = _leftovers(context, tree, {k: v for k, v in everything.items() if k not in at_hand}, brought)
    return _insert(context, tree, section(), first_line)


def _evaluated(context: Context, tree: cst.Module, brought: Names) -> set[str]:
    """Where code evaluates strings, `nn` stays a name: a namespace of the layers that strings and data files name."""
    if not any(plan.op == "eval" for plan in context.run.plans.values()):
        return set()
    done: set[str] = set()
    for local, line in brought.items():
        if _qualified(line) != "torch.nn":
            continue
        named = set(context.run.evaluated) | set(
            re.findall(rf"\b{local}\.([A-Z]\w+)", "\n".join(_strings(tree)))
        )
        members = []
        for name in sorted(named):
            text = class_text(context, f"torch.nn.{name}", testing=False)
            if text is not None:
                members.append(f"{name}={text}")
        if members:
            context.needs("types")
            context.placeholders.append(
                f"{local} = types.SimpleNamespace({', '.join(members)})  # what evaluated strings may name"
            )
            done.add(local)
    return done


def _strings(tree: cst.Module) -> list[str]:
    return [node.value for node in descendants(tree) if type(node) is cst.SimpleString]


def _first(tree: cst.Module) -> cst.SimpleStatementLine | None:
    for node in tree.body:
        if isinstance(node, cst.SimpleStatementLine) and any(deferred(s) for s in node.body):
            return node
    return None


def _leftovers(context: Context, tree: cst.Module, everything: Names, brought: Names) -> cst.Module:
    # other files may import what a third-party package brought from this one
    at_module = {
        name for name, line in brought.items() if not is_torch(_qualified(line)) and name in everything
    }
    body = [_localized(context, node, everything, at_module) for node in tree.body]
    tree = tree.with_changes(body=body)
    if at_module:
        placeholder = context.support("Placeholder")
        context.placeholders.extend(
            f"{name} = {placeholder}({_qualified(everything[name])!r})" for name in sorted(at_module)
        )
    return tree


def _qualified(line: str) -> str:
    found = re.fullmatch(r"from (\S+) import (\S+)(?: as \S+)?", line)
    if found:
        return f"{found[1]}.{found[2]}"
    return line.split()[1]


def _localized(context: Context, node: Any, names: Names, at_module: set[str]) -> Any:
    """Names used in function bodies get a local import there; those used while the module loads a placeholder."""
    if isinstance(node, cst.FunctionDef):
        used = set(_used(node.body, names, _parameters(node)))
        used -= bound_names(node.body) if used else used
        for part in (*node.decorators, node.params, *([node.returns] if node.returns is not None else [])):
            at_module.update(_used(part, names, set()))
        if used and isinstance(node.body, cst.IndentedBlock):
            lines = [cst.parse_statement(names[name]) for name in sorted(used, key=lambda n: names[n])]
            inner = list(node.body.body)
            at = 1 if inner and _is_string(inner[0]) else 0
            return node.with_changes(body=node.body.with_changes(body=[*inner[:at], *lines, *inner[at:]]))
        if used:
            at_module.update(used)
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
            used = set(_used(node.body, names, set()))
            if used:
                lines = [cst.parse_statement(names[name]) for name in sorted(used, key=lambda n: names[n])]
                return node.with_changes(body=node.body.with_changes(body=[*lines, *node.body.body]))
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
    found: set[str] = set()
    _collect(node, names.keys() - shadowed, found)
    return found


def _collect(node: Any, names: set[str], found: set[str]) -> None:
    kind = type(node)
    if kind is cst.Name:
        if node.value in names:
            found.add(node.value)
    elif kind is cst.Attribute or kind is cst.Arg:
        _collect(node.value, names, found)
    elif kind is cst.Param:
        for part in (node.default, node.annotation):
            if part is not None:
                _collect(part, names, found)
    elif kind is cst.FunctionDef or kind is cst.Lambda:
        _collect(node.params, names, found)
        inner: set[str] = set()
        _collect(node.body, names - {p.name for p in parameters_of(node.params)}, inner)
        found |= inner - bound_names(node.body) if inner else inner
        if kind is cst.FunctionDef:
            for decorator in node.decorators:
                _collect(decorator, names, found)
    elif kind is not cst.Import and kind is not cst.ImportFrom:
        for child in children(node):
            _collect(child, names, found)


MODULES = {
    "contextlib": "import contextlib",
    "functools": "import functools",
    "math": "import math",
    "np": "import numpy as np",
    "tf": "import tensorflow as tf",
    "types": "import types",
}


def _insert(
    context: Context, tree: cst.Module, section: str, first: cst.SimpleStatementLine | None
) -> cst.Module:
    have = _imported_names(tree)
    named: set[str] = set()
    _collect(tree, MODULES.keys() - have - context.bound_names, named)
    context.needs(*named)
    lines = [MODULES[name] for name in sorted(context.uses) if name not in have]
    body = list(tree.body)
    at = _header_end(body)
    imports = [cst.parse_statement(line + "\n") for line in lines]
    place = _import_place(body, at)
    leading = []
    if first is not None and place == 0:
        leading = [line for line in first.leading_lines if line.comment is None]
    if imports and leading:
        imports[0] = imports[0].with_changes(leading_lines=leading)
    elif imports and place > 0 and _is_string(body[place - 1]):
        imports[0] = imports[0].with_changes(leading_lines=[cst.EmptyLine(indent=False)])
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


def _header_end(body: Sequence[Statement]) -> int:
    """The place behind the imports at the head of the module."""
    end = 0
    for number, node in enumerate(body):
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            break
        if _has_import(node) or (number == 0 and _is_string(node)):
            end = number + 1
    return end


def _has_import(node: cst.CSTNode) -> bool:
    if isinstance(node, cst.SimpleStatementLine):
        return any(isinstance(s, (cst.Import, cst.ImportFrom)) for s in node.body)
    if isinstance(node, (cst.If, cst.Try)) and isinstance(node.body, cst.IndentedBlock):
        return any(_has_import(child) for child in node.body.body)
    return False


def _is_string(node: cst.CSTNode) -> bool:
    return (
        isinstance(node, cst.SimpleStatementLine)
        and isinstance(node.body[0], cst.Expr)
        and isinstance(node.body[0].value, (cst.SimpleString, cst.ConcatenatedString))
    )


def _import_place(body: Sequence[Statement], end: int) -> int:
    """Where `import tensorflow as tf` goes: behind the last plain import of the header that sorts before it."""
    place = 0
    for number, node in enumerate(body[:end]):
        if isinstance(node, cst.SimpleStatementLine):
            if _is_string(node) or any(
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
