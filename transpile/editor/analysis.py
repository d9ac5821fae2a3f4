"""An open text and what there is to say about it while it changes.

After a change everything is inferred again, and the statements that have changed are rewritten: what rewriting
said of the others is kept. `settle` then does all of it, when nobody types.

What the file imports of its neighbours is too much for a keystroke: `among` is the look at all of it together with
them, to be had in the background. Until then their facts are missing, so that what was said without them and not with
them, the last time that both were known, is not said; and of a statement that stays, what was said with them holds.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from transpile import partial
from transpile.diagnostics import UNPARSABLE, Diagnostic, Severity, SourceError
from transpile.editor.incremental import Piecewise
from transpile.editor.neighbours import Around
from transpile.editor.source import Settings, Source
from transpile.hazards import check_tensorflow, say
from transpile.rewrite.context import Context
from transpile.rewrite.module import Preparing, begin, rewrite
from transpile.source.walk import walk
from transpile.translate import concerns

__all__ = ["Analysis"]


class Together(NamedTuple):
    """A text that was looked at with its neighbours, and what there is to say about it."""

    text: str
    source: Source
    diagnostics: list[Diagnostic]


class Analysis:
    """The text of one file, from change to change.

    `source` is the last text that could be parsed, None for one without torch; `error` why the present one cannot.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.text: str | None = None
        self.source: Source | None = None
        self.error: SourceError | None = None
        self.diagnostics: list[Diagnostic] = []
        self.settled = True
        self._pieces: Piecewise | None = None
        # what rewriting a statement has said; with the statement, so that no other gets its id
        self._said: dict[int, tuple[Any, list[Any]]] = {}
        # with the neighbours: what was said of a statement, by lines from its first, and what only seemed so
        self._known: dict[int, tuple[Any, list[Diagnostic]]] = {}
        self._seemed: frozenset[tuple[str, str]] = frozenset()
        self._alone: list[Diagnostic] = []  # what is said without them

    def update(self, text: str) -> list[Diagnostic]:
        """What there is to say about a new text; of statements that stayed, what was said before."""
        if text == self.text:
            return self.diagnostics
        self.text = text
        self.error = None
        if not concerns(text):
            self.source, self._pieces, self._known, self.settled = None, None, {}, True
            self.diagnostics = check_tensorflow(text, self.settings.filename)
            return self.diagnostics
        collecting = gc.isenabled()
        gc.disable()  # trees are many small objects: a collection in the middle takes longer than the work
        try:
            self._update(text)
        except SourceError as error:
            self.error = error
            self.diagnostics = [self._unparsable(error)]
        finally:
            if collecting:
                gc.enable()
        return self.diagnostics

    def _update(self, text: str) -> None:
        cut = partial.cut(text)
        first = self._pieces is None
        if self._pieces is None:
            self._pieces = Piecewise(cut.text)
        else:
            self._pieces.update(cut.text)
        self.source = Source(text, self.settings, cut, self._pieces.tree, self._pieces)
        self.settled = False
        if first:
            self.settle()
            return
        context = begin(self.source.run)
        said = {}
        for statement in self._pieces.tree.body:
            key = id(statement)
            if key in self._said:
                said[key] = self._said[key]
                context.remarks += said[key][1]
            else:
                before = len(context.remarks)
                walk(statement, Preparing(context))
                said[key] = statement, context.remarks[before:]
        self._said = said
        self._conclude(context, self._pieces)

    def settle(self) -> list[Diagnostic]:
        """The same with every statement rewritten: exactly what the command says."""
        if self.settled or self.source is None or self._pieces is None or self.error is not None:
            return self.diagnostics
        context, _ = rewrite(self.source.run, support_module=None, supports=self.source.cut.used)
        self._said = {id(statement): (statement, []) for statement in self._pieces.tree.body}
        for remark in context.remarks:
            statement = self._pieces.statement(self._pieces.span(remark[1])[0])
            if id(statement) in self._said:
                self._said[id(statement)][1].append(remark)
        self._conclude(context, self._pieces)
        self.settled = True
        return self.diagnostics

    def among(self, around: Around) -> Callable[[], Together]:
        """The look at the present text together with its neighbours: to be called wherever there is time."""
        assert self.text is not None and self.source is not None
        text, settings, cut, tree = self.text, self.settings, self.source.cut, self.source.tree

        def look() -> Together:
            source = Source(text, settings, cut, tree, None, around.readers, around.name, around.is_package)
            context, _ = rewrite(source.run, support_module=None, supports=cut.used)
            found = say(context, tree, settings.filename, source.places)
            return Together(text, source, found + check_tensorflow(text, settings.filename))

        return look

    def adopt(self, together: Together) -> bool:
        """Take what a look with the neighbours has found; False where the text is another by now."""
        pieces = self._pieces
        if together.text != self.text or self.error is not None or pieces is None:
            return False
        alone = {(found.code, found.message) for found in self._alone}
        self._seemed = frozenset(alone - {(found.code, found.message) for found in together.diagnostics})
        self._known = {id(statement): (statement, []) for statement in pieces.tree.body}
        for found in together.diagnostics:
            statement = pieces.statement(found.line)
            if statement is not None:
                self._known[id(statement)][1].append(_moved(found, -pieces.first_line(statement)))
        self.source, self.diagnostics = together.source, together.diagnostics
        return True

    def stand_alone(self) -> None:
        """There are no neighbours any more."""
        self._known, self._seemed = {}, frozenset()
        if self.error is None and self.source is not None:
            self.diagnostics = self._alone

    def _conclude(self, context: Context, pieces: Piecewise) -> None:
        """What there is to say about torch's code, and about TensorFlow's beside it, as `transpile check` does."""
        assert self.text is not None
        self._alone = say(context, pieces.tree, self.settings.filename, pieces)
        self._alone += check_tensorflow(self.text, self.settings.filename)
        self.diagnostics = self._believed(pieces) if self._known else self._alone

    def _believed(self, pieces: Piecewise) -> list[Diagnostic]:
        """What is said without the neighbours, by what was known with them."""
        found = [
            d
            for d in self._alone
            if id(pieces.statement(d.line)) not in self._known and (d.code, d.message) not in self._seemed
        ]
        for statement in pieces.tree.body:
            _, known = self._known.get(id(statement), (None, ()))
            found += [_moved(d, pieces.first_line(statement)) for d in known]
        return sorted(found, key=lambda d: (d.line, d.column, d.code, d.message))

    def _unparsable(self, error: SourceError) -> Diagnostic:
        where = error.line, error.column, error.line, error.column + 1
        help_ = "What was said of the text before is out of date until it can be parsed."
        return Diagnostic(UNPARSABLE, Severity.ERROR, str(error), self.settings.filename, *where, help_)


def _moved(found: Diagnostic, lines: int) -> Diagnostic:
    """A finding of a statement that stands further down."""
    fix = found.fix and tuple(
        replace(edit, line=edit.line + lines, end_line=edit.end_line + lines) for edit in found.fix
    )
    return replace(found, line=found.line + lines, end_line=found.end_line + lines, fix=fix)
