"""The places in a Keras model where torch arrays go, and the kinds of objects that a walk meets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from transpile.weights.arrays import Array
from transpile.weights.layers import Family, family_of
from transpile.weights.layers.family import is_keras
from transpile.weights.layers.recurrent import PARAMETER


@dataclass(frozen=True)
class Site:
    """A layer of a known family under its torch path. depth: which layer of a torch LSTM of several it is."""

    path: str
    layer: Any
    family: Family
    depth: int = 0

    def torch_name(self, local: str) -> str:
        """The full torch name of one of the layer's own names."""
        match = PARAMETER.match(local)
        if match and self.depth:
            local = f"{match['kind']}_l{int(match['layer']) + self.depth}{match['reverse'] or ''}"
        return joined(self.path, local)


@dataclass(frozen=True)
class Leaf:
    """A variable or array that stands under an attribute, an index or a key of its own."""

    owner: Any
    key: Any
    value: Any
    axes: tuple[int, ...] | None = None

    @property
    def variable(self) -> Any:
        return self.value if is_variable(self.value) else None

    def to_keras(self, array: Array) -> Array:
        return array if self.axes is None else array.transpose(self.axes)

    def wanted(self) -> tuple[int | None, ...]:
        """Torch's shape; None for the dimensions that a tf.Variable leaves open."""
        shape = tuple(getattr(self.value, "shape", ()))
        return shape if self.axes is None else tuple(shape[self.axes.index(i)] for i in range(len(shape)))


def joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def is_layer(value: Any) -> bool:
    """Whether a value is a Keras layer (or model), known without importing Keras."""
    return any(cls.__name__ == "Layer" and is_keras(cls) for cls in type(value).__mro__)


def is_variable(value: Any) -> bool:
    """Whether a value is a Keras or TensorFlow variable."""
    return (
        hasattr(value, "assign")
        and hasattr(value, "shape")
        and hasattr(value, "dtype")
        and not is_layer(value)
    )


def is_array(value: Any) -> bool:
    """Whether a value is a buffer that is no variable: a tensor, a numpy array, a number."""
    if isinstance(value, (bool, int, float, complex)):
        return True
    return hasattr(value, "shape") and hasattr(value, "dtype") and not is_layer(value)


def is_sequential(value: Any) -> bool:
    return any(cls.__name__ == "Sequential" and is_keras(cls) for cls in type(value).__mro__)


def is_functional(value: Any) -> bool:
    return any(cls.__name__ == "Functional" and is_keras(cls) for cls in type(value).__mro__)


def is_wrapper(value: Any) -> bool:
    return family_of(value) is None and any(
        cls.__name__ == "Wrapper" and is_keras(cls) for cls in type(value).__mro__
    )


def declared(owner: Any, attribute: str) -> dict[str, Any]:
    """`torch_names` or `torch_axes` of an object: its own and those of its classes, merged."""
    merged: dict[str, Any] = {}
    for holder in (*reversed(type(owner).__mro__), owner):
        value = vars(holder).get(attribute) if hasattr(holder, "__dict__") else None
        if isinstance(value, Mapping):
            merged.update(value)
    return merged
