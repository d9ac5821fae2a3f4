"""What findings have to offer where nothing is to be translated: their own fixes, in torch and TensorFlow source."""

from __future__ import annotations

from collections.abc import Iterable

from transpile.diagnostics import Diagnostic, Edit
from transpile.editor.edits import Span
from transpile.editor.source import Source
from transpile.hazards import check_tensorflow
from transpile.hazards.suppress import is_mark
from transpile.translate import concerns, translate

__all__ = ["answered", "findings", "fitting"]


def findings(source: Source, span: Span) -> list[Diagnostic]:
    """The findings with a fix on the lines of a span.

    Of torch code those are comments that suppress nothing, which only a whole translation can tell.
    """
    settings = source.settings
    found = check_tensorflow(source.text, settings.filename)
    marked = any(is_mark(line) for line in source.lines[span.line - 1 : span.end_line])
    if marked and concerns(source.text):
        found += translate(
            source.text,
            filename=settings.filename,
            data_format=settings.data_format,
            rules=settings.rules,
            exact_training=settings.exact_training,
            format_code=False,
        ).diagnostics
    return [f for f in found if f.fix and f.line <= span.end_line and span.line <= f.end_line]


def answered(found: Iterable[Diagnostic], line: int, column: int | None) -> list[Diagnostic]:
    """Of the findings on a line the narrowest at the column; without a column, or where none is there, the first."""
    found = sorted(found, key=lambda f: (f.line < line, f.end_line - f.line, f.column))
    at = (line, column or 0)
    here = [f for f in found if (f.line, f.column) <= at <= (f.end_line, f.end_column)]
    return ([] if column is None else sorted(here, key=_width))[:1] or found[:1]


def _width(found: Diagnostic) -> tuple[int, int]:
    return found.end_line - found.line, found.end_column - found.column


def fitting(found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The findings whose fixes can be applied together: one that overlaps with an earlier one is left out."""
    taken: list[Edit] = []
    kept = []
    for finding in found:
        edits = list(finding.fix or ())
        if not any(_overlap(edit, other) for edit in edits for other in taken):
            taken += edits
            kept.append(finding)
    return kept


def _overlap(one: Edit, other: Edit) -> bool:
    first = (one.line, one.column), (one.end_line, one.end_column)
    second = (other.line, other.column), (other.end_line, other.end_column)
    return first == second or (first[0] < second[1] and second[0] < first[1])
