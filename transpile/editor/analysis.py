"""An open text and what there is to say about it while it changes.

After a change the statements that have changed are inferred and rewritten, with what they lean on and what leans on
them directly (relevance.py); what was said of the others holds. `settle` then does all of it, when nobody types.

What the file imports of its neighbours is too much for a keystroke: `among` is the look at all of it together with
them, to be had in the background. Until then their facts are missing, so that what was said without them and not with
them, the last time that both were known, is not said; and of a statement that stays, what was said with them holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from transpile import partial
from transpile.collection import uncollected
from transpile.diagnostics import UNPARSABLE, Diagnostic, Severity, SourceError
from transpile.editor.incremental import Piecewise
from transpile.editor.neighbours import Around
from transpile.editor.relevance import Relevance
from transpile.editor.source import Settings, Source
from transpile.hazards import check_tensorflow, say
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
        # what is known of a statement, by lines from its first; with the statement, so that no other gets its id
        self._known: dict[int, tuple[Any, list[Diagnostic]]] = {}
        self._relevance = Relevance()
        self._together = False  # whether it is known with the neighbours
        self._alone: list[Diagnostic] = []  # what was said without them, and of this what only seemed so
        self._seemed: frozenset[tuple[str, str]] = frozenset()

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
        try:
            with uncollected():
                self._update(text)
        except SourceError as error:
            self.error = error
            self.diagnostics = [self._unparsable(error)]
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
        changed = [node for node in self._pieces.tree.body if id(node) not in self._known]
        found: list[Diagnostic] = []
        if changed:
            tree = self._pieces.tree.with_changes(body=self._relevance.of(changed, self._pieces))
            context = begin(Source(text, self.settings, cut, tree, self._pieces).run)
            for statement in changed:
                walk(statement, Preparing(context))
            found = say(context, tree, self.settings.filename, self._pieces)
        self.diagnostics = self._with_known(found + check_tensorflow(text, self.settings.filename))

    def settle(self) -> list[Diagnostic]:
        """The same with every statement rewritten: exactly what the command says of the file."""
        if self.settled or self.source is None or self._pieces is None or self.error is not None:
            return self.diagnostics
        context, _ = rewrite(self.source.run, support_module=None, supports=self.source.cut.used)
        self._alone = say(context, self._pieces.tree, self.settings.filename, self._pieces)
        self._alone += check_tensorflow(self.source.text, self.settings.filename)
        self.settled = True
        if self._together:
            self.diagnostics = self._with_known(self._alone)
        else:
            self._know(self._alone)
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
        if together.text != self.text or self.error is not None or self._pieces is None:
            return False
        self.settle()
        alone = {(found.code, found.message) for found in self._alone}
        self._seemed = frozenset(alone - {(found.code, found.message) for found in together.diagnostics})
        self._together, self.source = True, together.source
        self._know(together.diagnostics)
        return True

    def stand_alone(self) -> None:
        """There are no neighbours any more."""
        self._together, self._seemed = False, frozenset()
        self.settle()
        if self.source is not None and self.error is None:
            self._know(self._alone)

    def _know(self, found: list[Diagnostic]) -> None:
        """This is what there is to say of the text, statement by statement."""
        pieces = self._pieces
        assert pieces is not None
        self.diagnostics = found
        self._known = {id(statement): (statement, []) for statement in pieces.tree.body}
        for diagnostic in found:
            statement = pieces.statement(diagnostic.line)
            if statement is not None:
                self._known[id(statement)][1].append(_moved(diagnostic, -pieces.first_line(statement)))

    def _with_known(self, found: list[Diagnostic]) -> list[Diagnostic]:
        """What is said of changed statements, and what is known of the others."""
        pieces = self._pieces
        assert pieces is not None
        merged = [
            diagnostic
            for diagnostic in found
            if id(pieces.statement(diagnostic.line)) not in self._known
            and (diagnostic.code, diagnostic.message) not in self._seemed
        ]
        for statement in pieces.tree.body:
            _, known = self._known.get(id(statement), (None, ()))
            merged += [_moved(diagnostic, pieces.first_line(statement)) for diagnostic in known]
        return sorted(merged, key=lambda d: (d.line, d.column, d.code, d.message))

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
