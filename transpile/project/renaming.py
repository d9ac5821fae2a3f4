"""A package's absolute imports of itself, when its output has another name.

`import a.b`, `from a.b import c`, `import_module("a.b")`, at module level and inside functions. Relative
imports stay as they are. The edits are made in the text: comments and formatting are not touched, and no
line is added or removed, so a position in the renamed text maps back to the original one.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from transpile.diagnostics import Diagnostic
from transpile.source.imports import statements

_NEWLINE = re.compile(r"\r\n|\r|\n")
_FROM = re.compile(r"from(?:\s|\\\r?\n)+")
_IMPORTERS = ("import_module", "__import__")  # functions that take the name of a module


@dataclass(frozen=True, slots=True)
class Renaming:
    """The dotted name of a package, and the one that its output has."""

    old: str
    new: str

    def of(self, dotted: str) -> str | None:
        """The new name of a module of the package; None for any other module."""
        if dotted == self.old or dotted.startswith(self.old + "."):
            return self.new + dotted[len(self.old) :]
        return None


@dataclass(frozen=True, slots=True)
class Renamed:
    """A text after renaming, and where in it each line grew: line → [(column after the new name, growth)]."""

    text: str
    growth: dict[int, list[tuple[int, int]]] = field(default_factory=dict)

    def original_column(self, line: int, column: int) -> int:
        """The column that a place in the renamed text has in the original; both count from 1."""
        return column - sum(by for after, by in self.growth.get(line, ()) if column >= after)

    def restore(self, diagnostic: Diagnostic) -> Diagnostic:
        """The diagnostic at its place in the original text."""
        if not self.growth:
            return diagnostic
        return replace(
            diagnostic,
            column=self.original_column(diagnostic.line, diagnostic.column),
            end_column=self.original_column(diagnostic.end_line, diagnostic.end_column),
        )


def rename_imports(source: str, renaming: Renaming) -> Renamed:
    """The source with every absolute import of `renaming.old` naming `renaming.new`.

    A source that Python cannot parse comes back as it is: the translation will say where it is wrong.
    """
    if renaming.old == renaming.new or renaming.old.rpartition(".")[2] not in source:
        return Renamed(source)
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return Renamed(source)
    places = _Places(source)
    edits = sorted(set(_edits(tree, renaming, places)))
    return places.apply(edits)


_Span = tuple[int, int, str]  # start and end offset in the text, new text


class _Places:
    """Offsets of AST positions (whose columns count UTF-8 bytes) in a text."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.starts = [0, *(m.end() for m in _NEWLINE.finditer(source))]

    def offset(self, line: int, byte_column: int) -> int:
        start = self.starts[line - 1]
        stop = self.starts[line] if line < len(self.starts) else len(self.source)
        text = self.source[start:stop]
        return start + (byte_column if text.isascii() else len(text.encode()[:byte_column].decode()))

    def span(self, node: ast.expr | ast.stmt | ast.alias) -> tuple[int, int]:
        assert node.end_lineno is not None and node.end_col_offset is not None
        return self.offset(node.lineno, node.col_offset), self.offset(node.end_lineno, node.end_col_offset)

    def apply(self, edits: list[_Span]) -> Renamed:
        pieces: list[str] = []
        growth: dict[int, list[tuple[int, int]]] = {}
        at, line, grown = 0, 0, 0
        for start, end, text in edits:
            pieces += [self.source[at:start], text]
            at = end
            while line < len(self.starts) and self.starts[line] <= start:
                line, grown = line + 1, 0
            by = len(text) - (end - start)
            grown += by
            growth.setdefault(line, []).append((end + grown - self.starts[line - 1] + 1, by))
        return Renamed("".join([*pieces, self.source[at:]]), growth)


def _edits(tree: ast.Module, renaming: Renaming, places: _Places) -> Iterator[_Span]:
    parent, _, last = renaming.old.rpartition(".")
    uses = False
    for node in statements(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                new = renaming.of(alias.name)
                if new is None:
                    continue
                start, _ = places.span(alias)
                if alias.asname is None and _bound_otherwise(tree, renaming):
                    new += f" as {last}" if alias.name == renaming.old else f", {renaming.new} as {last}"
                elif alias.asname is None:
                    uses = True
                yield start, start + len(alias.name), new
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            new = renaming.of(node.module)
            if new is not None:
                yield from _module_of(node, new, places)
            elif node.module == parent and any(alias.name == last for alias in node.names):
                yield (*places.span(node), _split_from(node, renaming, places))
    if any(name in places.source for name in _IMPORTERS):
        for called in ast.walk(tree):
            if isinstance(called, ast.Call):
                yield from _dynamic_import(called, renaming, places)
    if uses:
        for used in ast.walk(tree):
            if isinstance(used, (ast.Name, ast.Attribute)) and _dotted(used) == renaming.old:
                yield (*places.span(used), renaming.new)


def _module_of(node: ast.ImportFrom, new: str, places: _Places) -> Iterator[_Span]:
    assert node.module is not None
    start, _ = places.span(node)
    keyword = _FROM.match(places.source, start)
    if keyword and places.source.startswith(node.module, keyword.end()):
        yield keyword.end(), keyword.end() + len(node.module), new


def _split_from(node: ast.ImportFrom, renaming: Renaming, places: _Places) -> str:
    """`from a import b, c` where only a.b is renamed: two statements, on as many lines as before."""
    last = renaming.old.rpartition(".")[2]
    parent, _, new_last = renaming.new.rpartition(".")
    moved = [alias for alias in node.names if alias.name == last]
    rest = [alias for alias in node.names if alias.name != last]
    statements: list[ast.stmt] = []
    for alias in moved:
        name = ast.alias(new_last, (alias.asname or last) if (alias.asname or last) != new_last else None)
        statements.append(ast.ImportFrom(parent, [name], 0) if parent else ast.Import([name]))
    if rest:
        statements.append(ast.ImportFrom(node.module, rest, 0))
    start, end = places.span(node)
    lost = len(_NEWLINE.findall(places.source[start:end]))
    return "; ".join(map(ast.unparse, statements)) + "\n" * lost


def _dynamic_import(node: ast.Call, renaming: Renaming, places: _Places) -> Iterator[_Span]:
    called = (_dotted(node.func) or "").rpartition(".")[2]
    if called not in _IMPORTERS or not node.args:
        return
    argument = node.args[0]
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        new = renaming.of(argument.value)
        start, end = places.span(argument)
        text = places.source[start:end]
        if new is not None and text.count(argument.value) == 1:
            yield start, end, text.replace(argument.value, new)


def _bound_otherwise(tree: ast.Module, renaming: Renaming) -> bool:
    """Whether the name that `import old` binds is also a parameter, a variable, a function … of the file.

    Then its uses cannot be told apart by name, and the import keeps the old name (`import new as old`).
    """
    root, dotted, _ = renaming.old.partition(".")
    if dotted:
        return False
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            bound = node.id == root and not isinstance(node.ctx, ast.Load)
        elif isinstance(node, ast.arg):
            bound = node.arg == root
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ExceptHandler)):
            bound = node.name == root
        elif isinstance(node, ast.alias):
            bound = node.asname == root
        else:
            continue
        if bound:
            return True
    return False


def _dotted(node: ast.expr) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = _dotted(node.value)
        return None if base is None else f"{base}.{node.attr}"
    return None
