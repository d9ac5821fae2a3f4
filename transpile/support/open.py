"""For tensors whose rank is only known at run time: an image (rank 4) is taken as kept with its channels last."""

import tensorflow as tf

from transpile.support.shape import shape


def torch_shape(x):
    """The sizes in torch's order."""
    sizes = shape(x)
    return (sizes[0], sizes[-1], *sizes[1:-1]) if len(sizes) == 4 else sizes


def to_torch_order(x):
    """An image back in torch's order, anything else as it is."""
    return tf.transpose(x, (0, 3, 1, 2)) if len(x.shape) == 4 else x


def open_axis(dim, x):
    """The axis in memory that torch calls `dim`."""
    rank = len(x[0].shape) if isinstance(x, (list, tuple)) else len(x.shape)
    if rank != 4:
        return dim
    places = (0, 3, 1, 2)
    return places[dim] if isinstance(dim, int) else type(dim)(places[d] for d in dim)


def on_axis(function, x, dim):
    """function(x, axis) with the axis in memory that torch calls `dim`."""
    return function(x, open_axis(dim, x))
