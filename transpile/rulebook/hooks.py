"""Named conversions of one argument's source text (`args: {…: {by: NAME}}`), registered by decorator."""

from __future__ import annotations

import ast
from collections.abc import Callable

__all__ = ["HOOKS", "Unconvertible", "argument_hook"]

HOOKS: dict[str, Callable[[str], str]] = {}


class Unconvertible(Exception):
    """The argument is not of the form that the conversion needs; the message says what is wrong with it."""


def argument_hook(function: Callable[[str], str]) -> Callable[[str], str]:
    """Register a conversion under the function's own name."""
    HOOKS[function.__name__] = function
    return function


@argument_hook
def swapped_pair(text: str) -> str:
    """A literal pair in the other order: `(1, 0)` → `(0, 1)`."""
    try:
        pair = ast.parse(text, mode="eval").body
    except SyntaxError:
        raise Unconvertible("is not an expression") from None
    if not isinstance(pair, ast.Tuple | ast.List) or len(pair.elts) != 2:
        raise Unconvertible("is not a literal pair")
    return f"({ast.unparse(pair.elts[1])}, {ast.unparse(pair.elts[0])})"
