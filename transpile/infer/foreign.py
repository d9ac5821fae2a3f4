"""Calls of libraries that are neither torch's nor the project's: registered by qualified name."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from transpile.infer.apply import Operand
from transpile.infer.facts import Fact, Layer
from transpile.infer.run import Run

__all__ = ["FUNCTIONS", "LAYERS", "foreign", "foreign_layer"]

FunctionCall = Callable[[Run, cst.Call, list[Operand], dict[str, Operand]], Fact]
LayerCall = Callable[[Run, cst.Call | None, Layer, list[Operand]], Fact]
FUNCTIONS: dict[str, FunctionCall] = {}
LAYERS: dict[str, LayerCall] = {}


def foreign(*names: str) -> Callable[[FunctionCall], FunctionCall]:
    """Register what a call of these functions or classes gives."""

    def register(function: FunctionCall) -> FunctionCall:
        for name in names:
            FUNCTIONS[name] = function
        return function

    return register


def foreign_layer(*names: str) -> Callable[[LayerCall], LayerCall]:
    """Register what calling an instance of these layers gives."""

    def register(function: LayerCall) -> LayerCall:
        for name in names:
            LAYERS[name] = function
        return function

    return register
