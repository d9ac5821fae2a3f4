"""Arrays of any kind as numpy arrays: numpy, torch (bfloat16, half, with a gradient), TensorFlow, files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Source:
    """An array to be read when it is needed; `names` are the entries of the state dict it is made from."""

    names: tuple[str, ...]
    shape: Shape
    read: Callable[[], Array]


def sources(state: Any) -> tuple[dict[str, Source], list[str]]:
    """The arrays of a state dict by name, none of them read yet, and the names whose values are not arrays.

    `state` is a mapping, or an open safetensors file (`keys`, `get_slice`, `get_tensor`).
    Raises TypeError where it is neither.
    """
    if isinstance(state, Mapping) or (hasattr(state, "keys") and hasattr(state, "__getitem__")):
        names, get, peek = list(state.keys()), state.__getitem__, state.__getitem__
    elif hasattr(state, "keys") and hasattr(state, "get_tensor"):
        names, get = list(state.keys()), state.get_tensor
        peek = getattr(state, "get_slice", get)
    else:
        raise TypeError(f"a state dict is a mapping of names to arrays, not {type(state).__name__}")
    found: dict[str, Source] = {}
    others: list[str] = []
    for name in names:
        shape = shape_of(peek(name))
        if shape is None:
            others.append(name)
        else:
            found[name] = Source((name,), shape, _reader(get, name))
    return found, others


def _reader(get: Callable[[str], Any], name: str) -> Callable[[], Array]:
    return lambda: to_numpy(get(name))


def shape_of(value: Any) -> Shape | None:
    """The shape of an array of any kind, unread; None for what is no array (a torch extra state)."""
    if getattr(value, "is_meta", False):
        raise ValueError("a tensor on the meta device has no values to load")
    if hasattr(value, "get_shape") and not hasattr(value, "dtype"):
        return tuple(int(d) for d in value.get_shape())  # a slice of a safetensors file
    if isinstance(value, (bool, int, float, complex)):
        return ()
    shape = getattr(value, "shape", None)
    if shape is not None:
        return tuple(int(d) for d in shape)
    if isinstance(value, (list, tuple)):
        array = np.asarray(value, dtype=object)
        return (
            array.shape if all(isinstance(item, (bool, int, float, complex)) for item in array.flat) else None
        )
    return None


def to_numpy(value: Any) -> Array:
    """The values of an array of any kind; bfloat16 becomes float32, which holds each of its values."""
    if hasattr(value, "detach"):
        return _torch_to_numpy(value)
    array = np.asarray(value.numpy() if hasattr(value, "numpy") else value)
    return array.astype(np.float32) if array.dtype.name == "bfloat16" else array


def _torch_to_numpy(tensor: Any) -> Array:
    tensor = tensor.detach()
    if tensor.layout is not None and "strided" not in str(tensor.layout):
        tensor = tensor.to_dense()
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    tensor = tensor.cpu().resolve_conj().resolve_neg()
    if str(tensor.dtype) == "torch.bfloat16" or "float8" in str(tensor.dtype):
        tensor = tensor.float()
    return np.asarray(tensor.numpy())
