"""Between concrete syntax and text: small helpers that every rewrite uses."""

from __future__ import annotations

import libcst as cst

from transpile.rulebook import is_atom

__all__ = ["atom", "expression", "is_string", "source", "statement"]

_EMPTY = cst.Module(body=[])


def source(node: cst.CSTNode) -> str:
    """The text of a node."""
    if type(node) is cst.Name and not node.lpar:
        return node.value
    return _EMPTY.code_for_node(node)


def expression(text: str) -> cst.BaseExpression:
    """The node of an expression's text; in parentheses where the text spans lines without any."""
    try:
        return cst.parse_expression(text)
    except cst.ParserSyntaxError:
        return cst.parse_expression(f"({text})")


def atom(text: str) -> str:
    """The text, in parentheses unless it can be followed by `.name` or `[…]` as it is."""
    return text if is_atom(text) and not text.isdigit() else f"({text})"


def statement(text: str) -> cst.BaseSmallStatement:
    """The small statement of a text."""
    line = cst.parse_statement(text)
    assert isinstance(line, cst.SimpleStatementLine)
    return line.body[0]


def is_string(node: cst.CSTNode) -> bool:
    """Whether a statement is a string by itself: a docstring, where it comes first."""
    return (
        isinstance(node, cst.SimpleStatementLine)
        and isinstance(node.body[0], cst.Expr)
        and isinstance(node.body[0].value, (cst.SimpleString, cst.ConcatenatedString))
    )
