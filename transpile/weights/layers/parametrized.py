"""Layers of transpile.support.parametrized: the kernel's place is taken by the parts that torch names."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from transpile.weights.arrays import Array, Shape
from transpile.weights.layers.family import Cell, Family, Shapes, Slot, register_marked, same

_OLD = {"g": "weight_g", "v": "weight_v", "orig": "weight_orig", "u": "weight_u"}
_NEW = {
    "g": "parametrizations.weight.original0",
    "v": "parametrizations.weight.original1",
    "orig": "parametrizations.weight.original",
    "u": "parametrizations.weight.0._u",
}
_NEW_SPECTRAL = {**_NEW, "v": "parametrizations.weight.0._v"}


@register_marked("kernel_part")
class InParts(Family):
    """A layer of another family whose kernel is in parts; torch's old names fill the new ones too, as in torch.

    weight_norm also takes the kernel itself, which becomes v with its own norms for g.
    """

    def __init__(self, whole: Family) -> None:
        self._whole = whole
        self.out_axis = whole.out_axis

    def names(self, layer: Any) -> tuple[str, ...]:
        spellings = [*_spelt(layer, _OLD).values(), *_spelt(layer, _names(layer)).values()]
        return (*dict.fromkeys(spellings), *self._whole.names(layer))

    def slots(self, layer: Any, shapes: Shapes) -> list[Slot]:
        names = _spelt(layer, _names(layer) if layer.registered else _OLD)
        old = _spelt(layer, _OLD)
        if any(name in shapes for name in old.values()):
            names = old
        kept = names["orig" if "orig" in names else "v"]
        from_whole = "orig" not in names and "weight" in shapes and kept not in shapes
        given = dict(shapes)
        given.pop("weight", None)
        if (shape := shapes.get("weight" if from_whole else kept)) is not None:
            given["weight"] = shape
        found: list[Slot] = []
        for slot in self._whole.slots(layer, given):
            if slot.names != ("weight",):
                found.append(slot)
                continue
            kernel = Cell(layer, layer.kernel_part, slot.cells[0].shape)
            if "orig" in names:
                found.append(Slot((kept,), (kernel,), slot.to_keras, slot.to_torch))
                rows, columns = _sizes(layer, found[-1].wanted()[0])
                found.append(same(names["u"], Cell(layer, "weight_u", rows)))
                found.append(same(names["v"], Cell(layer, "weight_v", columns)))
            elif from_whole:
                found.append(_whole_kernel(layer, slot, kernel))
            else:
                found.append(_norms(layer, names["g"], kernel.shape))
                found.append(Slot((kept,), (kernel,), slot.to_keras, slot.to_torch))
        return found

    def build(self, layer: Any, shapes: Shapes) -> None:
        kernel = next(
            shapes[name]
            for names in (_OLD, _names(layer))
            for name in (names["orig"], names["v"], "weight")
            if len(shapes.get(name, ())) > 1
        )
        self._whole.build(layer, {**shapes, "weight": kernel})


def _names(layer: Any) -> dict[str, str]:
    return _NEW_SPECTRAL if layer.kernel_part == "weight_orig" else _NEW


def _spelt(layer: Any, names: dict[str, str]) -> dict[str, str]:
    """The names of the parts that such a layer has."""
    parts = ("orig", "u", "v") if layer.kernel_part == "weight_orig" else ("g", "v")
    return {part: names[part] for part in parts}


def _sizes(layer: Any, weight: Shape | None) -> tuple[Shape | None, Shape | None]:
    """The shapes of u and v, which belong to a weight of torch as a matrix."""
    if weight is None:
        return None, None
    rows = weight[layer.norm_dim]
    return (rows,), (math.prod(weight) // max(rows, 1),)


def _norms(layer: Any, name: str, kernel: Shape | None) -> Slot:
    """g: as many axes as the kernel in both orders, all of size 1 but that of the norms; or a scalar."""
    shape = None if kernel is None else tuple(layer.norm_shape(kernel))

    def to_keras(g: Array) -> tuple[Array, ...]:
        return (g.reshape(shape),)

    def to_torch(g: Array) -> tuple[Array, ...]:
        if layer.norm_dim is None:
            return (g.reshape(()),)
        sizes = [1] * len(kernel or ())
        sizes[layer.norm_dim] = g.size
        return (g.reshape(sizes),)

    return Slot((name,), (Cell(layer, "weight_g", shape),), to_keras, to_torch)


def _whole_kernel(layer: Any, slot: Slot, kernel: Cell) -> Slot:
    norms = _norms(layer, "", kernel.shape)

    def to_keras(weight: Array) -> tuple[Array, ...]:
        axes = None if layer.norm_dim is None else tuple(i for i in range(weight.ndim) if i != layer.norm_dim)
        lengths = np.sqrt(np.sum(np.square(weight, dtype=np.float64), axis=axes, keepdims=axes is not None))
        return (*slot.to_keras(weight), *norms.to_keras(np.asarray(lengths.astype(weight.dtype))))

    def to_torch(v: Array, g: Array) -> tuple[Array, ...]:
        return slot.to_torch(v)

    return Slot(("weight",), (kernel, norms.cells[0]), to_keras, to_torch)
