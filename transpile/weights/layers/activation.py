"""PReLU, the activation with a parameter: one slope, or one per channel."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from transpile.weights.arrays import Shape
from transpile.weights.layers.family import Family, Shapes, Slot, cell, only_length, register


@register("PReLU")
class PReLU(Family):
    """nn.PReLU: C slopes in a Keras alpha of shape (1, 1, C) or (C, 1, 1); a single one fills alpha whole."""

    def names(self, layer: Any) -> tuple[str, ...]:
        return ("weight",)

    def slots(self, layer: Any, shapes: Shapes) -> list[Slot]:
        length = only_length(shapes, "weight")
        alpha = cell(layer, "alpha", None if length is None else self._input_shape(layer, length)[1:])
        shape = alpha.shape or ()
        if length == 1:
            return [
                Slot(("weight",), (alpha,), lambda w: (np.full(shape, w[0]),), lambda a: (a.reshape(-1)[:1],))
            ]
        if sum(size != 1 for size in shape) > 1:
            # Slopes per position as well: torch has no such layer, so nothing but a wrong shape can be said.
            return [Slot(("weight",), (alpha,), lambda w: (w,), lambda a: (a,))]
        return [Slot(("weight",), (alpha,), lambda w: (w.reshape(shape),), lambda a: (a.reshape(-1),))]

    def build(self, layer: Any, shapes: Shapes) -> None:
        length = only_length(shapes, "weight")
        assert length is not None
        layer.build(self._input_shape(layer, length))
        if math.prod(layer.alpha.shape) == 1:
            layer.input_spec = None  # one slope broadcasts to every input

    def _input_shape(self, layer: Any, channels: int) -> Shape:
        """The smallest input that gives alpha one slope per channel, or one in all.

        Shared axes that begin at 1 leave the channels last; those that begin at 2 leave them first.
        """
        shared = sorted(layer.shared_axes or ())
        if not shared:
            return (1, channels)
        if channels == 1:
            return (1,) * (shared[-1] + 1)
        if shared[0] > 1:
            return (1, channels, *(1,) * (shared[-1] - 1))
        return (1, *(1,) * shared[-1], channels)
