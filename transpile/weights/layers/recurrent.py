"""LSTM, GRU and RNN: transposed matrices, the gates of a GRU in another order, one bias or two.

Torch's gate order is (i, f, g, o) as in Keras' LSTM, and (r, z, n) where Keras' GRU has (z, r, n). Keras'
LSTM and SimpleRNN have one bias where torch adds two; a GRU with reset_after=True, torch's formula, keeps
both.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from transpile.weights.arrays import Array
from transpile.weights.layers.family import Family, Shapes, Slot, cell, has, is_keras, register

_GATES = {"LSTMCell": 4, "GRUCell": 3, "SimpleRNNCell": 1}
PARAMETER = re.compile(r"^(?P<kind>(?:weight|bias)_[ih]h)_l(?P<layer>\d+)(?P<reverse>_reverse)?$")


def _kind(cell_layer: Any) -> str | None:
    """Which of Keras' cells a cell is; None for a cell of somebody's own."""
    names = (cls.__name__ for cls in type(cell_layer).__mro__ if is_keras(cls))
    return next((name for name in names if name in _GATES), None)


def _swap_first_gates(array: Array) -> Array:
    """(r, z, n) ↔ (z, r, n) along the first axis; its own inverse."""
    r, z, n = np.split(array, 3)
    return np.concatenate([z, r, n])


def _cell_slots(owner: Any, suffix: str, shapes: Shapes) -> list[Slot]:
    """The slots of one cell; `suffix` is what torch appends to each name (_l0, _l0_reverse, or nothing)."""
    kind = _kind(owner) or ""
    if kind == "GRUCell" and not owner.reset_after:
        raise ValueError(
            "a GRU with reset_after=False computes something else than torch's; use reset_after=True"
        )
    width = _GATES[kind] * int(owner.units)
    given = shapes.get(f"weight_ih{suffix}", ())
    order = _swap_first_gates if kind == "GRUCell" else _unchanged

    def to_keras(weight: Array) -> tuple[Array, ...]:
        return (order(weight).T,)

    def to_torch(kernel: Array) -> tuple[Array, ...]:
        return (order(kernel.T),)

    kernel = cell(owner, "kernel", (given[1], width) if len(given) == 2 else None)
    recurrent = cell(owner, "recurrent_kernel", (int(owner.units), width))
    slots = [
        Slot((f"weight_ih{suffix}",), (kernel,), to_keras, to_torch),
        Slot((f"weight_hh{suffix}",), (recurrent,), to_keras, to_torch),
    ]
    if has(owner, "bias", "use_bias"):
        names = (f"bias_ih{suffix}", f"bias_hh{suffix}")
        if kind == "GRUCell":
            bias = cell(owner, "bias", (2, width))
            slots.append(Slot(names, (bias,), _stacked, lambda both: (order(both[0]), order(both[1]))))
        else:
            bias = cell(owner, "bias", (width,))
            slots.append(Slot(names, (bias,), lambda ih, hh: (ih + hh,), lambda b: (b, np.zeros_like(b))))
    return slots


def _unchanged(array: Array) -> Array:
    return array


def _stacked(input_bias: Array, hidden_bias: Array) -> tuple[Array, ...]:
    return (np.stack([_swap_first_gates(input_bias), _swap_first_gates(hidden_bias)]),)


class _CellsOf(Family):
    """Everything in terms of the cells of a layer and the suffix that torch gives to each of them."""

    def cells(self, layer: Any) -> list[tuple[Any, str]]:
        raise NotImplementedError

    def names(self, layer: Any) -> tuple[str, ...]:
        kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        return tuple(
            f"{kind}{suffix}"
            for owner, suffix in self.cells(layer)
            for kind in (kinds if has(owner, "bias", "use_bias") else kinds[:2])
        )

    def slots(self, layer: Any, shapes: Shapes) -> list[Slot]:
        return [slot for owner, suffix in self.cells(layer) for slot in _cell_slots(owner, suffix, shapes)]

    def build(self, layer: Any, shapes: Shapes) -> None:
        # Only the cells: the layer around them builds itself at its first call, when it learns a stateful
        # batch.
        for owner, suffix in self.cells(layer):
            if not owner.built:
                owner.build((None, shapes[f"weight_ih{suffix}"][1]))


@register("LSTMCell", "GRUCell", "SimpleRNNCell")
class RecurrentCell(_CellsOf):
    """nn.LSTMCell, nn.GRUCell, nn.RNNCell."""

    def cells(self, layer: Any) -> list[tuple[Any, str]]:
        return [(layer, "")]


@register("RNN", "LSTM", "GRU", "SimpleRNN")
class Recurrent(_CellsOf):
    """nn.LSTM, nn.GRU, nn.RNN in one direction; several layers as StackedRNNCells."""

    def cells(self, layer: Any) -> list[tuple[Any, str]]:
        stacked = getattr(layer.cell, "cells", [layer.cell])
        return [(owner, f"_l{i}") for i, owner in enumerate(stacked) if _kind(owner)]

    def parts(self, layer: Any) -> list[Any]:
        return [layer.cell] if self.cells(layer) else []


@register("Bidirectional")
class BothDirections(_CellsOf):
    """One bidirectional layer: torch's _l0 runs forwards and its _l0_reverse backwards."""

    def cells(self, layer: Any) -> list[tuple[Any, str]]:
        return [(layer.forward_layer.cell, "_l0"), (layer.backward_layer.cell, "_l0_reverse")]

    def parts(self, layer: Any) -> list[Any]:
        return [layer.forward_layer, layer.backward_layer, layer.layer]
