"""Imports: torch's go, TensorFlow's come; what stays torch is imported where it is used."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from transpile.infer.statements import dotted
from transpile.rewrite.context import Context
from transpile.rewrite.references import class_text
from transpile.source.third_party import needs_torch

__all__ = ["TorchImports", "finish"]

Names = dict[str, str]  # local name → the import statement that brings it


class TorchImports(cst.CSTTransformer):
    """Takes the imports of torch, and of packages that need it, out of a tree; remembers what they brought."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.brought: Names = {}
        self.lines: dict[str, cst.CSTNode] = {}
        self.foreign: set[str] = set()
        self.removed_any = False


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
        local = alias.asname.name.value if alias.asname is not None and isinstance(alias.asname.name, cst.Name) else name
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
    return tree.visit(stripper), module_level, stripper.local


class _Stripper(cst.CSTTransformer):
    def __init__(self, context: Context, brought: Names) -> None:
        super().__init__()
        self.context = context
        self.brought = brought
        self.local: Names = {}
        self.depth = 0

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        self.depth += 1
        return True

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:
        self.depth -= 1
        return updated_node

    def visit_SimpleStatementLine(self, node: cst.SimpleStatementLine) -> bool:
        return any(isinstance(s, (cst.Import, cst.ImportFrom)) for s in node.body)

    def visit_Expr(self, node: cst.Expr) -> bool:
        return False

    def leave_Import(self, original_node: cst.Import, updated_node: cst.Import) -> object:
        if not deferred(original_node):
            return updated_node
        kept = []
        for alias in updated_node.names:
            name = dotted(alias.name)
            if _needs(name):
                self._note(cst.Import(names=[alias.with_changes(comma=cst.MaybeSentinel.DEFAULT)]), original_node)
            else:
                kept.append(alias.with_changes(comma=cst.MaybeSentinel.DEFAULT))
        return updated_node.with_changes(names=kept) if kept else cst.RemoveFromParent()

    def leave_ImportFrom(self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom) -> object:
        if not deferred(original_node):
            return updated_node
        self._note(updated_node, original_node)
        if isinstance(updated_node.names, cst.ImportStar):
            self.context.say("API006", original_node, f"star import from {dotted(updated_node.module)} is left out")  # type: ignore[arg-type]
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

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> object:
        return updated_node if updated_node.body else cst.RemoveFromParent()

    def leave_IndentedBlock(self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock) -> cst.IndentedBlock:
        if not updated_node.body:
            return updated_node.with_changes(body=[cst.SimpleStatementLine([cst.Pass()])])
        return updated_node


def finish(context: Context, tree: cst.Module, section: str) -> cst.Module:
    """Bring the imports in order: torch out, TensorFlow in, the support section behind the imports."""
    context.__dict__.pop("placeholders", None)
    brought: Names = {}
    local: Names = {}
    first_line: cst.SimpleStatementLine | None = None
    if _imports_deferred(tree):
        first_line = _first(tree)
        tree, brought, local = strip(context, tree)
    brought = {**context.run.star_imports, **brought}
    everything = {**local, **brought}
    if everything:
        at_hand = _evaluated(context, tree, brought)
        tree = _leftovers(context, tree, {k: v for k, v in everything.items() if k not in at_hand}, brought)
    return _insert(context, tree, section, first_line)


def _evaluated(context: Context, tree: cst.Module, brought: Names) -> set[str]:
    """Where code evaluates strings, `nn` stays a name: a namespace of the layers that strings and data files name."""
    if not any(plan.op == "eval" for plan in context.run.plans.values()):
        return set()
    done: set[str] = set()
    for local, line in brought.items():
        if _qualified(line) != "torch.nn":
            continue
        named = set(context.run.evaluated) | set(re.findall(rf"\b{local}\.([A-Z]\w+)", "\n".join(_strings(tree))))
        members = []
        for name in sorted(named):
            text = class_text(context, f"torch.nn.{name}", testing=False)
            if text is not None:
                members.append(f"{name}={text}")
        if members:
            context.needs("types")
            context.__dict__.setdefault("placeholders", []).append(
                f"{local} = types.SimpleNamespace({', '.join(members)})  # what evaluated strings may name"
            )
            done.add(local)
    return done


def _strings(tree: cst.Module) -> list[str]:
    found: list[str] = []

    class Collector(cst.CSTVisitor):
        def visit_SimpleString(self, node: cst.SimpleString) -> None:
            found.append(node.value)

    tree.visit(Collector())
    return found


def _imports_deferred(tree: cst.Module) -> bool:
    text = tree.code
    return re.search(r"\bimport\b", text) is not None


def _first(tree: cst.Module) -> cst.SimpleStatementLine | None:
    for node in tree.body:
        if isinstance(node, cst.SimpleStatementLine) and any(deferred(s) for s in node.body):
            return node
    return None


def _leftovers(context: Context, tree: cst.Module, everything: Names, brought: Names) -> cst.Module:
    # other files may import what a third-party package brought from this one
    at_module = {name for name, line in brought.items() if not is_torch(_qualified(line)) and name in everything}
    pattern = re.compile(r"\b(" + "|".join(map(re.escape, everything)) + r")\b")
    if not pattern.search(tree.code) and not at_module:
        return tree
    body: list[cst.BaseStatement] = []
    for node in tree.body:
        body.append(_localized(context, node, everything, at_module))  # type: ignore[arg-type]
    tree = tree.with_changes(body=body)
    if at_module:
        placeholder = context.support("Placeholder")
        context.__dict__.setdefault("placeholders", []).extend(
            f"{name} = {placeholder}({_qualified(everything[name])!r})" for name in sorted(at_module)
        )
    return tree


def _qualified(line: str) -> str:
    found = re.fullmatch(r"from (\S+) import (\S+)(?: as \S+)?", line)
    if found:
        return f"{found[1]}.{found[2]}"
    return line.split()[1]


def _localized(context: Context, node: cst.BaseStatement, names: Names, at_module: set[str]) -> cst.BaseStatement:
    """Names used in function bodies get a local import there; those used while the module loads a placeholder."""
    if isinstance(node, cst.FunctionDef):
        used = set(_used(node.body, names, _parameters(node)))
        for part in (*node.decorators, node.params, *( [node.returns] if node.returns is not None else [])):
            at_module.update(_used(part, names, set()))
        if used and isinstance(node.body, cst.IndentedBlock):
            lines = [cst.parse_statement(names[name]) for name in sorted(used, key=lambda n: names[n])]
            inner = list(node.body.body)
            from transpile.rewrite.modules import _is_docstring

            at = 1 if inner and _is_docstring(inner[0]) else 0
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
    if isinstance(node, (cst.If, cst.Try, cst.With, cst.For, cst.While)) and isinstance(node.body, cst.IndentedBlock):
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
    from transpile.infer.definitions import parameters_of

    return {p.name for p in parameters_of(node.params)}


def _used(node: cst.CSTNode, names: Names, shadowed: set[str]) -> Iterator[str]:
    """The deferred names that a subtree reads."""
    if isinstance(node, cst.Name):
        if node.value in names and node.value not in shadowed:
            yield node.value
        return
    if isinstance(node, (cst.BaseParenthesizableWhitespace, cst.TrailingWhitespace, cst.EmptyLine, cst.SimpleString)):
        return
    if isinstance(node, cst.Attribute):
        yield from _used(node.value, names, shadowed)
        return
    if isinstance(node, cst.Arg):
        yield from _used(node.value, names, shadowed)
        return
    if isinstance(node, cst.Param):
        if node.default is not None:
            yield from _used(node.default, names, shadowed)
        if node.annotation is not None:
            yield from _used(node.annotation, names, shadowed)
        return
    if isinstance(node, (cst.FunctionDef, cst.Lambda)):
        from transpile.infer.definitions import parameters_of

        inner = shadowed | {p.name for p in parameters_of(node.params)}
        yield from _used(node.params, names, shadowed)
        yield from _used(node.body, names, inner)
        if isinstance(node, cst.FunctionDef):
            for decorator in node.decorators:
                yield from _used(decorator, names, shadowed)
        return
    if isinstance(node, (cst.Import, cst.ImportFrom)):
        return
    for child in node.children:
        yield from _used(child, names, shadowed)


MODULES = {"tf": "import tensorflow as tf", "np": "import numpy as np", "math": "import math", "contextlib": "import contextlib", "types": "import types"}


def _insert(context: Context, tree: cst.Module, section: str, first: cst.SimpleStatementLine | None) -> cst.Module:
    have = _imported_names(tree)
    lines = [MODULES[name] for name in sorted(context.uses) if name not in have]
    body = list(tree.body)
    at = _header_end(body)
    new: list[cst.BaseStatement] = []
    imports = [cst.parse_statement(line + "\n") for line in lines]
    place = _import_place(body, at)
    leading = first.leading_lines if first is not None and place == 0 else ()
    if imports and leading:
        imports[0] = imports[0].with_changes(leading_lines=leading)  # type: ignore[union-attr]
    body[place:place] = imports  # type: ignore[arg-type]
    at += len(imports)
    for text in context.__dict__.get("placeholders", ()):
        new.append(cst.parse_statement(text + "\n"))  # type: ignore[arg-type]
    if section:
        parsed = cst.parse_module(section)
        statements = list(parsed.body)
        if parsed.header and statements:
            head = statements[0]
            statements[0] = head.with_changes(leading_lines=[*parsed.header, *head.leading_lines])  # type: ignore[union-attr]
        new = [*statements, *new]  # type: ignore[list-item]
    body[at:at] = new
    return tree.with_changes(body=body)


def _imported_names(tree: cst.Module) -> set[str]:
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, cst.SimpleStatementLine):
            for small in node.body:
                if isinstance(small, (cst.Import, cst.ImportFrom)):
                    names.update(local for local, _, _ in import_lines(small))
    return names


def _header_end(body: list[cst.BaseStatement]) -> int:
    """The place behind the imports at the head of the module."""
    end = 0
    for number, node in enumerate(body):
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            break
        if _has_import(node):
            end = number + 1
        elif isinstance(node, cst.SimpleStatementLine) and number == end and _is_string(node) and end == 0:
            end = number + 1
    return end


def _has_import(node: cst.CSTNode) -> bool:
    if isinstance(node, cst.SimpleStatementLine):
        return any(isinstance(s, (cst.Import, cst.ImportFrom)) for s in node.body)
    if isinstance(node, (cst.If, cst.Try)) and isinstance(node.body, cst.IndentedBlock):
        return any(_has_import(child) for child in node.body.body)
    return False


def _is_string(node: cst.SimpleStatementLine) -> bool:
    return isinstance(node.body[0], cst.Expr) and isinstance(node.body[0].value, (cst.SimpleString, cst.ConcatenatedString))


def _import_place(body: list[cst.BaseStatement], end: int) -> int:
    """Where `import tensorflow as tf` goes: behind the last plain import of the header that sorts before it."""
    place = 0
    for number, node in enumerate(body[:end]):
        if isinstance(node, cst.SimpleStatementLine):
            if _is_string(node) or any(isinstance(s, cst.ImportFrom) and s.module is not None and dotted(s.module) == "__future__" for s in node.body):
                place = number + 1
            for small in node.body:
                if isinstance(small, cst.Import) or (isinstance(small, cst.ImportFrom) and not small.relative):
                    name = dotted(small.names[0].name) if isinstance(small, cst.Import) else dotted(small.module)  # type: ignore[arg-type]
                    if name.lower() < "tensorflow" and place <= number:
                        place = number + 1
        else:
            break
    return place
