"""Views of a tensor's memory, as values: TensorFlow has none, so what is written into one is a new tensor."""

import itertools
import math

import tensorflow as tf

from transpile.support.index import slice_update
from transpile.support.numeric import nonzero, norm
from transpile.support.shape import product, shape


def strided_positions(size, stride, storage_offset=0):
    """Where in memory the elements of a strided view lie."""
    place = tf.fill(size, storage_offset or 0)
    for axis, (n, step) in enumerate(zip(size, stride, strict=True)):
        place = place + tf.reshape(tf.range(n) * step, [n if i == axis else 1 for i in range(len(size))])
    return place


def strides(input, dim=None):
    """x.stride(): steps in memory from one element of an axis to the next, of a tensor that lies there row by row."""
    sizes, steps = shape(input), [1]
    for n in reversed(sizes[1:]):
        steps.insert(0, steps[0] * n)
    return tuple(steps[: len(sizes)]) if dim is None else steps[dim % len(sizes)]


def as_strided(input, size, stride, storage_offset=0):
    """torch.as_strided of a tensor that lies in memory row by row."""
    return tf.gather(tf.reshape(input, (-1,)), strided_positions(size, stride, storage_offset))


def as_strided_scatter(input, src, size, stride, storage_offset=0):
    """torch.as_strided_scatter: a copy of input in which that view is src."""
    place = tf.reshape(strided_positions(size, stride, storage_offset), (-1, 1))
    flat = tf.tensor_scatter_nd_update(tf.reshape(input, (-1,)), place, tf.reshape(src, (-1,)))
    return tf.reshape(flat, shape(input))


def select_scatter(input, src, dim, index):
    """torch.select_scatter: a copy of input in which input.select(dim, index) is src."""
    return slice_update(input, (slice(None),) * (dim % len(input.shape)) + (index,), src)


def slice_scatter(input, src, dim=0, start=None, end=None, step=1):
    """torch.slice_scatter: a copy of input in which that slice of an axis is src."""
    return slice_update(input, (slice(None),) * (dim % len(input.shape)) + (slice(start, end, step),), src)


def diagonal_scatter(input, src, offset=0, dim1=0, dim2=1):
    """torch.diagonal_scatter: a copy of input in which that diagonal is src."""
    x = tf.experimental.numpy.moveaxis(input, (dim1, dim2), (-2, -1))
    mask = tf.linalg.diag(tf.ones_like(src), k=offset, num_rows=shape(x)[-2], num_cols=shape(x)[-1])
    new = tf.linalg.diag(src, k=offset, num_rows=shape(x)[-2], num_cols=shape(x)[-1])
    return tf.experimental.numpy.moveaxis(tf.where(mask != 0, new, x), (-2, -1), (dim1, dim2))


def diag_embed(input, offset=0, dim1=-2, dim2=-1):
    """torch.diag_embed: the last axis becomes a diagonal of two new ones."""
    rank = len(input.shape) + 1
    first, second = dim1 % rank, dim2 % rank
    offset = offset if first < second else -offset
    x = tf.linalg.diag(input, k=offset)
    order = list(range(rank - 2))
    order.insert(min(first, second), rank - 2)
    order.insert(max(first, second), rank - 1)
    return tf.transpose(x, order)


def block_diag(*tensors):
    """torch.block_diag: scalars and vectors are rows."""
    blocks = [tf.reshape(x, (1, -1)) if len(x.shape) < 2 else x for x in tensors]
    width = sum(shape(x)[1] for x in blocks)
    rows, before = [], 0
    for x in blocks:
        rows.append(tf.pad(x, [[0, 0], [before, width - before - shape(x)[1]]]))
        before = before + shape(x)[1]
    return tf.concat(rows, 0)


def cartesian_prod(*tensors):
    """torch.cartesian_prod: one tensor comes back as it is."""
    if len(tensors) == 1:
        return tensors[0]
    return tf.reshape(tf.stack(tf.meshgrid(*tensors, indexing="ij"), -1), (-1, len(tensors)))


def combinations(input, r=2, with_replacement=False):
    """torch.combinations of the elements of a vector of known length."""
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    picks = list(choose(range(input.shape[0]), r))
    return tf.gather(input, tf.reshape(tf.constant(picks, tf.int64), (len(picks), r)))


def sum_to_size(input, *size):
    """x.sum_to_size: the axes that broadcasting would have made are summed again."""
    size = tuple(size[0]) if len(size) == 1 and isinstance(size[0], (tuple, list)) else size
    new = len(input.shape) - len(size)
    x = tf.reduce_sum(input, list(range(new)))
    axes = [i for i, n in enumerate(size) if n == 1 and x.shape[i] != 1]
    return tf.reduce_sum(x, axes, keepdims=True)


def renorm(input, p, dim, maxnorm):
    """torch.renorm: slices along dim whose p-norm is larger than maxnorm are scaled down to it."""
    axes = [i for i in range(len(input.shape)) if i != dim % len(input.shape)]
    size = norm(input, p, axes, True)
    return tf.where(size > maxnorm, input * (maxnorm / (size + 1e-7)), input)


def put(input, index, source, accumulate=False):
    """torch.put: index counts the elements of the flat tensor."""
    n = product(shape(input))
    place = tf.reshape(tf.cast(index, tf.int64), (-1, 1))
    place = tf.where(place < 0, place + tf.cast(n, tf.int64), place)
    update = tf.tensor_scatter_nd_add if accumulate else tf.tensor_scatter_nd_update
    return tf.reshape(update(tf.reshape(input, (-1,)), place, tf.reshape(source, (-1,))), shape(input))


def unravel_index(indices, shape):
    """torch.unravel_index: one tensor of positions for each size."""
    sizes = [shape] if isinstance(shape, int) else list(shape)
    steps = [math.prod(sizes[i + 1 :]) for i in range(len(sizes))]
    return tuple(indices // step % n for step, n in zip(steps, sizes, strict=True))


def nonzero_static(input, size, fill_value=-1):
    """torch.nonzero_static: positions, cut or filled up to this many."""
    places = nonzero(input)[:size]
    missing = size - tf.shape(places)[0]
    return tf.pad(places, [[0, missing], [0, 0]], constant_values=tf.cast(fill_value, tf.int64))


def numeric_gradient(input, spacing=1, dim=None, edge_order=1):
    """torch.gradient: central differences, one tensor per axis; spacing is a number, or one or coordinates per axis."""
    spacing = 1 if spacing is None else spacing
    axes = range(len(input.shape)) if dim is None else [dim] if isinstance(dim, int) else dim
    axes = [axis % len(input.shape) for axis in axes]
    steps = list(spacing) if isinstance(spacing, (tuple, list)) else [spacing] * len(axes)
    return [axis_gradient(input, step, axis, edge_order) for step, axis in zip(steps, axes, strict=True)]


def axis_gradient(x, step, axis, edge_order):
    """The derivative along one axis from neighbours, at the edges from one side."""
    n = x.shape[axis]
    moved = tf.experimental.numpy.moveaxis(x, axis, 0)
    numbers = tf.range(n, dtype=x.dtype)
    where = tf.cast(step, x.dtype) if len(getattr(step, "shape", ())) else numbers * tf.cast(step, x.dtype)
    h = tf.reshape(where[1:] - where[:-1], (-1, *(1,) * (len(x.shape) - 1)))
    slope = (moved[1:] - moved[:-1]) / h
    inner = (h[1:] * slope[:-1] + h[:-1] * slope[1:]) / (h[1:] + h[:-1])
    first, last = slope[:1], slope[-1:]
    if edge_order == 2:
        first = slope[:1] + (slope[:1] - slope[1:2]) * h[:1] / (h[:1] + h[1:2])
        last = slope[-1:] + (slope[-1:] - slope[-2:-1]) * h[-1:] / (h[-1:] + h[-2:-1])
    return tf.experimental.numpy.moveaxis(tf.concat([first, inner, last], 0), 0, axis)
