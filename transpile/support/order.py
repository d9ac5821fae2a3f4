"""Sorting, searching and running values with torch's results: values and int64 indices."""

import collections

import tensorflow as tf

from transpile.support.numeric import promote
from transpile.support.scalars import takes_scalars
from transpile.support.shape import shape

Indexed = collections.namedtuple("Indexed", ["values", "indices"])


def take_along(x, indices, dim):
    """The elements of axis `dim` that `indices` names."""
    return tf.experimental.numpy.take_along_axis(x, indices, dim)


@takes_scalars
def max_dim(input, dim, keepdim=False):
    """torch.max along `dim`: (values, indices)."""
    return Indexed(tf.reduce_max(input, dim, keepdim), argmax(input, dim, keepdim))


@takes_scalars
def min_dim(input, dim, keepdim=False):
    """torch.min along `dim`: (values, indices)."""
    return Indexed(tf.reduce_min(input, dim, keepdim), argmin(input, dim, keepdim))


def max_of(input, dim=None, keepdim=False):
    """torch.max: the largest element, (values, indices) along `dim`, or the larger of two tensors."""
    if dim is None:
        return tf.reduce_max(input)
    return max_dim(input, dim, keepdim) if isinstance(dim, int) else tf.maximum(*promote(input, dim))


def min_of(input, dim=None, keepdim=False):
    """torch.min: the smallest element, (values, indices) along `dim`, or the smaller of two tensors."""
    if dim is None:
        return tf.reduce_min(input)
    return min_dim(input, dim, keepdim) if isinstance(dim, int) else tf.minimum(*promote(input, dim))


@takes_scalars
def argmax(input, dim=None, keepdim=False):
    """torch.argmax: of the flat tensor where no `dim` is given."""
    if dim is None:
        flat = tf.argmax(tf.reshape(input, (-1,)), 0, tf.int64)
        return tf.reshape(flat, (1,) * len(input.shape)) if keepdim else flat
    indices = tf.argmax(input, dim, tf.int64)
    return tf.expand_dims(indices, dim) if keepdim else indices


@takes_scalars
def argmin(input, dim=None, keepdim=False):
    """torch.argmin: of the flat tensor where no `dim` is given."""
    if dim is None:
        flat = tf.argmin(tf.reshape(input, (-1,)), 0, tf.int64)
        return tf.reshape(flat, (1,) * len(input.shape)) if keepdim else flat
    indices = tf.argmin(input, dim, tf.int64)
    return tf.expand_dims(indices, dim) if keepdim else indices


@takes_scalars
def argsort(input, dim=-1, descending=False, stable=False):
    """torch.argsort, always stable."""
    if descending:  # negated, which keeps equal elements in their order
        x = tf.cast(input, tf.int64) if input.dtype.is_integer or input.dtype == tf.bool else input
        return tf.cast(tf.argsort(-x, dim, stable=True), tf.int64)
    x = tf.cast(input, tf.int32) if input.dtype == tf.bool else input
    return tf.cast(tf.argsort(x, dim, stable=True), tf.int64)


@takes_scalars
def sort(input, dim=-1, descending=False, stable=False):
    """torch.sort, always stable."""
    indices = argsort(input, dim, descending)
    return Indexed(take_along(input, indices, dim), indices)


@takes_scalars
def topk(input, k, dim=-1, largest=True, sorted=True):
    """torch.topk."""
    if largest and dim % len(input.shape) == len(input.shape) - 1:
        values, indices = tf.math.top_k(input, k)
        return Indexed(values, tf.cast(indices, tf.int64))
    indices = tf.gather(argsort(input, dim, largest), tf.range(k), axis=dim)
    return Indexed(take_along(input, indices, dim), indices)


@takes_scalars
def kthvalue(input, k, dim=-1, keepdim=False):
    """torch.kthvalue: the k-th smallest, counted from 1."""
    indices = tf.gather(argsort(input, dim), [k - 1], axis=dim)
    values = take_along(input, indices, dim)
    return Indexed(*((x if keepdim else tf.squeeze(x, dim)) for x in (values, indices)))


@takes_scalars
def median(input, dim=None, keepdim=False):
    """torch.median: the lower one of two middle elements; without `dim` only the value."""
    if dim is None:
        flat = tf.sort(tf.reshape(input, (-1,)))
        return flat[(shape(flat)[0] - 1) // 2]
    return kthvalue(input, (shape(input)[dim] - 1) // 2 + 1, dim, keepdim)


def interpolated(position, interpolation):
    """Which two elements a quantile lies between, and how far it is from the first."""
    low, high = tf.floor(position), tf.math.ceil(position)
    part = {
        "linear": position - low,
        "lower": tf.zeros_like(position),
        "higher": tf.ones_like(position),
        "midpoint": tf.fill(tf.shape(position), tf.cast(0.5, position.dtype)),
        "nearest": tf.round(position) - low,
    }[interpolation]
    return tf.cast(low, tf.int32), tf.cast(high, tf.int32), part


@takes_scalars
def quantile(input, q, dim=None, keepdim=False, interpolation="linear"):
    """torch.quantile; several q make a new first axis."""
    x, axis = (tf.reshape(input, (-1,)), 0) if dim is None else (input, dim % len(input.shape))
    position = tf.cast(q, x.dtype) * tf.cast(shape(x)[axis] - 1, x.dtype)
    low, high, part = interpolated(tf.reshape(position, (-1,)), interpolation)
    x = tf.experimental.numpy.moveaxis(tf.sort(x, axis), axis, 0)
    part = tf.reshape(part, (-1, *(1,) * (len(x.shape) - 1)))
    y = tf.gather(x, low) + part * (tf.gather(x, high) - tf.gather(x, low))
    if keepdim:
        y = tf.expand_dims(y, axis + 1)
        y = y if dim is not None else tf.reshape(y, (-1, *(1,) * len(input.shape)))
    return y if len(position.shape) else y[0]


@takes_scalars
def cumsum(input, dim, dtype=None):
    """torch.cumsum: booleans and integers sum to int64."""
    if dtype is not None or not input.dtype.is_floating:
        input = tf.cast(input, dtype or tf.int64)
    return tf.cumsum(input, dim)


@takes_scalars
def cumprod(input, dim, dtype=None):
    """torch.cumprod: booleans and integers multiply to int64."""
    if dtype is not None or not input.dtype.is_floating:
        input = tf.cast(input, dtype or tf.int64)
    return tf.math.cumprod(input, dim)


@takes_scalars
def cummax(input, dim):
    """torch.cummax: values and the last index at which each was reached."""
    n = shape(input)[dim]
    order = [dim % len(input.shape), *(i for i in range(len(input.shape)) if i != dim % len(input.shape))]
    back = [order.index(i) for i in range(len(order))]
    x = tf.transpose(input, order)
    number = tf.reshape(tf.range(n, dtype=tf.int64), (-1, *(1,) * (len(order) - 1)))

    def later(best, new):
        wins = new[0] >= best[0]
        return tf.where(wins, new[0], best[0]), tf.where(wins, new[1], best[1])

    values, indices = tf.scan(later, (x, tf.broadcast_to(number, tf.shape(x))))
    return Indexed(tf.transpose(values, back), tf.transpose(indices, back))


def unique(input, sorted=True, return_inverse=False, return_counts=False, dim=None):
    """torch.unique of the flat tensor, or of the slices along `dim`, in ascending order."""
    axis = 0 if dim is None else dim % len(input.shape)
    x = tf.reshape(input, (-1,)) if dim is None else input
    values, inverse, counts = tf.raw_ops.UniqueWithCountsV2(x=x, axis=[axis], out_idx=tf.int64)
    order = sorted_rows(values, axis)
    values, counts = tf.gather(values, order, axis=axis), tf.gather(counts, order)
    inverse = tf.gather(tf.math.invert_permutation(order), inverse)
    inverse = tf.reshape(inverse, tf.shape(input)) if dim is None else inverse
    result = (values, *[inverse] * return_inverse, *[counts] * return_counts)
    return result if len(result) > 1 else values


def sorted_rows(x, axis):
    """The order of the slices along an axis that sorts them by their first element, then the second, …"""
    rank = len(x.shape)
    rows = tf.transpose(x, [axis, *(i for i in range(rank) if i != axis)])
    rows = tf.reshape(rows, (tf.shape(rows)[0], -1))
    order = tf.range(tf.shape(rows)[0])
    columns = shape(rows)[1]
    if not isinstance(columns, int):
        return tf.argsort(rows[:, 0], stable=True)
    for column in reversed(range(columns)):
        order = tf.gather(order, tf.argsort(tf.gather(rows[:, column], order), stable=True))
    return order


def unique_consecutive(input, return_inverse=False, return_counts=False, dim=None):
    """torch.unique_consecutive of the flat tensor, or of the slices along `dim`."""
    axis = 0 if dim is None else dim % len(input.shape)
    x = tf.reshape(input, (-1,)) if dim is None else input
    n = shape(x)[axis]
    changed = tf.gather(x, tf.range(1, n), axis=axis) != tf.gather(x, tf.range(n - 1), axis=axis)
    changed = tf.reduce_any(changed, [i for i in range(len(x.shape)) if i != axis % len(x.shape)])
    starts = tf.concat([tf.ones(tf.minimum(n, 1), tf.bool), changed], 0)
    group = tf.cumsum(tf.cast(starts, tf.int64)) - 1
    values = tf.boolean_mask(x, starts, axis=axis)
    counts = tf.math.bincount(tf.cast(group, tf.int32), dtype=tf.int64)
    inverse = tf.reshape(group, tf.shape(input)) if dim is None else group
    result = (values, *[inverse] * return_inverse, *[counts] * return_counts)
    return result if len(result) > 1 else values


def searchsorted(sorted_sequence, input, right=False, sorter=None, out_int32=False):
    """torch.searchsorted; a sorter gives the order of a sequence that is not sorted."""
    sequence, side = sorted_sequence, "right" if right else "left"
    if sorter is not None:
        sequence = take_along(sequence, sorter, -1)
    sequence, values = promote(sequence, input)
    dtype = tf.int32 if out_int32 else tf.int64
    if len(values.shape) == 0 or len(sequence.shape) == 1:
        flat = tf.searchsorted(sequence, tf.reshape(values, (-1,)), side, dtype)
        return tf.reshape(flat, tf.shape(values))
    return tf.searchsorted(sequence, values, side, dtype)


def roll(input, shifts, dims=None):
    """torch.roll: of the flat tensor where no dims are given."""
    if dims is None:
        return tf.reshape(tf.roll(tf.reshape(input, (-1,)), shifts, 0), tf.shape(input))
    return tf.roll(input, shifts, dims)


def flip(input, *dims):
    """torch.flip with axes as a list or one by one."""
    listed = len(dims) == 1 and isinstance(dims[0], (tuple, list))
    return tf.reverse(input, list(dims[0] if listed else dims))
