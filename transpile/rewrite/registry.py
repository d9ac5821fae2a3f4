"""Registration: a rewrite is a function for one node type or for one planned operation."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

import libcst as cst

from transpile.rewrite.context import Context

__all__ = ["BY_OPERATION", "BY_TYPE", "load", "on", "operation"]

Rewrite = Callable[[Context, Any, Any], Any]
BY_TYPE: dict[type, list[Rewrite]] = {}
BY_OPERATION: dict[str, Rewrite] = {}


def on(*types: type[cst.CSTNode]) -> Callable[[Rewrite], Rewrite]:
    """A rewrite of every node of a type: (context, original, updated) → node, or None to leave it."""

    def register(function: Rewrite) -> Rewrite:
        for type_ in types:
            BY_TYPE.setdefault(type_, []).append(function)
        return function

    return register


def operation(*names: str) -> Callable[[Rewrite], Rewrite]:
    """A rewrite of the nodes whose plan has one of these names."""

    def register(function: Rewrite) -> Rewrite:
        for name in names:
            BY_OPERATION[name] = function
        return function

    return register


def load() -> None:
    """Import every rewrite of this folder; a new file needs no entry anywhere."""
    import transpile.rewrite

    for module in pkgutil.iter_modules(transpile.rewrite.__path__):
        importlib.import_module(f"transpile.rewrite.{module.name}")
