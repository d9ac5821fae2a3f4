"""`args:` of a rule: an argument's text turned into what the template wants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transpile.rulebook.hooks import HOOKS, Unconvertible
from transpile.rulebook.model import Rule

__all__ = ["ConversionError", "convert"]


class ConversionError(Exception):
    """An argument that the rule cannot translate: the call is left, and reported under `code`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def convert(rule: Rule, values: Mapping[str, str | None]) -> tuple[dict[str, str | None], dict[str, str]]:
    """Values and defaults after the rule's `args:` (renamed, mapped, run through a hook)."""
    new_values = dict(values)
    defaults = rule.defaults
    for name, spec in rule.args.items():
        target = spec.get("to", name)
        given = new_values.pop(name, None)
        default = defaults.pop(name, None)
        text = default if given is None else given
        converted = None if text is None else _converted(rule, name, spec, text)
        if given is not None:
            new_values[target] = converted
        elif converted is not None:
            defaults[target] = converted
    return new_values, defaults


def _converted(rule: Rule, name: str, spec: Mapping[str, Any], text: str) -> str:
    code = spec.get("otherwise", "API003")
    if "by" in spec:
        try:
            return HOOKS[spec["by"]](text)
        except Unconvertible as error:
            raise ConversionError(code, f"{rule.torch}: {name}={text} {error}") from None
    if "map" in spec:
        import ast

        try:
            value = ast.literal_eval(text)
            found = next(
                v for k, v in spec["map"] if k == value and isinstance(k, bool) == isinstance(value, bool)
            )
        except (ValueError, SyntaxError):
            raise ConversionError(code, f"{rule.torch}: {name}={text} is not a literal") from None
        except StopIteration:
            raise ConversionError(code, f"{rule.torch}: {name}={text} has no counterpart") from None
        if isinstance(found, dict):
            return str(found["code"])
        return f'"{found}"' if isinstance(found, str) else repr(found)
    return text
