"""Less common reductions and elementwise functions with torch's results."""

import math

import tensorflow as tf

from transpile.support.numeric import amax, amin, promote
from transpile.support.order import Indexed, argsort, cummax, interpolated, take_along
from transpile.support.scalars import takes_scalars
from transpile.support.shape import shape


def trunc(input):
    """torch.trunc: towards zero."""
    return tf.where(input < 0, tf.math.ceil(input), tf.floor(input))


def trunc_div(input, other):
    """torch.div with rounding_mode="trunc"."""
    a, b = promote(input, other)
    return tf.truncatediv(a, b) if a.dtype.is_integer else trunc(a / b)


def signbit(input):
    """torch.signbit: True for negative numbers and -0.0."""
    if not input.dtype.is_floating:
        return input < 0
    bits = {2: tf.int16, 4: tf.int32, 8: tf.int64}[input.dtype.size]
    return tf.bitcast(input, bits) < 0


def copysign(input, other):
    """torch.copysign."""
    a, b = promote(input, other)
    a, b = (x if x.dtype.is_floating else tf.cast(x, tf.float32) for x in (a, b))
    return tf.where(signbit(b), -tf.abs(a), tf.abs(a))


def fmax(input, other):
    """torch.fmax: a NaN on one side gives way."""
    a, b = promote(input, other)
    return tf.where(a != a, b, tf.where(b != b, a, tf.maximum(a, b)))


def fmin(input, other):
    """torch.fmin: a NaN on one side gives way."""
    a, b = promote(input, other)
    return tf.where(a != a, b, tf.where(b != b, a, tf.minimum(a, b)))


def logit(input, eps=None):
    """torch.logit: log(x / (1 - x)), with x kept between eps and 1 - eps where it is given."""
    x = input if eps is None else tf.clip_by_value(input, eps, 1.0 - eps)
    return tf.math.log(x / (1.0 - x))


def entr(input):
    """torch.special.entr: -x log x, 0 at 0 and -inf below."""
    safe = tf.where(input > 0, input, tf.ones_like(input))
    below = tf.where(input < 0, tf.constant(-math.inf, input.dtype), tf.zeros_like(input))
    return tf.where(input > 0, -input * tf.math.log(safe), tf.where(input != input, input, below))


def mvlgamma(input, p):
    """torch.mvlgamma: the logarithm of the p-variate gamma function."""
    total = sum(tf.math.lgamma(input - i / 2) for i in range(p))
    return total + p * (p - 1) / 4 * math.log(math.pi)


def aminmax(input, dim=None, keepdim=False):
    """torch.aminmax: the smallest and the largest element."""
    return amin(input, dim, keepdim), amax(input, dim, keepdim)


@takes_scalars
def cummin(input, dim):
    """torch.cummin: values and the last index at which each was reached."""
    values, indices = cummax(-input, dim)
    return Indexed(-values, indices)


@takes_scalars
def mode(input, dim=-1, keepdim=False):
    """torch.mode: the most frequent element (of several the smallest) and the index of its last occurrence."""
    dim = dim % len(input.shape)
    same = tf.equal(tf.expand_dims(input, dim), tf.expand_dims(input, dim + 1))
    count = tf.reduce_sum(tf.cast(same, tf.int32), dim + 1)
    top = tf.equal(count, tf.reduce_max(count, dim, keepdims=True))
    values = tf.reduce_min(tf.where(top, input, input.dtype.max), dim, keepdims=True)
    n = shape(input)[dim]
    number = tf.reshape(tf.range(n, dtype=tf.int64), [-1 if i == dim else 1 for i in range(len(input.shape))])
    indices = tf.reduce_max(tf.where(tf.equal(input, values), number, -1), dim, keepdims=True)
    return Indexed(*((x if keepdim else tf.squeeze(x, dim)) for x in (values, indices)))


@takes_scalars
def nanmedian(input, dim=None, keepdim=False):
    """torch.nanmedian: the lower one of two middle elements that are numbers."""
    x, axis = (tf.reshape(input, (-1,)), 0) if dim is None else (input, dim)
    count = tf.reduce_sum(tf.cast(tf.equal(x, x), tf.int64), axis, keepdims=True)
    # As the largest numbers the NaNs come last.
    order = argsort(tf.where(tf.equal(x, x), x, tf.constant(math.inf, x.dtype)), axis)
    indices = take_along(order, tf.maximum(count - 1, 0) // 2, axis)
    values = take_along(x, indices, axis)
    if dim is None:
        return tf.squeeze(values, 0)
    return Indexed(*((x if keepdim else tf.squeeze(x, axis)) for x in (values, indices)))


@takes_scalars
def nanquantile(input, q, dim=None, keepdim=False, interpolation="linear"):
    """torch.nanquantile for one q, over the elements that are numbers."""
    if len(getattr(q, "shape", ())):
        found = [nanquantile(input, part, dim, keepdim, interpolation) for part in tf.unstack(q)]
        return tf.stack(found)
    x, axis = (tf.reshape(input, (-1,)), 0) if dim is None else (input, dim % len(input.shape))
    count = tf.reduce_sum(tf.cast(tf.equal(x, x), tf.int32), axis, keepdims=True)
    ordered = tf.sort(tf.where(tf.equal(x, x), x, tf.constant(math.inf, x.dtype)), axis)
    position = tf.cast(q, x.dtype) * tf.cast(tf.maximum(count - 1, 0), x.dtype)
    low, high, part = interpolated(position, interpolation)
    a, b = take_along(ordered, low, axis), take_along(
        ordered, tf.minimum(high, tf.maximum(count - 1, 0)), axis
    )
    y = tf.where(count > 0, a + part * (b - a), tf.constant(math.nan, x.dtype))
    if keepdim:
        return tf.reshape(y, (1,) * len(input.shape)) if dim is None else y
    return tf.squeeze(y, axis)


def histc(input, bins=100, min=0, max=0):
    """torch.histc: counts in equal bins between min and max, or between the extremes where both are 0."""
    if min == 0 and max == 0:
        min, max = tf.reduce_min(input), tf.reduce_max(input)
    min, max = tf.cast(min, input.dtype), tf.cast(max, input.dtype)
    alone = tf.equal(min, max)
    min, max = tf.where(alone, min - 1, min), tf.where(alone, max + 1, max)
    x = tf.reshape(input, (-1,))
    x = tf.boolean_mask(x, (x >= min) & (x <= max))
    place = tf.cast(tf.floor((x - min) / (max - min) * bins), tf.int32)
    ones = tf.ones_like(x)
    return tf.math.unsorted_segment_sum(ones, tf.minimum(place, bins - 1), bins)


def trapezoid(y, x=None, dx=1, dim=-1):
    """torch.trapezoid."""
    n = shape(y)[dim]
    ends = tf.gather(y, tf.range(1, n), axis=dim) + tf.gather(y, tf.range(n - 1), axis=dim)
    if x is None:
        return tf.reduce_sum(ends, dim) * (dx / 2)
    axis = -1 if len(x.shape) == 1 else dim
    steps = tf.gather(x, tf.range(1, n), axis=axis) - tf.gather(x, tf.range(n - 1), axis=axis)
    if len(x.shape) == 1:
        steps = tf.reshape(steps, [-1 if i == dim % len(y.shape) else 1 for i in range(len(y.shape))])
    return tf.reduce_sum(ends * steps, dim) / 2


def cumulative_trapezoid(y, x=None, dx=1, dim=-1):
    """torch.cumulative_trapezoid."""
    n = shape(y)[dim]
    pieces = tf.gather(y, tf.range(1, n), axis=dim) + tf.gather(y, tf.range(n - 1), axis=dim)
    if x is None:
        return tf.cumsum(pieces * (dx / 2), dim)
    if len(x.shape) == 1:
        x = tf.reshape(x, [-1 if i == dim % len(y.shape) else 1 for i in range(len(y.shape))])
    steps = tf.gather(x, tf.range(1, n), axis=dim) - tf.gather(x, tf.range(n - 1), axis=dim)
    return tf.cumsum(pieces * steps / 2, dim)


def histogram(input, bins, range=None, weight=None, density=False):
    """torch.histogram: counts (or densities) and the edges of the bins, which may be given as a tensor."""
    x = tf.reshape(input, (-1,))
    w = tf.ones_like(x) if weight is None else tf.reshape(tf.cast(weight, x.dtype), (-1,))
    if isinstance(bins, int):
        low, high = (tf.reduce_min(x), tf.reduce_max(x)) if range is None else map(tf.constant, range)
        same = tf.equal(low, high)
        low, high = (
            tf.cast(tf.where(same, end + side, end), x.dtype) for end, side in ((low, -0.5), (high, 0.5))
        )
        edges = tf.linspace(low, high, bins + 1)
    else:
        edges = tf.cast(bins, x.dtype)
    n = shape(edges)[0] - 1
    place = tf.minimum(tf.searchsorted(edges, x, "right") - 1, n - 1)
    inside = (x >= edges[0]) & (x <= edges[-1])
    counts = tf.math.unsorted_segment_sum(tf.where(inside, w, 0), tf.where(inside, place, 0), n)
    if density:
        counts = counts / (tf.reduce_sum(counts) * (edges[1:] - edges[:-1]))
    return counts, edges


def diff(input, n=1, dim=-1, prepend=None, append=None):
    """torch.diff; n=0 gives back the input alone."""
    if n == 0:
        return input
    x = tf.concat([part for part in (prepend, input, append) if part is not None], dim)
    for _ in range(n):
        length = shape(x)[dim]
        x = tf.gather(x, tf.range(1, length), axis=dim) - tf.gather(x, tf.range(length - 1), axis=dim)
    return x


def cov(input, correction=1, fweights=None, aweights=None):
    """torch.cov of the rows: one row gives a number; fweights repeat observations, aweights weigh them."""
    x = input if len(input.shape) == 2 else tf.reshape(input, (1, -1))
    weights = [tf.cast(w, x.dtype) for w in (fweights, aweights) if w is not None]
    w = tf.ones(shape(x)[1], x.dtype)
    for factor in weights:
        w = w * factor
    total = tf.reduce_sum(w)
    centred = x - tf.reduce_sum(x * w, 1, keepdims=True) / total
    lost = tf.cast(correction, x.dtype)
    if aweights is not None:
        lost = lost * tf.reduce_sum(w * tf.cast(aweights, x.dtype)) / total
    y = tf.matmul(centred * w, centred, adjoint_b=True) / tf.maximum(total - lost, 0)
    return tf.reshape(y, ()) if len(input.shape) < 2 or input.shape[0] == 1 else y


def corrcoef(input):
    """torch.corrcoef of the rows."""
    y = cov(input)
    if not len(y.shape):
        return y / y
    spread = tf.sqrt(tf.linalg.diag_part(y))
    return tf.clip_by_value(y / (spread[:, None] * spread[None, :]), -1.0, 1.0)


def multinomial(input, num_samples, replacement=False):
    """torch.multinomial: indices drawn with these weights, from each row."""
    logits = tf.math.log(input if len(input.shape) == 2 else input[None])
    if replacement:
        drawn = tf.random.categorical(logits, num_samples)
    else:  # the largest of the logarithms of weights, each with Gumbel noise
        noise = -tf.math.log(-tf.math.log(tf.random.uniform(tf.shape(logits), 1e-20, 1.0, logits.dtype)))
        drawn = tf.cast(tf.math.top_k(logits + noise, num_samples).indices, tf.int64)
    return drawn if len(input.shape) == 2 else drawn[0]
