"""Named conversions of one argument's source text (`args: {…: {by: NAME}}`), registered by decorator."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["HOOKS", "Unconvertible", "argument_hook"]

HOOKS: dict[str, Callable[[str], str]] = {}


class Unconvertible(Exception):
    """The argument is not of the form that the conversion needs; the message says what is wrong with it."""


def argument_hook(function: Callable[[str], str]) -> Callable[[str], str]:
    """Register a conversion, text to text, under the function's own name; it raises Unconvertible where it refuses."""
    HOOKS[function.__name__] = function
    return function
