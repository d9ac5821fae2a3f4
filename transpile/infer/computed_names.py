"""Attributes by computed names: `getattr(self, f"scale_{i}")` is any of those whose names fit."""

from __future__ import annotations

import re

import libcst as cst

from transpile.infer.definitions import ClassInfo
from transpile.infer.facts import Fact, Layer, Self
from transpile.infer.join import join
from transpile.infer.run import Run

__all__ = ["any_attribute", "classes_of", "fitted", "pattern"]

ANY = "*"  # in the name of an attribute: no attribute that is written out has one
_FORMAT = re.compile(r"%[-+ #0-9.]*[a-z]|\{[^{}]*\}")


def pattern(node: cst.BaseExpression) -> str | None:
    """f"scale_{i}" → scale_*; None for a name of which nothing is known."""
    found = re.sub(r"\*+", ANY, _text(node))
    return found if ANY in found and found != ANY else None


def _text(node: cst.BaseExpression) -> str:
    if isinstance(node, cst.SimpleString) and isinstance(node.evaluated_value, str):
        return node.evaluated_value
    if isinstance(node, cst.FormattedString):
        return "".join(
            part.value if isinstance(part, cst.FormattedStringText) else ANY for part in node.parts
        )
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Add):
        return _text(node.left) + _text(node.right)
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Modulo):
        return _FORMAT.sub(ANY, _text(node.left))
    if (
        isinstance(node, cst.Call)
        and isinstance(node.func, cst.Attribute)
        and node.func.attr.value == "format"
        and isinstance(node.func.value, cst.SimpleString)
    ):
        return _FORMAT.sub(ANY, _text(node.func.value))
    return ANY


def fitted(wanted: str) -> re.Pattern[str]:
    """What the names that fit a pattern match."""
    return re.compile(".+".join(re.escape(part) for part in wanted.split(ANY)))


def any_attribute(run: Run, owner: Layer, name: cst.BaseExpression) -> Fact | None:
    """What the attributes have in common of which the name fits; None where none does."""
    wanted = pattern(name)
    if owner.info is None or wanted is None:
        return None
    found: Fact | None = None
    for fact in _fitting(classes_of(run, owner), wanted):
        found = fact if found is None else join(found, fact)
    return found


def classes_of(run: Run, owner: Layer) -> list[ClassInfo]:
    """The classes that say what a layer holds; the function under way runs again where they learn of more."""
    if owner.info is None:
        return []
    classes = list(owner.info.ancestors())
    if isinstance(owner, Self):  # a method also runs for those that derive from its class
        classes += [heir for heir in run.heirs(owner.info) if heir not in classes]
    if run.function is not None:
        for info in classes:
            info.dependents.add(run.function)
    return classes


def _fitting(classes: list[ClassInfo], wanted: str) -> list[Fact]:
    fits = fitted(wanted)
    return [
        fact
        for info in classes
        for name, fact in info.attributes.items()
        if fits.fullmatch(name) is not None  # the * of a name that was computed itself stands for something
    ]
