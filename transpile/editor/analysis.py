"""An open text and what there is to say about it while it changes.

After a change everything is inferred again, and the statements that have changed are rewritten: what rewriting
said of the others is kept. `settle` then does all of it, when nobody types.
"""

from __future__ import annotations

import gc
from typing import Any

from transpile import partial
from transpile.diagnostics import UNPARSABLE, Diagnostic, Severity, SourceError
from transpile.editor.incremental import Piecewise
from transpile.editor.source import Settings, Source
from transpile.hazards import check_tensorflow, say
from transpile.rewrite.context import Context
from transpile.rewrite.module import Preparing, begin, rewrite
from transpile.source.walk import walk
from transpile.translate import concerns

__all__ = ["Analysis"]


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

    def update(self, text: str) -> list[Diagnostic]:
        """What there is to say about a new text; of statements that stayed, what was said before."""
        if text == self.text:
            return self.diagnostics
        self.text = text
        self.error = None
        if not concerns(text):
            self.source, self._pieces, self.settled = None, None, True
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
        self.diagnostics = self._all_said(context, self._pieces)

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
        self.diagnostics = self._all_said(context, self._pieces)
        self.settled = True
        return self.diagnostics

    def _all_said(self, context: Context, pieces: Piecewise) -> list[Diagnostic]:
        """What there is to say about torch's code, and about TensorFlow's beside it, as `transpile check` does."""
        assert self.text is not None
        found = say(context, pieces.tree, self.settings.filename, pieces)
        return found + check_tensorflow(self.text, self.settings.filename)

    def _unparsable(self, error: SourceError) -> Diagnostic:
        where = error.line, error.column, error.line, error.column + 1
        help_ = "What was said of the text before is out of date until it can be parsed."
        return Diagnostic(UNPARSABLE, Severity.ERROR, str(error), self.settings.filename, *where, help_)
