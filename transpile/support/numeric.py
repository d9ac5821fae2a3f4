"""Arithmetic and reductions with torch's rules for types, dimensions and signs."""

import math

import numpy as np
import tensorflow as tf

from transpile.support.data_format import logical_axis
from transpile.support.scalars import axes_of, takes_scalars
from transpile.support.shape import product, shape

DTYPE_ORDER = (
    tf.bool,
    tf.uint8,
    tf.int8,
    tf.int16,
    tf.int32,
    tf.int64,
    tf.float16,
    tf.bfloat16,
    tf.float32,
    tf.float64,
    tf.complex64,
    tf.complex128,
)


def dtype_category(dtype):
    """0 for bool, 1 for integers, 2 for floats, 3 for complex numbers."""
    return 0 if dtype == tf.bool else 1 if dtype.is_integer else 2 if dtype.is_floating else 3


def common_dtype(a, b):
    """torch.promote_types, where TensorFlow has the result; None stands for no dtype."""
    if a is None or b is None or a == b:
        return a or b
    if {a, b} == {tf.uint8, tf.int8}:
        return tf.int16
    if {a, b} == {tf.float16, tf.bfloat16}:
        return tf.float32
    if tf.float64 in (a, b) and tf.complex64 in (a, b):
        return tf.complex128
    return max(a, b, key=DTYPE_ORDER.index)


def ranked_dtype(higher, lower):
    """The dtype of an operand together with one of lower rank, which counts by its kind only."""
    if higher is None or dtype_category(higher) >= dtype_category(lower):
        return higher or lower
    if dtype_category(higher) == 2:  # a float next to something complex
        return tf.complex128 if higher == tf.float64 else tf.complex64
    return lower


def result_type(*values):
    """torch.result_type: tensors with axes outrank those without, and these outrank Python numbers."""
    groups = [None, None, None]
    for value in values:
        kind = {bool: tf.bool, int: tf.int64, float: tf.float32, complex: tf.complex64}.get(type(value))
        group = 2 if kind else 0 if len(value.shape) else 1
        groups[group] = common_dtype(groups[group], kind or tf.as_dtype(value.dtype))
    result = None
    for dtype in groups:
        result = result if dtype is None else ranked_dtype(result, dtype)
    return result


def promote(*values):
    """The values as tensors of the dtype that torch would give their sum."""
    dtype = result_type(*values)
    return tuple(tf.cast(value, dtype) for value in values)


def as_float(x):
    """Integers and booleans as float32, as torch's float functions take them; floats stay."""
    x = tf.convert_to_tensor(x)
    return x if x.dtype.is_floating or x.dtype.is_complex else tf.cast(x, tf.float32)


def to(input, target):
    """Tensor.to of a dtype, a tensor or a device, which of the three only the run tells."""
    if tf.is_tensor(target) or isinstance(target, (tf.Variable, tf.keras.Variable)):
        target = target.dtype
    if isinstance(target, str):  # a Keras variable's dtype, or the name of a device
        target = getattr(tf.dtypes, target, None)
    return tf.cast(input, target) if isinstance(target, tf.DType) else input


def where(condition, input=None, other=None):
    """torch.where: the choice of elements, or without values the positions (one tensor per axis)."""
    if input is None:
        return nonzero(condition, as_tuple=True)
    return tf.where(condition, *promote(input, other))


def div(input, other, rounding_mode=None):
    """torch.div: true division of any numbers, or rounded to "floor" or "trunc"."""
    a, b = promote(input, other)
    if rounding_mode == "floor":
        return tf.math.floordiv(a, b)
    if rounding_mode == "trunc":
        return tf.truncatediv(a, b) if a.dtype.is_integer else tf.sign(a / b) * tf.floor(tf.abs(a / b))
    return as_float(a) / as_float(b)


def floor_divide(input, other):
    """torch.floor_divide."""
    return div(input, other, "floor")


def remainder(input, other):
    """torch.remainder: has the sign of the divisor."""
    return tf.math.floormod(*promote(input, other))


def add(input, other, alpha=1):
    """torch.add."""
    a, b = promote(input, other)
    return a + b * tf.cast(alpha, b.dtype)


def sub(input, other, alpha=1):
    """torch.sub."""
    a, b = promote(input, other)
    return a - b * tf.cast(alpha, b.dtype)


def mul(input, other):
    """torch.mul."""
    a, b = promote(input, other)
    return a & b if a.dtype == tf.bool else a * b


def power(input, exponent):
    """torch.pow; an integer to a negative power is an error in both libraries."""
    return tf.pow(*promote(input, exponent))


def clamp(input, min=None, max=None):
    """torch.clamp with numbers or tensors as bounds, of which one may be missing."""
    bounds = [bound for bound in (min, max) if bound is not None]
    dtype = result_type(input, *bounds)
    x = tf.cast(input, dtype)
    x = x if min is None else tf.maximum(x, tf.cast(min, dtype))
    return x if max is None else tf.minimum(x, tf.cast(max, dtype))


def nan_to_num(input, nan=0.0, posinf=None, neginf=None):
    """torch.nan_to_num."""
    posinf = input.dtype.max if posinf is None else posinf
    neginf = input.dtype.min if neginf is None else neginf
    x = tf.where(tf.math.is_nan(input), tf.cast(nan, input.dtype), input)
    x = tf.where(tf.equal(x, math.inf), tf.cast(posinf, x.dtype), x)
    return tf.where(tf.equal(x, -math.inf), tf.cast(neginf, x.dtype), x)


def nansum(input, dim=None, keepdim=False, dtype=None):
    """torch.nansum."""
    known = tf.where(tf.equal(input, input), input, tf.zeros_like(input))
    return sum_of(known, dim, keepdim, dtype)


def nanmean(input, dim=None, keepdim=False, dtype=None):
    """torch.nanmean."""
    x = input if dtype is None else tf.cast(input, dtype)
    count = tf.reduce_sum(tf.cast(tf.equal(x, x), x.dtype), axes_of(x, dim), keepdim)
    return nansum(x, dim, keepdim) / count


def sum_of(input, dim=None, keepdim=False, dtype=None):
    """torch.sum: booleans and integers sum to int64."""
    return tf.reduce_sum(summable(input, dtype), axes_of(input, dim), keepdim)


def summable(x, dtype=None):
    """What torch sums: booleans and integers as int64, unless a dtype is given."""
    if dtype is not None or not (x.dtype.is_floating or x.dtype.is_complex):
        x = tf.cast(x, dtype or tf.int64)
    return x


def prod_of(input, dim=None, keepdim=False, dtype=None):
    """torch.prod: booleans and integers multiply to int64."""
    return tf.reduce_prod(summable(input, dtype), axes_of(input, dim), keepdim)


def mean(input, dim=None, keepdim=False, dtype=None):
    """torch.mean."""
    return tf.reduce_mean(input if dtype is None else tf.cast(input, dtype), axes_of(input, dim), keepdim)


def amax(input, dim=None, keepdim=False):
    """torch.amax."""
    return tf.reduce_max(input, axes_of(input, dim), keepdim)


def amin(input, dim=None, keepdim=False):
    """torch.amin."""
    return tf.reduce_min(input, axes_of(input, dim), keepdim)


def any_of(input, dim=None, keepdim=False):
    """torch.any; of bytes it gives bytes."""
    y = tf.reduce_any(tf.cast(input, tf.bool), axes_of(input, dim), keepdim)
    return tf.cast(y, tf.uint8) if input.dtype == tf.uint8 else y


def all_of(input, dim=None, keepdim=False):
    """torch.all; of bytes it gives bytes."""
    y = tf.reduce_all(tf.cast(input, tf.bool), axes_of(input, dim), keepdim)
    return tf.cast(y, tf.uint8) if input.dtype == tf.uint8 else y


def count_nonzero(input, dim=None):
    """torch.count_nonzero."""
    return tf.math.count_nonzero(input, axes_of(input, dim))


def logsumexp(input, dim, keepdim=False):
    """torch.logsumexp."""
    return tf.reduce_logsumexp(as_float(input), axes_of(input, dim), keepdim)


@takes_scalars
def logcumsumexp(input, dim):
    """torch.logcumsumexp."""
    return tf.math.cumulative_logsumexp(input, dim)


def var(input, dim=None, unbiased=None, keepdim=False, correction=None):
    """torch.var: divides by n - correction, which is 1 unless given; torch.var(x, False) is meant by a bool."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    correction = (1 if unbiased in (None, True) else 0) if correction is None else correction
    axes = axes_of(input, dim)
    axes = [axes] if isinstance(axes, int) else axes
    n = product(shape(input)[axis] for axis in axes)
    spread = input - tf.reduce_mean(input, axes, keepdims=True)
    total = tf.reduce_sum(tf.square(tf.abs(spread)), axes, keepdim)
    return total / tf.cast(tf.maximum(n - correction, 0), total.dtype)


def std(input, dim=None, unbiased=None, keepdim=False, correction=None):
    """torch.std: divides by n - correction, which is 1 unless given."""
    return tf.sqrt(var(input, dim, unbiased, keepdim, correction))


def var_mean(input, dim=None, unbiased=None, keepdim=False, correction=None):
    """torch.var_mean."""
    axes = None if isinstance(dim, bool) else dim
    return var(input, dim, unbiased, keepdim, correction), mean(input, axes, keepdim)


def std_mean(input, dim=None, unbiased=None, keepdim=False, correction=None):
    """torch.std_mean."""
    variance, average = var_mean(input, dim, unbiased, keepdim, correction)
    return tf.sqrt(variance), average


def norm(input, p="fro", dim=None, keepdim=False, dtype=None):
    """torch.norm as a vector norm: p a number, ±inf, or "fro"; all axes unless `dim` is given."""
    x = tf.abs(as_float(input) if dtype is None else tf.cast(input, dtype))
    p = 2.0 if p in ("fro", None) else "nuc" if p == "nuc" else float(p)
    if p == "nuc":
        values = tf.linalg.svd(input, compute_uv=False)
        return tf.reduce_sum(values, -1)
    dim = axes_of(x, dim)
    if p == math.inf:
        return tf.reduce_max(x, dim, keepdim)
    if p == -math.inf:
        return tf.reduce_min(x, dim, keepdim)
    if p == 0:
        return tf.reduce_sum(tf.cast(x != 0, x.dtype), dim, keepdim)
    if p == 1:
        return tf.reduce_sum(x, dim, keepdim)
    if p == 2:
        return safe_sqrt(tf.reduce_sum(tf.square(x), dim, keepdim))
    return tf.pow(tf.reduce_sum(tf.pow(x, p), dim, keepdim), 1.0 / p)


def safe_sqrt(x):
    """A square root whose gradient at zero is zero, as that of torch's norm."""
    is_zero = tf.equal(x, 0)
    return tf.where(is_zero, tf.zeros_like(x), tf.sqrt(tf.where(is_zero, tf.ones_like(x), x)))


@takes_scalars
def normalize(input, p=2.0, dim=1, eps=1e-12, data_format="plain"):
    """torch.nn.functional.normalize; `dim` counts in torch's order."""
    axis = logical_axis(dim, len(input.shape), data_format)
    return input / tf.maximum(norm(input, p, axis, True), eps)


def cosine_similarity(x1, x2, dim=1, eps=1e-8):
    """torch.nn.functional.cosine_similarity."""
    x1, x2 = promote(as_float(x1), as_float(x2))
    shapes = tf.broadcast_dynamic_shape(tf.shape(x1), tf.shape(x2))
    x1, x2 = tf.broadcast_to(x1, shapes), tf.broadcast_to(x2, shapes)
    dot = tf.reduce_sum(x1 * x2, axes_of(x1 * x2, dim))
    sizes = [tf.maximum(norm(x, 2, dim, True), eps) for x in (x1, x2)]
    sizes = sizes[0] * sizes[1]
    return dot / (tf.squeeze(sizes, axes_of(sizes, dim)) if len(sizes.shape) else sizes)


def pairwise_distance(x1, x2, p=2.0, eps=1e-6, keepdim=False):
    """torch.nn.functional.pairwise_distance."""
    return norm(x1 - x2 + eps, p, -1, keepdim)


def cdist(x1, x2, p=2.0):
    """torch.cdist: distances of all rows of x1 to all rows of x2."""
    if p == 0:
        return tf.reduce_sum(tf.cast(x1[..., :, None, :] != x2[..., None, :, :], x1.dtype), -1)
    return norm(x1[..., :, None, :] - x2[..., None, :, :], p, -1)


def pdist(input, p=2.0):
    """torch.nn.functional.pdist: the distances of all pairs of rows."""
    pairs = np.triu_indices(input.shape[0], 1)
    return norm(tf.gather(input, pairs[0]) - tf.gather(input, pairs[1]), p, -1)


def one_hot(input, num_classes=-1):
    """torch.nn.functional.one_hot: int64."""
    if not tf.is_tensor(num_classes) and num_classes == -1:
        num_classes = tf.reduce_max(input) + 1
    return tf.one_hot(input, tf.cast(num_classes, tf.int32), dtype=tf.int64)


def nonzero(input, as_tuple=False):
    """torch.nonzero: positions (n, rank), or one tensor per axis."""
    x = tf.cast(input, tf.bool)
    where_true = tf.where(x) if len(x.shape) else tf.zeros((int(x), 0), tf.int64)
    if as_tuple and not len(x.shape):
        return (tf.zeros((int(x),), tf.int64),)
    return tuple(tf.unstack(where_true, num=len(input.shape), axis=1)) if as_tuple else where_true


def bincount(input, weights=None, minlength=0):
    """torch.bincount: weights other than float32 are summed as float64."""
    largest = tf.reduce_max(tf.concat([tf.cast(input, tf.int32), [-1]], 0))
    length = tf.maximum(largest + 1, minlength)
    values = tf.ones_like(input, tf.int64) if weights is None else tf.convert_to_tensor(weights)
    if weights is not None and values.dtype != tf.float32:
        values = tf.cast(values, tf.float64)
    return tf.math.unsorted_segment_sum(values, input, length)


def equal(input, other):
    """torch.equal: same shape and elements, as a Python bool outside of graphs."""
    if input.shape != other.shape:
        return False
    same = tf.reduce_all(tf.equal(*promote(input, other)))
    return bool(same) if tf.executing_eagerly() else same


def arange(start, end=None, step=1, dtype=None):
    """torch.arange: int64 for integers, float32 for floats."""
    start, end = (0, start) if end is None else (start, end)
    if dtype is None:
        numbers = [
            np.asarray(n).dtype if isinstance(n, (int, float)) else n.dtype for n in (start, end, step)
        ]
        dtype = tf.float32 if any(tf.as_dtype(n).is_floating for n in numbers) else tf.int64
    return tf.cast(tf.range(start, end, step), dtype)


def invert(x):
    """~x: not for a mask, bitwise for integers."""
    return tf.logical_not(x) if x.dtype == tf.bool else tf.bitwise.invert(x)


def tensor(data):
    """torch.tensor: int64 for integers, float32 for floats."""
    value = tf.convert_to_tensor(data)
    return tf.cast(value, tf.int64) if value.dtype == tf.int32 and not tf.is_tensor(data) else value


def linspace(start, end, steps, dtype=tf.float32):
    """torch.linspace."""
    return tf.cast(tf.linspace(tf.cast(start, tf.float64), tf.cast(end, tf.float64), steps), dtype)


def full_like(input, fill_value, dtype=None):
    """torch.full_like."""
    return tf.fill(tf.shape(input), tf.cast(fill_value, dtype or input.dtype))
