"""The fix of one place: what the translation of the whole file would make of it, or what a finding there offers.

The whole module is inferred, and one node of it is rewritten: the narrowest around the place that the translation
changes. The imports and the support definitions that the new text names come with it; torch's imports stay, since
the rest of the file still uses them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import libcst as cst

from transpile import partial
from transpile.diagnostics import Diagnostic, Edit
from transpile.editor.answers import answered, findings, fitting
from transpile.editor.edits import Span, applied, between
from transpile.editor.place import Place, find
from transpile.editor.source import Source
from transpile.emit import known
from transpile.formatting import formatted
from transpile.hazards import say
from transpile.rewrite.context import Context
from transpile.rewrite.imports import header_end, insert
from transpile.rewrite.module import MODULE_LINE, Preparing, begin, rewrite
from transpile.rewrite.support_names import settled
from transpile.source.walk import descendants, walk
from transpile.translate import concerns

__all__ = ["Fix", "fix_at", "rewrite_at"]


@dataclass(frozen=True, slots=True)
class Fix:
    """The edits of one place; none where the translation leaves it as it is.

    `span` is (line, column, end line, end column) of what is rewritten, `code` the whole text after the edits.
    """

    title: str
    span: tuple[int, int, int, int]
    edits: tuple[Edit, ...]
    code: str
    diagnostics: tuple[Diagnostic, ...] = ()


def fix_at(source: Source, line: int, column: int | None = None, *, scope: str = "place") -> Fix | None:
    """The rewrite of what stands at a place (from 1); where there is none, the fixes of the findings there.

    None where no code stands there. Raises SourceError where the text cannot be parsed.
    """
    found = rewrite_at(source, line, column, scope=scope)
    if found is not None and found.edits:
        return found
    return _answer(source, line, column, scope) or found


def _answer(source: Source, line: int, column: int | None, scope: str) -> Fix | None:
    """What findings offer: of a place the first one on its line, of a larger scope all that fit together."""
    if scope == "file":
        span = Span(1, 1, len(source.lines), len(source.lines[-1]) + 1)
    elif scope == "place":
        span = Span(line, 1, line, len(source.lines[line - 1]) + 1)
    else:
        nodes = find(source.tree, source.places, line, column, scope).nodes
        if not nodes:
            return None
        span = Span(*source.places.span(nodes[0]))
    found = findings(source, span)
    chosen = answered(found, line, column) if scope == "place" else fitting(found)
    if not chosen:
        return None
    edits = tuple(edit for finding in chosen for edit in finding.fix or ())
    title = "Fix " + ", ".join(dict.fromkeys(finding.code for finding in chosen))
    if len(chosen) == 1:
        span = Span(chosen[0].line, chosen[0].column, chosen[0].end_line, chosen[0].end_column)
    return Fix(title, span, edits, applied(source.text, edits), tuple(chosen))


def rewrite_at(source: Source, line: int, column: int | None = None, *, scope: str = "place") -> Fix | None:
    """The rewrite of what stands at a place (from 1); None where no code stands there.

    `scope` is one of place.SCOPES: the narrowest expression or statement that is rewritten, the function, the
    class, or the file around the place. Raises SourceError where the text cannot be parsed.
    """
    if scope == "file":
        return _whole(source)
    place = find(source.tree, source.places, line, column, scope)
    if not place.nodes:
        return None
    for node in place.nodes:
        context = begin(source.run)
        context.bound_names = source.run.bound - source.cut.names
        output, found = _rewritten(context, source.tree, node, place)
        if output is not None:
            if context.channels_last and _is_partly_done(node, place, source.cut):
                _warn_of_layout(context, source, node, found, place)
            return _fix(source, context, node, output, found)
    span = source.places.span(node)
    return Fix("", span, (), source.text, _remarks(context, source, span))


def _whole(source: Source) -> Fix:
    span = (1, 1, len(source.lines), len(source.lines[-1]) + 1)
    if not concerns(source.text):
        return Fix("", span, (), source.text)
    context, output = rewrite(source.run, support_module=None, supports=source.cut.used)
    code = partial.dropped(output.code) if source.cut.found else output.code
    code = formatted(source.cut.text, code)
    found = say(context, source.tree, source.settings.filename, source.places)
    return Fix("Translate the file", span, tuple(between(source.text, code)), code, tuple(found))


class _OnePlace(Preparing):
    """The pass, with everything left alone that lies not in the place; the nodes around it are only entered."""

    def __init__(self, context: Context, node: Any, place: Place) -> None:
        super().__init__(context)
        self.node = node
        self.around = {id(other) for other in place.path}
        self.inside = False
        self.result: Any = node

    def on_visit(self, node: Any) -> bool:
        self.inside = self.inside or node is self.node
        if self.inside or id(node) in self.around or type(node) is cst.Module:
            return super().on_visit(node)
        return False

    def on_leave(self, original: Any, updated: Any) -> Any:
        if self.inside:
            updated = super().on_leave(original, updated)
            if original is self.node:
                self.inside = False
                self.result = updated
        elif type(original) is cst.FunctionDef and id(original) in self.around:
            self.context.functions.pop()
        return updated


def _rewritten(context: Context, tree: cst.Module, node: Any, place: Place) -> tuple[cst.Module | None, Any]:
    """The module with the node rewritten, and what came of the node; None where nothing did."""
    visitor = _OnePlace(context, node, place)
    output = walk(tree, visitor)
    if visitor.result is node or _text(visitor.result) == _text(node):
        return None, None
    if _reaches_further(context, node, place):
        return None, None
    assert isinstance(output, cst.Module)
    return output, visitor.result


def _reaches_further(context: Context, node: Any, place: Place) -> bool:
    """Whether the rewrite counts on a change outside of the node: a parameter that the function's header gets."""
    outside = place.path[: place.path.index(node)]
    return any(id(other) in context.signature_training for other in outside)


def _is_partly_done(node: Any, place: Place, cut: partial.Cut) -> bool:
    """Whether the function around the node has translated lines elsewhere."""
    around = [other for other in place.path if isinstance(other, cst.FunctionDef) and other is not node]
    if not around:
        return False
    inside = {id(other) for other in descendants(node)}
    return any(
        type(other) is cst.Name and (other.value == "tf" or other.value in cut.names)
        for other in descendants(around[0])
        if id(other) not in inside
    )


def _warn_of_layout(context: Context, source: Source, node: Any, found: Any, place: Place) -> None:
    """Say so where a rewrite in a function that is partly translated depends on the layout of its operands."""
    other = begin(source.inferred("channels_first"))
    other.bound_names = context.bound_names
    _, plain = _rewritten(other, source.tree, node, place)
    if _text(plain) != _text(found):
        message = (
            "other lines of this function are translated already; the layout here is taken by convention"
        )
        help_ = "Translate the function in one step: `transpile fix FILE --line N --scope function`."
        context.say("LAY005", node, message, help_)


def _fix(source: Source, context: Context, node: Any, output: cst.Module, found: Any) -> Fix:
    cut = source.cut
    output, context.supports = settled(output, context.supports, _all, context.bound_names)
    supports = {name: local for name, local in context.supports.items() if known(name)}
    context.unsupported = sorted(context.supports.keys() - supports.keys())
    output = insert(context, output)
    if supports and not cut.found:
        body = partial.with_stand_in(list(output.body), header_end(output.body))
        output = output.with_changes(body=body)
    supports |= {name: name for name in cut.names if name not in supports}
    code = formatted(cut.text, output.code)
    have = {line for line in MODULE_LINE.values() if f"\n{line}\n" in f"\n{code}"}
    code = partial.restored(code, supports, context.data_format, have)
    span = source.places.span(node)
    edits = tuple(between(source.text, code))
    return Fix(_title(node, found), span, edits, code, _remarks(context, source, span))


def _all(tree: cst.Module, names: set[str]) -> set[str]:
    """Every import of torch stays, so its names are taken."""
    return names


def _remarks(context: Context, source: Source, span: tuple[int, int, int, int]) -> tuple[Diagnostic, ...]:
    """What there is to say about the place."""
    first, last = span[:2], span[2:]
    return tuple(
        found
        for found in say(context, source.tree, source.settings.filename, source.places)
        if first <= (found.line, found.column) and (found.end_line, found.end_column) <= last
    )


def _title(node: Any, found: Any) -> str:
    if isinstance(node, cst.ClassDef):
        return f"Translate the class {node.name.value}"
    if isinstance(node, cst.FunctionDef):
        return f"Translate the function {node.name.value}"
    new = _short(found)
    return f"Translate to {new}" if new else f"Leave out {_short(node)}"


def _short(node: Any) -> str:
    """A node on one line, without the comments above it."""
    if isinstance(node, (cst.BaseCompoundStatement, cst.SimpleStatementLine)):
        node = node.with_changes(leading_lines=())
    text = " ".join(_text(node).split())
    return text if len(text) <= 60 else text[:57] + "..."


def _text(node: Any) -> str:
    if isinstance(node, cst.FlattenSentinel):
        return "".join(_text(part) for part in node)
    return cst.Module([]).code_for_node(node) if isinstance(node, cst.CSTNode) else ""
