"""Arguments to parameters, as torch's own argument parser would."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from transpile.rulebook.model import Rule
from transpile.rulebook.template import _matching, _top_comma

__all__ = ["ALIASES", "BindError", "Bound", "bind"]

# What torch accepts everywhere (numpy_compatibility_arg_names in its argument parser), and `self`.
ALIASES = {
    "axis": "dim",
    "keepdims": "keepdim",
    "self": "input",
    "x": "input",
    "a": "input",
    "x1": "input",
    "x2": "other",
    "shape": "size",
    "tensor": "other",
}
# The functions differ in what they call their first tensor, and torch.linalg in that from the rest.
FIRST = frozenset({"input", "self", "A", "x", "a", "tensor"})
VALUES = frozenset({"args", "rests"})  # varargs for values of any kind: a single list is one of them, not all


@dataclass(frozen=True)
class BindError:
    """Why a call does not fit; falsy, so that `if not (bound := bind(…))` reads well."""

    message: str

    def __bool__(self) -> bool:
        return False


@dataclass(frozen=True)
class Bound:
    """Source text by parameter name (None: not given).

    A varargs parameter has the text of one sequence: `[2, 3]` for `x.view(2, 3)`, `shape` for `x.view(*shape)`.
    `unsettled` names the varargs given as one expression that may be an int as well as a sequence (`x.view(n)`):
    `with_int` makes it the list `[n]`. `dropped` has the arguments that the rule ignores, `out` that of `out=`.
    """

    values: dict[str, str | None]
    unsettled: frozenset[str] = frozenset()
    dropped: dict[str, str] = field(default_factory=dict)
    out: str | None = None

    def with_int(self, name: str) -> Bound:
        """The same, with the unsettled parameter `name` known to be an int."""
        values = {**self.values, name: f"[{self.values[name]}]"}
        return Bound(values, self.unsettled - {name}, self.dropped, self.out)


def bind(
    rule: Rule, positional: Sequence[str], keywords: Mapping[str, str], receiver: str | None = None
) -> Bound | BindError:
    """Bind the texts of a call's arguments to the rule's parameters.

    `receiver` is the text of `x` in `x.method(…)`, and takes the first parameter. `*rest` is understood only
    where a varargs parameter takes it, `**rest` never.
    """
    given: dict[str, str] = {}
    unsettled: set[str] = set()
    queue = list(positional) if receiver is None else [receiver, *positional]
    for param in rule.params:
        if param.kind == "varargs" and queue:
            given[param.name], settled = _sequence(queue, param.name in VALUES)
            if not settled:
                unsettled.add(param.name)
            queue = []
        elif param.kind == "positional" and queue:
            if queue[0].startswith("*") and param.default is not None and rule.params[-1].kind == "varargs":
                continue  # torch.Tensor(*sizes): all of them go where any number may
            if queue[0].startswith("*"):
                return BindError("a starred argument has no known place")
            given[param.name] = queue.pop(0)
    if queue:
        return BindError(f"{rule.torch} takes fewer positional arguments")
    declared = {p.name for p in rule.params}
    dropped: dict[str, str] = {}
    out = None
    for key, text in keywords.items():
        name = key
        if name not in declared and name not in rule.drop:
            name = ALIASES.get(key, key)
            if name not in declared and key in FIRST and rule.params:
                name = rule.params[0].name
            if name not in declared:  # torch has one overload with `indices`, another with `sections`
                name = next((other for other in declared if key in other.split("_or_")), name)
        if name == "out" and rule.out:
            out = text
        elif name in declared:
            if name in given:
                return BindError(f"{rule.torch} is given {key!r} twice")
            given[name] = text
        elif name in rule.drop:
            dropped[name] = text
        else:
            return BindError(f"the rule for {rule.torch} has no parameter {key!r}")
    for param in rule.params:
        if param.name not in given and param.default is None and param.kind != "varargs":
            return BindError(f"{rule.torch} lacks its argument {param.name!r}")
    for name in rule.drop & given.keys():
        dropped[name] = given.pop(name)
    values = {p.name: given.get(p.name) for p in rule.params if p.name not in rule.drop}
    for param in rule.params:
        if (
            param.kind == "varargs"
            and param.name in values
            and values[param.name] is None
            and param.default is None
        ):
            values[param.name] = "[]"
    return Bound(values, frozenset(unsettled), dropped, out)


def _sequence(texts: list[str], values: bool = False) -> tuple[str, bool]:
    """One text for all varargs, and whether it certainly is a sequence; `values` are never given as one."""
    if len(texts) > 1 or (values and not texts[0].strip().startswith("*")):
        return f"[{', '.join(texts)}]", True
    text = texts[0].strip()
    if text.startswith("*"):
        return text[1:].strip(), True
    if re.fullmatch(r"-?\d+", text):
        return f"[{text}]", True
    if text[:1] in ("[", "(") and _matching(text, 0) == len(text) - 1:
        return text, text[0] == "[" or text == "()" or _top_comma(text[1:-1])
    return text, False
