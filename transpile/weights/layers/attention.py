"""MultiheadAttention: torch's stacked projections, and Keras' kernels of (input, heads, depth)."""

from __future__ import annotations

from typing import Any

import numpy as np

from transpile.weights.arrays import Array, Shape
from transpile.weights.layers.family import Cell, Family, Shapes, Slot, cell, register, same

_THREE = ("query", "key", "value")
_APART = ("q_proj_weight", "k_proj_weight", "v_proj_weight")


@register("MultiHeadAttention")
class MultiheadAttention(Family):
    """nn.MultiheadAttention, with kdim and vdim too; add_bias_kv has no counterpart in Keras."""

    def names(self, layer: Any) -> tuple[str, ...]:
        weights = ("in_proj_weight", *_APART, "out_proj.weight")
        return (*weights, "in_proj_bias", "out_proj.bias") if layer._use_bias else weights

    def slots(self, layer: Any, shapes: Shapes) -> list[Slot]:
        heads, depth = int(layer.num_heads), int(layer.key_dim)
        kernels = [
            cell(layer, f"{name}_dense.kernel", None if width is None else (width, heads, depth))
            for name, width in zip(_THREE, self._widths(shapes), strict=True)
        ]
        slots = self._projections(kernels, shapes)
        embed = shapes["out_proj.weight"][0] if len(shapes.get("out_proj.weight", ())) == 2 else None
        out = cell(layer, "output_dense.kernel", None if embed is None else (heads, depth, embed))
        slots.append(
            Slot(
                ("out_proj.weight",),
                (out,),
                lambda w: (w.T.reshape(heads, -1, w.shape[0]),),
                lambda k: (k.reshape(-1, k.shape[-1]).T,),
            )
        )
        if layer._use_bias:
            biases = tuple(cell(layer, f"{name}_dense.bias", (heads, depth)) for name in _THREE)
            slots.append(
                Slot(
                    ("in_proj_bias",),
                    biases,
                    lambda b: tuple(b.reshape(3, heads, -1)),
                    lambda *three: (np.concatenate([b.reshape(-1) for b in three]),),
                )
            )
            slots.append(
                same("out_proj.bias", cell(layer, "output_dense.bias", None if embed is None else (embed,)))
            )
        return slots

    def _widths(self, shapes: Shapes) -> tuple[int | None, ...]:
        """The input widths of query, key and value, as the given matrices have them."""
        together = shapes.get("in_proj_weight", ())
        if len(together) == 2:
            return (together[1],) * 3
        return tuple(shapes[n][1] if len(shapes.get(n, ())) == 2 else None for n in _APART)

    def _projections(self, kernels: list[Cell], shapes: Shapes) -> list[Slot]:
        """One matrix for all three, or three of them where the inputs have different widths."""
        widths = {kernel.shape and kernel.shape[0] for kernel in kernels}
        if len(widths) > 1 or any(name in shapes for name in _APART):
            return [
                Slot((name,), (kernel,), _from_matrix(kernel.shape), _to_matrix)
                for name, kernel in zip(_APART, kernels, strict=True)
            ]
        return [Slot(("in_proj_weight",), tuple(kernels), _from_matrices(kernels[0].shape), _to_matrices)]

    def build(self, layer: Any, shapes: Shapes) -> None:
        query, key, value = ((None, None, width) for width in self._widths(shapes))
        layer.build(query, value, key)

    def parts(self, layer: Any) -> list[Any]:
        names = ("query_dense", "key_dense", "value_dense", "output_dense")
        return [part for name in names if (part := getattr(layer, f"_{name}", None)) is not None]


def _from_matrix(shape: Shape | None) -> Any:
    """(heads·depth, width) → (width, heads, depth)."""
    heads = shape[1] if shape else 1
    return lambda matrix: (matrix.reshape(heads, -1, matrix.shape[1]).transpose(2, 0, 1),)


def _from_matrices(shape: Shape | None) -> Any:
    """(3·heads·depth, width) → three of (width, heads, depth)."""
    heads = shape[1] if shape else 1
    return lambda matrix: tuple(matrix.reshape(3, heads, -1, matrix.shape[1]).transpose(0, 3, 1, 2))


def _to_matrix(kernel: Array) -> tuple[Array, ...]:
    return (kernel.reshape(kernel.shape[0], -1).T,)


def _to_matrices(*kernels: Array) -> tuple[Array, ...]:
    return (np.concatenate([_to_matrix(kernel)[0] for kernel in kernels]),)
