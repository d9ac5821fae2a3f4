"""Expressions in f-strings: until Python 3.12 they cannot hold the quotes of the string around them."""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.rewrite.code import source
from transpile.rewrite.context import Context
from transpile.rewrite.registry import on

__all__: list[str] = []

OTHER = {'"': "'", "'": '"'}


@on(cst.FormattedString)
def formatted(context: Context, original: cst.FormattedString, updated: cst.FormattedString) -> Any:
    """f"{x.mean(dim="a")}" never stood in the source: what rewriting brought takes the other quotes."""
    quote = updated.end
    if len(quote) != 1 or updated.parts is original.parts:
        return None
    parts = []
    for before, part in zip(original.parts, updated.parts, strict=True):
        if isinstance(part, cst.FormattedStringExpression) and part is not before:
            part = cst.ensure_type(part.visit(_Requoted(quote)), cst.FormattedStringExpression)
            if quote in source(part.expression):  # a string in a string in this one
                context.say(
                    "API001", before, "no quotes are left for its translation here; it stays as it is"
                )
                part = cst.ensure_type(before, cst.FormattedStringExpression)
        parts.append(part)
    return updated.with_changes(parts=parts)


class _Requoted(cst.CSTTransformer):
    """Strings in these quotes, in the other ones."""

    def __init__(self, quote: str) -> None:
        self.quote = quote

    def visit_FormattedString(self, node: cst.FormattedString) -> bool:
        return False  # it has its own

    def leave_SimpleString(self, original_node: cst.SimpleString, updated_node: cst.SimpleString) -> Any:
        prefix, quote, text = updated_node.prefix, updated_node.quote, updated_node.raw_value
        other = OTHER[self.quote]
        if quote != self.quote or other in text or "\\" in text:
            return updated_node
        return cst.SimpleString(f"{prefix}{other}{text}{other}")
