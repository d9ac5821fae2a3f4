"""Comments inside a statement that a rewrite replaced: they are put above it rather than lost."""

from __future__ import annotations

import re
from typing import Any

import libcst as cst

from transpile.rewrite.code import source
from transpile.rewrite.context import Context
from transpile.rewrite.registry import on

__all__ = ["INNER", "comments_of"]

# A comment behind an opening bracket, a comma or an operator: inside an expression.
INNER = re.compile(r"[(\[{,=+\-*/|&]\s*#")
_TOKEN = re.compile(r"""(\"\"\"|'''|"|')(?:\\.|(?!\1).)*?\1|(#[^\n]*)""", re.DOTALL)


def comments_of(text: str) -> list[str]:
    """The comments of a piece of source, strings aside."""
    return [match[2] for match in _TOKEN.finditer(text) if match[2] is not None]


@on(cst.SimpleStatementLine)
def keep_comments(context: Context, original: cst.SimpleStatementLine, updated: Any) -> Any:
    """What a rewritten statement lost of its inner comments goes on lines of their own above it."""
    if not context.inner_comments or updated is original or not isinstance(updated, cst.SimpleStatementLine):
        return None
    before = comments_of(source(original.with_changes(leading_lines=())))
    if not before:
        return None
    after = comments_of(source(updated.with_changes(leading_lines=())))
    lost = []
    for comment in before:
        if comment in after:
            after.remove(comment)
        else:
            lost.append(comment)
    if not lost:
        return None
    lines = [cst.EmptyLine(comment=cst.Comment(comment.rstrip())) for comment in lost]
    return updated.with_changes(leading_lines=[*updated.leading_lines, *lines])
