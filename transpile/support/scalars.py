"""Scalars have the axes 0 and -1 in torch, and none in TensorFlow."""

import functools

import tensorflow as tf


def takes_scalars(function):
    """A function along an axis that takes scalars too: as vectors of one element, whose results are scalars again."""

    @functools.wraps(function)
    def run(input, *arguments, **options):
        if len(input.shape):
            return function(input, *arguments, **options)
        options = {name: vector(x) for name, x in options.items()}
        result = function(tf.reshape(input, (1,)), *map(vector, arguments), **options)
        return tf.nest.map_structure(lambda y: tf.reshape(y, ()) if y.shape == (1,) else y, result)

    return run


def vector(x):
    """A scalar tensor as a vector of one element; anything else as it is."""
    return tf.reshape(x, (1,)) if tf.is_tensor(x) and len(x.shape) == 0 else x


def axes_of(x, dim):
    """The axes that torch means by `dim`: all of them by None and (), and none of a scalar."""
    rank = len(x.shape)
    if rank == 0:
        return []
    if dim is None or (isinstance(dim, (tuple, list)) and len(dim) == 0):
        return list(range(rank))
    return [d % rank for d in dim] if isinstance(dim, (tuple, list)) else dim


def tensor_of(data, dtype):
    """torch.Tensor(n), of so many elements, or torch.Tensor(values), with these."""
    if isinstance(data, int):
        return tf.zeros([data], dtype)
    return tf.cast(data, dtype)
