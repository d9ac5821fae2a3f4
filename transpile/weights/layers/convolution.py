"""Convolutions.

Torch has (out, in/groups, *k), Keras (*k, in/groups, out); transposed (in, out/groups, *k), (*k, out, in).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from transpile.weights.arrays import Array, Shape
from transpile.weights.layers.family import Cell, Family, Shapes, Slot, cell, has, permuted, register, same


class _AnyConvolution(Family):
    """What the three kinds share: a kernel of rank + 2 axes, an optional bias, and how they are built."""

    def names(self, layer: Any) -> tuple[str, ...]:
        return ("weight", "bias") if has(layer, "bias", "use_bias") else ("weight",)

    def slots(self, layer: Any, shapes: Shapes) -> list[Slot]:
        given = shapes.get("weight", ())
        known = given if len(given) == layer.rank + 2 else None
        kernel = self.kernel(layer, known, shapes)
        if "bias" not in self.names(layer):
            return [kernel]
        length = self.bias_length(layer, known)
        return [kernel, same("bias", cell(layer, "bias", None if length is None else (length,)))]

    def build(self, layer: Any, shapes: Shapes) -> None:
        channels = self.in_channels(layer, shapes["weight"])
        spatial = (None,) * layer.rank
        layer.build(
            (None, *spatial, channels) if layer.data_format == "channels_last" else (None, channels, *spatial)
        )

    def kernel(self, layer: Any, given: Shape | None, shapes: Shapes) -> Slot:
        raise NotImplementedError

    def bias_length(self, layer: Any, given: Shape | None) -> int | None:
        return int(layer.filters)

    def in_channels(self, layer: Any, given: Shape) -> int:
        raise NotImplementedError


def _reversed_axes(rank: int) -> tuple[int, ...]:
    """(2, 3, 1, 0) for two dimensions: the spatial axes in front, the two channel axes behind and swapped."""
    return (*range(2, rank + 2), 1, 0)


@register("Conv1D", "Conv2D", "Conv3D")
class Convolution(_AnyConvolution):
    """Conv1d, Conv2d, Conv3d, grouped too."""

    def kernel(self, layer: Any, given: Shape | None, shapes: Shapes) -> Slot:
        unbuilt = None if given is None else (*layer.kernel_size, given[1], layer.filters)
        return permuted("weight", cell(layer, "kernel", unbuilt), _reversed_axes(layer.rank))

    def in_channels(self, layer: Any, given: Shape) -> int:
        return given[1] * int(layer.groups)


@register("DepthwiseConv1D", "DepthwiseConv2D")
class Depthwise(_AnyConvolution):
    """A torch convolution with groups=in_channels, (C·m, 1, *k), in Keras' depthwise layer, (*k, C, m)."""

    def kernel(self, layer: Any, given: Shape | None, shapes: Shapes) -> Slot:
        multiplier, rank = int(layer.depth_multiplier), int(layer.rank)
        unbuilt = None if given is None else (*layer.kernel_size, given[0] // multiplier, multiplier)
        behind, in_front = (*range(2, rank + 2), 0, 1), (rank, rank + 1, *range(rank))

        def to_keras(weight: Array) -> tuple[Array, ...]:
            return (weight.reshape(-1, multiplier, *weight.shape[2:]).transpose(behind),)

        def to_torch(kernel: Array) -> tuple[Array, ...]:
            array = kernel.transpose(in_front)
            return (array.reshape(-1, 1, *array.shape[2:]),)

        return Slot(("weight",), (cell(layer, "kernel", unbuilt),), to_keras, to_torch)

    def bias_length(self, layer: Any, given: Shape | None) -> int | None:
        return None if given is None else given[0]

    def in_channels(self, layer: Any, given: Shape) -> int:
        return given[0] // int(layer.depth_multiplier)


@register("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
class TransposedConvolution(_AnyConvolution):
    """ConvTranspose1d, 2d, 3d; one with groups becomes a block-diagonal kernel in Keras' ungrouped layer."""

    out_axis = 1

    def kernel(self, layer: Any, given: Shape | None, shapes: Shapes) -> Slot:
        unbuilt = None if given is None else (*layer.kernel_size, layer.filters, given[0])
        kernel = cell(layer, "kernel", unbuilt)
        groups = _groups(kernel, given, shapes)
        if groups == 1:
            return permuted("weight", kernel, _reversed_axes(layer.rank))
        plain = permuted("weight", kernel, _reversed_axes(layer.rank))
        return Slot(
            plain.names,
            plain.cells,
            lambda weight: plain.to_keras(_block_diagonal(weight, groups)),
            lambda array: (_diagonal_blocks(plain.to_torch(array)[0], groups),),
        )

    def in_channels(self, layer: Any, given: Shape) -> int:
        return given[0]


def _groups(kernel: Cell, given: Shape | None, shapes: Shapes) -> int:
    """How many groups the given weight has, for a kernel without groups.

    Only a bias of all output channels proves that the second axis is a group's part of them and not a
    mistake.
    """
    if given is None or kernel.shape is None:
        return 1
    outputs, inputs = kernel.shape[-2:]
    groups, rest = divmod(outputs, given[1]) if given[1] else (1, 0)
    proven = shapes.get("bias") == (outputs,) and given[0] == inputs
    return groups if proven and rest == 0 and inputs % groups == 0 else 1


def _block_diagonal(weight: Array, groups: int) -> Array:
    """(in, out/groups, *k) → (in, out, *k), zero where input and output are of different groups."""
    inputs, part = weight.shape[:2]
    dense = np.zeros((inputs, part * groups, *weight.shape[2:]), weight.dtype)
    step = inputs // groups
    for g in range(groups):
        dense[g * step : (g + 1) * step, g * part : (g + 1) * part] = weight[g * step : (g + 1) * step]
    return dense


def _diagonal_blocks(dense: Array, groups: int) -> Array:
    """The inverse of `_block_diagonal`; what stands outside of the blocks is dropped."""
    step, part = dense.shape[0] // groups, dense.shape[1] // groups
    blocks = [dense[g * step : (g + 1) * step, g * part : (g + 1) * part] for g in range(groups)]
    return np.concatenate(blocks)
