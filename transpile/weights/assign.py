"""Writing an array into what the model holds: a variable, or a tensor, array or number under an attribute."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from transpile.weights.arrays import Array
from transpile.weights.places import Leaf


def set_variable(variable: Any, array: Array) -> None:
    """Assigns to a Keras or TensorFlow variable, in its own dtype."""
    variable.assign(cast(array, variable.dtype))


def set_leaf(leaf: Leaf, array: Array) -> None:
    """Assigns to a variable, or replaces a buffer by a new one of the same kind and dtype."""
    array = leaf.to_keras(array)
    if leaf.variable is not None:
        set_variable(leaf.variable, array)
        return
    new = _like(leaf.value, array)
    if isinstance(leaf.owner, (list, dict)):
        leaf.owner[leaf.key] = new
    else:
        *above, name = leaf.key.split(".")
        owner = functools.reduce(getattr, above, leaf.owner)
        setattr(owner, name, new)


def _like(old: Any, array: Array) -> Any:
    """The array as what it replaces: a Python number, a numpy array or a TensorFlow tensor."""
    if isinstance(old, (bool, int, float, complex)) and not isinstance(old, np.generic):
        return type(old)(array.item())
    if isinstance(old, (np.ndarray, np.generic)):
        return array.astype(old.dtype)[()] if isinstance(old, np.generic) else array.astype(old.dtype)
    import tensorflow as tf

    return tf.constant(cast(array, old.dtype), dtype=old.dtype)


def cast(array: Array, dtype: Any) -> Array:
    """The array in a Keras or TensorFlow dtype (a name or a DType), bfloat16 included."""
    import tensorflow as tf

    return array.astype(tf.as_dtype(dtype).as_numpy_dtype, copy=False)
