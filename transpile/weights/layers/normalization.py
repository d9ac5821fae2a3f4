"""BatchNorm, LayerNorm, RMSNorm, GroupNorm InstanceNorm: vectors as they are, images channels last."""

from __future__ import annotations

from typing import Any

from transpile.weights.arrays import Shape
from transpile.weights.layers.family import (
    Family,
    Shapes,
    Slot,
    cell,
    has,
    only_length,
    permuted,
    register,
    same,
)

_AFFINE = {"weight": ("gamma", "scale"), "bias": ("beta", "center")}


def _affine(layer: Any) -> dict[str, str]:
    """Torch's name → Keras' attribute, of the affine parameters that this layer has."""
    return {name: attribute for name, (attribute, flag) in _AFFINE.items() if has(layer, attribute, flag)}


def build_for_any_rank(layer: Any, input_shape: tuple[int | None, ...]) -> None:
    """Builds a layer that remembers the rank of its input, and lets the first call correct it.

    The state dict tells the channels and not the rank. So the layer counts as unbuilt until its first call,
    and the build that Keras then does is handed the variables that already exist.
    """
    original = layer.build
    original(input_shape)
    existing = {variable.name: variable for variable in layer.weights}

    def add_weight(*args: Any, name: str, shape: Shape, **kwargs: Any) -> Any:
        if tuple(existing[name].shape) != tuple(shape):
            raise ValueError(
                f"layer {layer.name!r} was loaded with a {name} of shape {tuple(existing[name].shape)}, "
                f"and is called on an input that needs {tuple(shape)}"
            )
        return existing[name]

    def build(input_shape: Any) -> None:
        layer.add_weight = add_weight
        try:
            original(input_shape)
        finally:
            del layer.add_weight
        layer.build = original

    layer.build = build
    layer.built = False
    layer.input_spec = None


def _vector_shape(layer: Any, channels: int) -> tuple[int | None, ...]:
    """An input shape of the lowest rank that has the layer's channel axis."""
    axis = layer.axis if isinstance(layer.axis, int) else layer.axis[0]
    rank = max(2, axis + 1 if axis >= 0 else -axis)
    shape: list[int | None] = [None] * rank
    shape[axis] = channels
    return tuple(shape)


@register("BatchNormalization")
class BatchNorm(Family):
    """BatchNorm1d, 2d, 3d; affine=False is center=scale=False."""

    def names(self, layer: Any) -> tuple[str, ...]:
        return tuple(self._attributes(layer))

    def _attributes(self, layer: Any) -> dict[str, str]:
        running = {"running_mean": "moving_mean", "running_var": "moving_variance"}
        # A built layer without them is a support layer with track_running_stats=False.
        kept = {n: a for n, a in running.items() if getattr(layer, a, None) is not None or not layer.built}
        return {**_affine(layer), **kept}

    def slots(self, layer: Any, shapes: Shapes) -> list[Slot]:
        attributes = self._attributes(layer)
        length = only_length(shapes, *attributes)
        shape = None if length is None else (length,)
        return [same(name, cell(layer, attribute, shape)) for name, attribute in attributes.items()]

    def build(self, layer: Any, shapes: Shapes) -> None:
        length = only_length(shapes, *self._attributes(layer))
        assert length is not None
        build_for_any_rank(layer, _vector_shape(layer, length))


@register("GroupNormalization")
class GroupNorm(Family):
    """GroupNorm, and InstanceNorm as one group per channel."""

    def names(self, layer: Any) -> tuple[str, ...]:
        return tuple(_affine(layer))

    def slots(self, layer: Any, shapes: Shapes) -> list[Slot]:
        length = only_length(shapes, "weight", "bias")
        shape = None if length is None else (length,)
        return [same(name, cell(layer, attribute, shape)) for name, attribute in _affine(layer).items()]

    def build(self, layer: Any, shapes: Shapes) -> None:
        length = only_length(shapes, "weight", "bias")
        assert length is not None
        build_for_any_rank(layer, _vector_shape(layer, length))


@register("LayerNormalization", "RMSNormalization")
class LayerNorm(Family):
    """RMSNorm; LayerNorm over the last axes, or over an image: torch (C, *spatial), Keras (*spatial, C)."""

    def names(self, layer: Any) -> tuple[str, ...]:
        return tuple(self._attributes(layer))

    def _attributes(self, layer: Any) -> dict[str, str]:
        if hasattr(layer, "center"):
            return _affine(layer)
        return {"weight": "scale"}  # RMSNormalization

    def slots(self, layer: Any, shapes: Shapes) -> list[Slot]:
        count = len(layer.axis) if isinstance(layer.axis, (list, tuple)) else 1
        slots = []
        for name, attribute in self._attributes(layer).items():
            given = self._given(shapes, count)
            axes = self._axes(layer, given, cell(layer, attribute).shape)
            unbuilt = None if given is None else tuple(given[i] for i in axes)
            slots.append(permuted(name, cell(layer, attribute, unbuilt), axes))
        return slots

    def _axes(self, layer: Any, given: Shape | None, built: Shape | None) -> tuple[int, ...]:
        """The permutation from torch's array to gamma's."""
        count = len(layer.axis) if isinstance(layer.axis, (list, tuple)) else 1
        as_is = tuple(range(count))
        # A support layer names torch's normalized_shape, and stores what it says.
        if count < 3 or hasattr(layer, "normalized_shape") or not _channels_last(layer):
            return as_is
        moved = (*as_is[1:], 0)
        fits_only_as_is = given is not None and given == built and tuple(given[i] for i in moved) != built
        return as_is if fits_only_as_is else moved

    def _given(self, shapes: Shapes, count: int) -> Shape | None:
        return next((s for n in ("weight", "bias") if len(s := shapes.get(n, ())) == count), None)

    def build(self, layer: Any, shapes: Shapes) -> None:
        slots = self.slots(layer, shapes)
        wanted = slots[0].cells[0].shape
        assert wanted is not None
        axes = sorted(layer.axis) if isinstance(layer.axis, (list, tuple)) else [layer.axis]
        rank = max(len(axes) + 1, *(axis + 1 if axis >= 0 else -axis for axis in axes))
        shape: list[int | None] = [None] * rank
        for axis, size in zip(axes, wanted, strict=True):
            shape[axis] = size
        layer.build(tuple(shape))


def _channels_last(layer: Any) -> bool:
    """How an image layer without channels of its own stores them: as it says, or as Keras is configured."""
    data_format = getattr(layer, "data_format", None)
    if data_format is None:
        import keras

        data_format = keras.config.image_data_format()
    return bool(data_format != "channels_first")
