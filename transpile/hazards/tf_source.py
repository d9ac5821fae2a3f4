"""TensorFlow source, as people write it or port it by hand: what `transpile check` looks at in a file without torch.

A check is told of a node of its types, with the names of the module at hand:

    @tf_check(ast.Call)
    def sequential(source: Source, node: ast.Call) -> None: ...

What transpile itself copied into a file is passed over.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

from transpile.diagnostics import Diagnostic, Edit
from transpile.emit import END, HEADING
from transpile.hazards.codes import SEVERITIES, load
from transpile.source.roots import concerns_tensorflow

__all__ = ["Source", "scan_tensorflow", "tf_check"]

Check = Callable[["Source", Any], None]
CHECKS: dict[type, list[Check]] = {}


def tf_check(*types: type[ast.AST]) -> Callable[[Check], Check]:
    """Register a check of every node of these types in TensorFlow source."""

    def register(function: Check) -> Check:
        for type_ in types:
            CHECKS.setdefault(type_, []).append(function)
        return function

    return register


class Source:
    """A module's tree with its imports, and the chain of definitions around the node that is looked at."""

    def __init__(self, text: str, filename: str) -> None:
        self.text = text
        self.lines = text.splitlines()
        self.filename = filename
        self.tree = ast.parse(text)
        self.names = dict(_imported(self.tree))
        self.around: list[ast.AST] = []  # classes and functions, outermost first
        self.found: list[Diagnostic] = []
        self.passed: set[int] = set()  # ids of nodes that a check has dealt with by one around them
        self.layers = _own_layers(self)
        self._copied = _copied(self.lines)
        self.tree.body = [node for node in self.tree.body if not self._is_copied(node.lineno)]
        self._walked: dict[ast.AST, list[ast.AST]] = {}

    def _is_copied(self, line: int) -> bool:
        return any(first <= line <= last for first, last in self._copied)

    def walk(self, scope: ast.AST) -> list[ast.AST]:
        """The nodes of the module, a class or a function, which many checks ask for."""
        found = self._walked.get(scope)
        if found is None:
            found = self._walked[scope] = list(ast.walk(scope))
        return found

    def name(self, node: ast.AST) -> str:
        """The qualified name of what is said, `tensorflow.keras.Sequential`; empty where it is none."""
        if isinstance(node, ast.Name):
            return self.names.get(node.id, "")
        if isinstance(node, ast.Attribute):
            base = self.name(node.value)
            return f"{base}.{node.attr}" if base else ""
        return ""

    @property
    def tensorflow(self) -> str | None:
        """What the module calls TensorFlow, `tf` as a rule."""
        return next((local for local, full in self.names.items() if full == "tensorflow"), None)

    def is_layer(self, node: ast.AST) -> bool:
        """Whether an expression makes a Keras layer, of Keras' own classes or of one of this module."""
        if not isinstance(node, ast.Call):
            return False
        name = self.name(node.func)
        if name.startswith("tensorflow.keras.layers.") and name.rpartition(".")[2][:1].isupper():
            return True
        if name in ("tensorflow.keras.Sequential", "tensorflow.keras.models.Sequential"):
            return True
        return isinstance(node.func, ast.Name) and node.func.id in self.layers

    @property
    def function(self) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        """The innermost function around."""
        around = self.around[-1] if self.around else None
        return around if isinstance(around, (ast.FunctionDef, ast.AsyncFunctionDef)) else None

    @property
    def owner(self) -> ast.ClassDef | None:
        """The class whose method is looked at."""
        classes = [node for node in self.around if isinstance(node, ast.ClassDef)]
        return classes[-1] if classes else None

    @property
    def is_traced(self) -> bool:
        """Whether the code runs in the call of a layer, or in a tf.function."""
        function = self.function
        if function is None:
            return False
        if any(
            self.name(d.func if isinstance(d, ast.Call) else d) == "tensorflow.function"
            for d in function.decorator_list
        ):
            return True
        return (
            function.name in ("call", "__call__")
            and self.owner is not None
            and self.owner.name in self.layers
        )

    def column(self, line: int, offset: int) -> int:
        """A column from 1 in characters, where ast counts bytes."""
        return len(self.lines[line - 1].encode()[:offset].decode(errors="replace")) + 1

    def span(self, node: Any) -> tuple[int, int, int, int]:
        """(line, column, end line, end column) of a node."""
        return (
            node.lineno,
            self.column(node.lineno, node.col_offset),
            node.end_lineno,
            self.column(node.end_lineno, node.end_col_offset),
        )

    def segment(self, node: ast.AST) -> str:
        """A node as it is written."""
        return ast.get_source_segment(self.text, node) or ""

    def edit(self, node: ast.AST, text: str) -> Edit:
        """Another text in a node's place."""
        return Edit(*self.span(node), text)

    def say(self, code: str, node: Any, message: str, help_: str = "", fix: list[Edit] | None = None) -> None:
        """Remark something at a node."""
        line, column, end_line, end_column = self.span(node)
        if self._is_copied(line):
            return
        self.found.append(
            Diagnostic(
                code=code,
                severity=SEVERITIES[code],
                message=message,
                filename=self.filename,
                line=line,
                column=column,
                end_line=end_line,
                end_column=end_column,
                help=help_,
                fix=tuple(fix) if fix else None,
            )
        )


def scan_tensorflow(text: str, filename: str) -> list[Diagnostic]:
    """The hazards of TensorFlow source, in order; none for a file that does not import it or does not parse."""
    if not concerns_tensorflow(text):
        return []
    load("tf_")
    try:
        source = Source(text, filename)
        _visit(source, source.tree)
    except (SyntaxError, ValueError, RecursionError):
        return []
    unique = {(d.line, d.column, d.code, d.message): d for d in source.found}
    return sorted(unique.values(), key=lambda d: (d.line, d.column, d.code, d.message))


def _visit(source: Source, node: ast.AST) -> None:
    for check in CHECKS.get(type(node), ()):
        check(source, node)
    is_scope = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
    if is_scope:
        source.around.append(node)
    for child in ast.iter_child_nodes(node):
        _visit(source, child)
    if is_scope:
        source.around.pop()


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Local names and what they stand for; Keras is the same by either of its names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                full = _canonical(alias.name)
                yield (
                    (alias.asname, full)
                    if alias.asname
                    else (alias.name.split(".")[0], full.split(".")[0] if full == alias.name else full)
                )
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield alias.asname or alias.name, _canonical(f"{node.module}.{alias.name}")


def _canonical(name: str) -> str:
    for other in ("tensorflow.python.keras", "tf_keras", "keras"):
        if name == other or name.startswith(other + "."):
            return "tensorflow.keras" + name[len(other) :]
    return name


def _own_layers(source: Source) -> set[str]:
    """The classes of the module that are Keras layers or models, through each other too."""
    classes = [node for node in ast.walk(source.tree) if isinstance(node, ast.ClassDef)]
    found: set[str] = set()
    for _ in range(len(classes)):
        before = len(found)
        for node in classes:
            for base in node.bases:
                name = source.name(base)
                last = name.rpartition(".")[2]
                known = name.startswith("tensorflow.keras.layers.") and last[:1].isupper()
                known = known or (bool(name) and last in ("Layer", "Model", "Sequential"))
                if known or (isinstance(base, ast.Name) and base.id in found):
                    found.add(node.name)
        if len(found) == before:
            break
    return found


def _copied(lines: list[str]) -> list[tuple[int, int]]:
    """The line ranges that transpile copied in."""
    ranges, first = [], None
    for number, line in enumerate(lines, 1):
        if line.startswith(HEADING):
            first = number
        elif line.startswith(END) and first is not None:
            ranges.append((first, number))
            first = None
    return ranges
