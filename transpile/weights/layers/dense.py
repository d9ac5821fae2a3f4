"""Linear, (out, in) in torch and (in, out) in Keras, and Embedding, which is the same in both."""

from __future__ import annotations

from typing import Any

from transpile.weights.layers.family import Family, Shapes, Slot, cell, has, permuted, register, same


@register("Dense")
class Linear(Family):
    """nn.Linear."""

    def names(self, layer: Any) -> tuple[str, ...]:
        return ("weight", "bias") if has(layer, "bias", "use_bias") else ("weight",)

    def slots(self, layer: Any, shapes: Shapes) -> list[Slot]:
        given = shapes.get("weight", ())
        if getattr(layer, "shared", None) is not None:  # tied to an Embedding, in torch's order
            kernel = same("weight", cell(layer, "shared"))
        else:
            shape = (given[1], layer.units) if len(given) == 2 else None
            kernel = permuted("weight", cell(layer, "kernel", shape), (1, 0))
        if "bias" not in self.names(layer):
            return [kernel]
        return [kernel, same("bias", cell(layer, "bias", (layer.units,)))]

    def build(self, layer: Any, shapes: Shapes) -> None:
        layer.build((None, shapes["weight"][1]))


@register("Embedding")
class Embedding(Family):
    """nn.Embedding and nn.EmbeddingBag; input_dim and output_dim are always known."""

    def names(self, layer: Any) -> tuple[str, ...]:
        return ("weight",)

    def slots(self, layer: Any, shapes: Shapes) -> list[Slot]:
        return [same("weight", cell(layer, "embeddings", (layer.input_dim, layer.output_dim)))]

    def build(self, layer: Any, shapes: Shapes) -> None:
        layer.build(None)
