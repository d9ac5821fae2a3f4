"""`when:` of a variant, decided by facts. What is not known does not hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Protocol

from transpile.rulebook.model import Variant

__all__ = ["CONDITIONS", "MISSING", "Facts", "holds", "select"]


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING: Any = _Missing()


class Facts(Protocol):
    """What the engine knows about the arguments of one call."""

    def given(self, name: str) -> bool:
        """Whether the caller passed it, and not None."""

    def constant(self, name: str) -> Any:
        """The literal value (the default's, if it was not passed); MISSING where it is not known."""

    def is_tensor(self, name: str) -> bool:
        """Whether it is known to be a tensor."""

    def is_int(self, name: str) -> bool:
        """Whether it is known to be a Python int."""

    def is_dtype(self, name: str) -> bool:
        """Whether it is known to be a dtype."""

    def rank(self, name: str) -> int | None:
        """The rank of a tensor, None if unknown."""

    def ranked(self, name: str) -> bool:
        """Whether it may be taken for a tensor with axes: not a scalar, and not a parameter that might be one."""

    def dtype(self, name: str) -> str | None:
        """The dtype's name ("float32") of a tensor, None if unknown."""


def _never(name: str) -> bool:
    return False


def _same(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, list):
        return isinstance(value, tuple | list) and list(value) == wanted
    return type(value) in (type(wanted), int, float) and not _bool_mix(value, wanted) and value == wanted


def _bool_mix(value: Any, wanted: Any) -> bool:
    return isinstance(value, bool) != isinstance(wanted, bool)


def _leaves(value: Any, kind: type) -> bool:
    """Whether a value, or every element of a nested list, is of a type."""
    if isinstance(value, list | tuple):
        return bool(value) and all(_leaves(item, kind) for item in value)
    return type(value) is kind


def _beyond_scalars(dim: Any) -> bool:
    """Whether this `dim` is none that torch takes for a scalar too: not 0, -1 or nothing but those."""
    if isinstance(dim, list | tuple):
        return len(dim) > 1 or any(_beyond_scalars(d) for d in dim)
    return dim is None or (isinstance(dim, int) and dim not in (0, -1))


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


# Each takes the facts, a parameter's name and what the table says of it (None for lists of names).
CONDITIONS: dict[str, Any] = {
    "given": lambda facts, name, _: facts.given(name),
    "absent": lambda facts, name, _: not facts.given(name),
    "literal": lambda facts, name, _: facts.constant(name) is not MISSING,
    "number": lambda facts, name, _: _number(facts.constant(name)),
    "is_tensor": lambda facts, name, _: facts.is_tensor(name),
    "is_int": lambda facts, name, _: facts.is_int(name),
    "is_float": lambda facts, name, _: type(facts.constant(name)) is float,
    "is_list": lambda facts, name, _: getattr(facts, "is_list", _never)(name),
    "ints": lambda facts, name, _: _leaves(facts.constant(name), int),
    "is_dtype": lambda facts, name, _: getattr(facts, "is_dtype", _never)(name),
    "is_device": lambda facts, name, _: getattr(facts, "is_device", _never)(name),
    "equals": lambda facts, name, wanted: _same(facts.constant(name), wanted),
    "one_of": lambda facts, name, wanted: any(_same(facts.constant(name), w) for w in wanted),
    "matches": lambda facts, name, pattern: isinstance(value := facts.constant(name), str)
    and re.fullmatch(pattern, value) is not None,
    "rank": lambda facts, name, wanted: facts.rank(name)
    in (wanted if isinstance(wanted, list) else [wanted]),
    "ranked": lambda facts, name, dim: facts.ranked(name) or _beyond_scalars(facts.constant(dim)),
    "dtype": lambda facts, name, wanted: facts.dtype(name) in wanted,
    "mixed": lambda facts, name, _: getattr(facts, "mixed", _never)(name),
}


def holds(when: Mapping[str, Any], facts: Facts) -> bool:
    """Whether every condition of a `when` holds."""
    for word, subject in when.items():
        decide = CONDITIONS[word]
        pairs = subject.items() if isinstance(subject, Mapping) else [(name, None) for name in subject]
        if not all(decide(facts, name, wanted) for name, wanted in pairs):
            return False
    return True


def select(variants: tuple[Variant, ...], facts: Facts, exact_training: bool = False) -> Variant | None:
    """The first variant that the facts allow, and that trains as torch does where this is asked for."""
    allowed = (variant for variant in variants if not (exact_training and variant.drifts))
    return next((variant for variant in allowed if holds(variant.when, facts)), None)
