"""For tensors whose rank is only known at run time: an image (rank 4) is taken as kept with its channels last."""

import tensorflow as tf

from transpile.support.shape import shape


def channels_first(x):
    """An image (N, *space, C) of any rank in torch's order (N, C, *space); what has no space is as it is."""
    rank = len(getattr(x, "shape", ()))  # None, where an operand is optional, has no axes
    return tf.transpose(x, (0, rank - 1, *range(1, rank - 1))) if rank > 2 else x


def channels_last(x):
    """An image (N, C, *space) of any rank with its channels last; what has no space is as it is."""
    rank = len(getattr(x, "shape", ()))
    return tf.transpose(x, (0, *range(2, rank), 1)) if rank > 2 else x


def beside_image(x, rank):
    """What is in torch's order, as it broadcasts beside an image of `rank` axes that has its channels last."""
    own = len(getattr(x, "shape", ()))  # a number has no axes
    goal = [axis - (rank - own) for axis in (0, *range(2, rank), 1)]  # negative: not an axis of x
    present = [axis for axis in goal if axis >= 0]
    if present != sorted(present):
        x = tf.transpose(x, present)
    if not present or len(present) == rank:
        return x
    first = next(i for i, axis in enumerate(goal) if axis >= 0)
    return x[tuple(slice(None) if axis >= 0 else tf.newaxis for axis in goal[first:])]


def beside_open(x, other):
    """What is in torch's order, as it broadcasts beside a tensor that is an image if it has four axes."""
    return beside_image(x, 4) if len(other.shape) == 4 else x


def torch_shape(x, places=None):
    """The sizes in torch's order, by the places in memory of all axes; without them an image (rank 4) has its own."""
    sizes = shape(x)
    if places is not None:
        return tuple(sizes[place] for place in places)
    return (sizes[0], sizes[-1], *sizes[1:-1]) if len(sizes) == 4 else sizes


def image_shape(x):
    """The sizes of an image (N, *space, C) of any rank in torch's order."""
    sizes = shape(x)
    return (sizes[0], sizes[-1], *sizes[1:-1]) if len(sizes) > 2 else sizes


def to_torch_order(x):
    """An image back in torch's order, anything else as it is."""
    return tf.transpose(x, (0, 3, 1, 2)) if len(getattr(x, "shape", ())) == 4 else x


def image_by_rank(x):
    """What is in torch's order, with its channels last if it is an image (rank 4)."""
    return tf.transpose(x, (0, 2, 3, 1)) if len(getattr(x, "shape", ())) == 4 else x


def last_to_by_rank(x):
    """(N, *space, C) as it is if that is an image (rank 4), in torch's order if it has another rank."""
    return x if len(getattr(x, "shape", ())) == 4 else channels_first(x)


def by_rank_to_last(x):
    """An image (rank 4) as it is, what is in torch's order with its channels last."""
    return x if len(getattr(x, "shape", ())) == 4 else channels_last(x)


def open_axis(dim, x):
    """The axis in memory that torch calls `dim`."""
    rank = len(x[0].shape) if isinstance(x, (list, tuple)) else len(x.shape)
    if rank != 4:
        return dim
    return placed(dim, (0, 3, 1, 2))


def placed(dim, places):
    """The axis or the axes that torch calls `dim`, by the places in memory of all axes; None is every axis."""
    if isinstance(dim, (list, tuple)):
        return type(dim)(places[d] for d in dim)
    return None if dim is None else places[dim]


def on_axis(function, x, dim):
    """function(x, axis) with the axis in memory that torch calls `dim`."""
    return function(x, open_axis(dim, x))
