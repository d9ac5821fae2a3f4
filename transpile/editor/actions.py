"""What can be done at a place: translate this, its function, its class, its file; answer or silence a finding."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import libcst as cst

from transpile.diagnostics import Diagnostic, Edit
from transpile.editor.fix import rewrite_at
from transpile.editor.place import find
from transpile.editor.source import Source
from transpile.infer.definitions import parameters_of

__all__ = ["Action", "actions", "rewrite"]

_TITLES = {
    "function": "Translate this function",
    "class": "Translate this class",
    "file": "Translate this file",
}
_IGNORE = re.compile(r"#\s*transpile:\s*ignore\[([^\]]*)\]")


class Action(NamedTuple):
    """One thing to do. Its edits are there, or a scope to rewrite once it is chosen (`rewrite`)."""

    title: str
    edits: Sequence[Edit] | None = None
    scope: str | None = None
    answers: Diagnostic | None = None  # the finding that it answers
    preferred: bool = False


def actions(
    source: Source | None, lines: Sequence[str], line: int, column: int, found: Sequence[Diagnostic]
) -> Iterator[Action]:
    """The actions at a place (from 1) of a text; `found` are the findings there, `source` is None without torch."""
    for diagnostic in found:
        if diagnostic.fix:
            yield Action(f"Fix {diagnostic.code}", diagnostic.fix, answers=diagnostic, preferred=True)
        for title, edits in _hints(source, diagnostic) if source is not None else ():
            yield Action(title, edits, answers=diagnostic)
    if source is not None:
        yield from _rewrites(source, line, column)
    for diagnostic in found:
        if not diagnostic.code.startswith(("SYN", "IGN")):
            yield Action(
                f"Ignore {diagnostic.code} on this line", _ignored(lines, diagnostic), answers=diagnostic
            )


def _rewrites(source: Source, line: int, column: int) -> Iterator[Action]:
    here = rewrite_at(source, line, column)
    if here is not None and here.edits:
        yield Action(here.title, here.edits, preferred=True)
    for scope, title in _TITLES.items():
        nodes = find(source.tree, source.places, line, column, scope).nodes
        if scope == "file" or (nodes and (scope != "class" or isinstance(nodes[0], cst.ClassDef))):
            yield Action(title, scope=scope)


def rewrite(source: Source, line: int, column: int, scope: str) -> Sequence[Edit]:
    """The edits of a scope around a place."""
    fix = rewrite_at(source, line, column, scope=scope)
    return fix.edits if fix is not None else ()


def _ignored(lines: Sequence[str], diagnostic: Diagnostic) -> list[Edit]:
    """A comment behind the line, or one more code in the one that stands there."""
    text = lines[diagnostic.line - 1]
    match = _IGNORE.search(text)
    if match is not None:
        at = match.end() - 1
        return [Edit(diagnostic.line, at + 1, diagnostic.line, at + 1, f", {diagnostic.code}")]
    end = len(text.rstrip()) + 1
    comment = f"  # transpile: ignore[{diagnostic.code}]"
    return [Edit(diagnostic.line, end, diagnostic.line, len(text) + 1, comment)]


def _hints(source: Source, diagnostic: Diagnostic) -> Iterator[tuple[str, list[Edit]]]:
    """Where a layout was taken by convention: the comments that state it for a parameter."""
    if diagnostic.code not in ("LAY002", "LAY003"):
        return
    place = find(source.tree, source.places, diagnostic.line, diagnostic.column)
    functions = [node for node in place.path if isinstance(node, cst.FunctionDef)]
    if not functions or not isinstance(functions[-1].body, cst.IndentedBlock):
        return
    function: Any = functions[-1]
    words = set(re.findall(r"\w+", source.lines[diagnostic.line - 1]))
    names = [p.name for p in parameters_of(function.params) if p.name in words and p.name != "self"]
    line, column, *_ = source.places.span(function.body.body[0])
    indent = source.lines[line - 1][: column - 1]
    for name in names:
        for layout, words_ in (("plain", "is no image"), ("channels_last", "is an image")):
            text = f"{indent}# transpile: {name} is {layout}\n"
            yield f"State that {name} {words_}", [Edit(line, 1, line, 1, text)]
