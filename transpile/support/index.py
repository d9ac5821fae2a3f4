"""Reading and writing parts of tensors with torch's rules; every write returns a new tensor."""

import functools

import tensorflow as tf

from transpile.support.scalars import takes_scalars, vector
from transpile.support.shape import product, shape


def is_array(key):
    """Whether a key picks elements by a tensor or a list of numbers, and not by an int or a slice."""
    return isinstance(key, list) or len(getattr(key, "shape", ())) > 0


def full_key(x, key):
    """A key with one entry per axis of x (and None for each new axis): no `...`, masks as their positions."""
    key = list(key) if isinstance(key, tuple) else [key]
    expanded, used = [], 0
    for k in key:
        if isinstance(k, list):
            k = tf.convert_to_tensor(k)
        if is_array(k) and tf.as_dtype(k.dtype) == tf.bool:
            expanded.extend(tf.unstack(tf.where(k), num=len(k.shape), axis=1))
            used += len(k.shape)
        else:
            expanded.append(k)
            used += k is not None and k is not Ellipsis
    rest = [slice(None)] * (len(x.shape) - used)
    places = [i for i, k in enumerate(expanded) if k is Ellipsis]
    at = places[0] if places else len(expanded)
    return [*expanded[:at], *rest, *expanded[at + 1 :]]


def of_one_shape(picks, rank):
    """Index tensors broadcast together; by tiles where there are more axes than TensorFlow's operators broadcast."""
    if rank <= 4:
        together = sum(tf.zeros_like(k) for k in picks)
        return [k + together for k in picks]
    picks = [tf.reshape(k, tf.concat([[1] * (rank - len(k.shape)), tf.shape(k)], 0)) for k in picks]
    target = functools.reduce(tf.broadcast_dynamic_shape, [tf.shape(k) for k in picks])
    return [tf.tile(k, tf.where(tf.shape(k) == target, 1, target)) for k in picks]


def index(x, key):
    """x[key] with torch's keys: ints, slices, None, ..., boolean masks, and any number of integer tensors."""
    key = full_key(x, key)
    arrays = [i for i, k in enumerate(key) if is_array(k)]
    if not arrays:
        return sliced(x, key)
    # Slices and new axes first; then the axes of the arrays come to the front and are picked together.
    y = sliced(x, [slice(None) if is_array(k) else k for k in key])
    kept = [k for k in key if k is None or isinstance(k, slice) or is_array(k)]
    axes = [i for i, k in enumerate(kept) if is_array(k)]
    picks = [tf.cast(k, tf.int64) for k in key if is_array(k)]
    rest = [i for i in range(len(y.shape)) if i not in axes]
    sizes = shape(y)
    picks = [
        tf.where(k < 0, k + tf.cast(sizes[axis], tf.int64), k) for k, axis in zip(picks, axes, strict=True)
    ]
    if len(axes) == 1:
        return tf.gather(y, picks[0], axis=axes[0])
    rank = max(len(k.shape) for k in picks)
    position = tf.stack(of_one_shape(picks, rank), -1)
    y = tf.gather_nd(tf.transpose(y, axes + rest), position)
    if axes == list(range(axes[0], axes[0] + len(axes))) and axes[0] > 0:
        # Adjacent arrays leave their result where they stood; others leave it in front.
        order = [*range(rank, rank + axes[0]), *range(rank), *range(rank + axes[0], len(y.shape))]
        y = tf.transpose(y, order)
    return y


def sliced(x, key):
    """x[key] by ints, slices and new axes, one entry per axis; TensorFlow loses the rank to a step that is a tensor."""
    y = x[tuple(key)]
    if y.shape.rank is not None:
        return y
    sizes = iter(x.shape)
    kept = [(k, 1 if k is None else next(sizes)) for k in key]
    goal = [
        n if k is None or k == slice(None) else None for k, n in kept if k is None or isinstance(k, slice)
    ]
    return tf.ensure_shape(y, goal)


def slice_update(x, key, value):
    """A copy of x in which x[key] is `value`, broadcast: what `x[key] = value` leaves in torch."""
    x = tf.convert_to_tensor(x)
    if is_array(key) and not isinstance(key, list) and key.dtype == tf.bool and len(shape_of(value)) == 0:
        mask = tf.reshape(key, (*shape(key), *(1,) * (len(x.shape) - len(key.shape))))
        return tf.where(mask, tf.cast(value, x.dtype), x)
    sizes = shape(x)
    numbers = tf.reshape(tf.range(product(sizes)), sizes)
    chosen = index(numbers, key)
    value = tf.broadcast_to(trimmed(tf.cast(value, x.dtype), len(chosen.shape)), tf.shape(chosen))
    at = tf.reshape(chosen, (-1, 1))
    flat = tf.tensor_scatter_nd_update(tf.reshape(x, (-1,)), at, tf.reshape(value, (-1,)))
    return tf.reshape(flat, sizes)


def shape_of(value):
    """The sizes of a tensor or an array; () of a number."""
    return tuple(getattr(value, "shape", ()))


def trimmed(value, rank):
    """A value without the leading axes of size 1 that its place does not have."""
    while len(value.shape) > rank:
        value = tf.squeeze(value, 0)
    return value


def masked_fill(input, mask, value):
    """torch.masked_fill."""
    return tf.where(tf.cast(mask, tf.bool), tf.cast(value, input.dtype), input)


def masked_select(input, mask):
    """torch.masked_select."""
    sizes = tf.broadcast_dynamic_shape(tf.shape(input), tf.shape(mask))
    flat = tf.reshape(tf.broadcast_to(mask, sizes), (-1,))
    return tf.boolean_mask(tf.reshape(tf.broadcast_to(input, sizes), (-1,)), flat)


def masked_scatter(input, mask, source):
    """torch.masked_scatter: the elements of `source`, in order, where the mask is True."""
    sizes = tf.broadcast_dynamic_shape(tf.shape(input), tf.shape(mask))
    mask = tf.reshape(tf.broadcast_to(mask, sizes), (-1,))
    flat = tf.reshape(tf.broadcast_to(input, sizes), (-1,))
    values = tf.reshape(source, (-1,))[: tf.math.count_nonzero(mask)]
    return tf.reshape(tf.tensor_scatter_nd_update(flat, tf.where(mask), values), sizes)


@takes_scalars
def index_select(input, dim, index):
    """torch.index_select; one number as index keeps the axis."""
    return tf.gather(input, tf.reshape(index, (-1,)), axis=dim)


def take_along_dim(input, indices, dim=None):
    """torch.take_along_dim: sizes of the other dimensions are broadcast."""
    if dim is None:
        return tf.gather(tf.reshape(input, (-1,)), tf.reshape(indices, (-1,)))
    return tf.experimental.numpy.take_along_axis(input, indices, dim)


def positions(index, dim):
    """Where gather and scatter reach: the full position (…, rank) of each element of `index`."""
    sizes = shape(index)
    axes = []
    for axis, n in enumerate(sizes):
        numbers = tf.reshape(
            tf.range(n, dtype=index.dtype), [-1 if a == axis else 1 for a in range(len(sizes))]
        )
        axes.append(index if axis == dim % len(sizes) else tf.broadcast_to(numbers, tf.shape(index)))
    return tf.stack(axes, -1)


def gather(input, dim, index):
    """torch.gather: every axis of `index` may be shorter than that of the input."""
    index = tf.cast(index, tf.int64)
    if len(input.shape) == 0:
        return tf.broadcast_to(input, tf.shape(index))
    if len(index.shape) != len(input.shape):  # one number for a vector, or an empty index of any rank
        return tf.gather(input, index) if len(index.shape) == 0 else tf.zeros(shape(index), input.dtype)
    if all(n is not None and n == m for n, m in without(dim, input, index)):
        axis = dim % len(input.shape)
        return (
            tf.gather(input, index, axis=axis, batch_dims=axis)
            if axis == len(input.shape) - 1
            else (tf.gather_nd(input, positions(index, dim)))
        )
    return tf.gather_nd(input, positions(index, dim))


def without(dim, a, b):
    """Pairs of the static sizes of a and b, without axis `dim`."""
    dim = dim % len(a.shape)
    return [(n, m) for i, (n, m) in enumerate(zip(a.shape, b.shape, strict=True)) if i != dim]


def scattered(index, src, dtype):
    """The values of a scatter: `src` cut to the shape of `index`, or one number for all."""
    if len(shape_of(src)) == 0:
        return tf.fill(tf.shape(index), tf.cast(src, dtype))
    return tf.cast(src, dtype)[tuple(slice(0, n) for n in shape(index))]


@takes_scalars
def scatter(input, dim, index, src, reduce=None):
    """torch.scatter, also with reduce="add" or "multiply"; among equal positions the last one need not win."""
    if reduce in ("add", "multiply"):
        return scatter_reduce(input, dim, index, src, {"add": "sum", "multiply": "prod"}[reduce])
    at = positions(tf.cast(vector(index), tf.int64), dim)
    return tf.tensor_scatter_nd_update(input, at, scattered(vector(index), src, input.dtype))


def scatter_add(input, dim, index, src):
    """torch.scatter_add."""
    return scatter_reduce(input, dim, index, src, "sum")


@takes_scalars
def scatter_reduce(input, dim, index, src, reduce, include_self=True):
    """torch.scatter_reduce."""
    at = positions(tf.cast(vector(index), tf.int64), dim)
    return reduced_at(input, at, scattered(vector(index), src, input.dtype), reduce, include_self)


def reduced_at(input, at, values, reduce, include_self):
    """input with values reduced into positions: "sum", "prod", "mean", "amax" or "amin"."""
    touched = tf.scatter_nd(at, tf.ones_like(values), tf.shape(input, out_type=at.dtype)) > 0
    start = {"prod": 1, "amax": input.dtype.min, "amin": input.dtype.max}.get(reduce, 0)
    if reduce in ("amax", "amin") and input.dtype.is_floating:
        start = float("-inf") if reduce == "amax" else float("inf")
    base = input if include_self else tf.where(touched, tf.cast(start, input.dtype), input)
    if reduce in ("amax", "amin"):
        update = tf.tensor_scatter_nd_max if reduce == "amax" else tf.tensor_scatter_nd_min
        return update(base, at, values)
    if reduce == "prod":
        return base * products_at(input, at, values)
    total = tf.tensor_scatter_nd_add(base, at, values)
    if reduce == "sum":
        return total
    count = tf.scatter_nd(at, tf.ones_like(values), tf.shape(input, out_type=at.dtype))
    count = tf.maximum(count + (1 if include_self else 0), 1)
    return total / count if input.dtype.is_floating else total // count


def products_at(input, at, values):
    """The product of all values that go to each place of input, 1 where there is none."""
    sizes = tf.shape(input, out_type=at.dtype)
    flat = tf.reduce_sum(at * tf.math.cumprod(sizes, exclusive=True, reverse=True), -1)
    flat = tf.math.unsorted_segment_prod(
        tf.reshape(values, (-1,)), tf.reshape(flat, (-1,)), tf.reduce_prod(sizes)
    )
    return tf.reshape(flat, tf.shape(input))


def rows_at(input, dim):
    """The order that brings axis dim to the front, and the one that brings it back."""
    rank, dim = len(input.shape), dim % len(input.shape)
    order = [dim, *(i for i in range(rank) if i != dim)]
    return order, [order.index(i) for i in range(rank)]


def index_source(input, dim, index, source):
    """The rows of index_add and its kin along the first axis; a scalar is one row of a vector."""
    if len(source.shape) < len(input.shape):
        source = tf.reshape(
            source, [-1 if n is None or i == dim % len(input.shape) else n for i, n in enumerate(input.shape)]
        )
    return tf.transpose(tf.cast(source, input.dtype), rows_at(input, dim)[0])


@takes_scalars
def index_add(input, dim, index, source, alpha=1):
    """torch.index_add."""
    order, back = rows_at(input, dim)
    rows = index_source(input, dim, index, source) * tf.cast(alpha, input.dtype)
    y = tf.tensor_scatter_nd_add(tf.transpose(input, order), tf.reshape(index, (-1, 1)), rows)
    return tf.transpose(y, back)


@takes_scalars
def index_copy(input, dim, index, source):
    """torch.index_copy."""
    order, back = rows_at(input, dim)
    rows = index_source(input, dim, index, source)
    y = tf.tensor_scatter_nd_update(tf.transpose(input, order), tf.reshape(index, (-1, 1)), rows)
    return tf.transpose(y, back)


@takes_scalars
def index_reduce(input, dim, index, source, reduce, include_self=True):
    """torch.index_reduce."""
    order, back = rows_at(input, dim)
    rows = index_source(input, dim, index, source)
    places = tf.broadcast_to(
        tf.reshape(tf.cast(index, tf.int64), (-1, *(1,) * (len(input.shape) - 1))), tf.shape(rows)
    )
    y = reduced_at(tf.transpose(input, order), positions(places, 0), rows, reduce, include_self)
    return tf.transpose(y, back)


@takes_scalars
def index_fill(input, dim, index, value):
    """torch.index_fill."""
    index = tf.reshape(index, (-1,))
    sizes = [shape(index)[0] if i == dim % len(input.shape) else n for i, n in enumerate(shape(input))]
    return index_copy(input, dim, index, tf.fill(sizes, tf.cast(tf.reshape(value, ()), input.dtype)))


def index_put(input, indices, values, accumulate=False):
    """torch.index_put."""
    key = tuple(indices)
    if not accumulate:
        return slice_update(input, key, values)
    sizes = shape(input)
    chosen = index(tf.reshape(tf.range(product(sizes)), sizes), key)
    values = tf.broadcast_to(trimmed(tf.cast(values, input.dtype), len(chosen.shape)), tf.shape(chosen))
    flat = tf.reshape(input, (-1,))
    flat = tf.tensor_scatter_nd_add(flat, tf.reshape(chosen, (-1, 1)), tf.reshape(values, (-1,)))
    return tf.reshape(flat, sizes)


def take(input, index):
    """torch.take: the elements of the flat tensor; negative positions count from its end."""
    n = tf.cast(product(shape(input)), tf.int64)
    index = tf.cast(index, tf.int64)
    return tf.gather(tf.reshape(input, (-1,)), tf.where(index < 0, index + n, index))


def select(input, dim, index):
    """torch.select: one index of an axis, which goes."""
    return tf.gather(input, index % shape(input)[dim], axis=dim)


def narrow(input, dim, start, length):
    """torch.narrow."""
    key = [slice(None)] * len(input.shape)
    start = start % shape(input)[dim] if isinstance(start, int) and start < 0 else start
    key[dim] = slice(start, start + length)
    return input[tuple(key)]
