"""Resizing of images with torch's arithmetic, in either data format."""

import math

import tensorflow as tf

from transpile.support.data_format import channel_axis, ntuple, spatial_axes
from transpile.support.module import TorchLayer
from transpile.support.pooling import adaptive_avg_pool
from transpile.support.shape import shape


def interpolate(
    input,
    size=None,
    scale_factor=None,
    mode="nearest",
    align_corners=None,
    recompute_scale_factor=None,
    antialias=False,
    data_format=None,
):
    """torch.nn.functional.interpolate for images with 1 to 3 spatial axes."""
    axes = spatial_axes(len(input.shape), data_format)
    sizes = [shape(input)[axis] for axis in axes]
    scales = [None] * len(axes)
    if size is not None:
        targets = list(size) if isinstance(size, (tuple, list)) or len(getattr(size, "shape", ())) else [size]
        targets = targets * len(axes) if len(targets) == 1 else targets
    else:
        factors = ntuple(scale_factor, len(axes))
        targets = [scaled(n, factor) for n, factor in zip(sizes, factors, strict=True)]
        if not recompute_scale_factor:
            scales = [1.0 / factor for factor in factors]
    if mode == "area":
        return adaptive_avg_pool(input, targets, data_format)
    x = input
    if len(axes) == 2 and channel_axis(data_format) == -1 and not antialias:
        exact = all(same_scale(*pair) for pair in zip(sizes, targets, scales, strict=True))
        if mode == "nearest" and exact:
            return tf.cast(tf.compat.v1.image.resize_nearest_neighbor(x, targets), x.dtype)
        if mode == "bilinear" and (exact or align_corners):
            corners = bool(align_corners)
            y = tf.compat.v1.image.resize_bilinear(x, targets, corners, half_pixel_centers=not corners)
            return tf.cast(y, x.dtype)
    for axis, n, target, scale in zip(axes, sizes, targets, scales, strict=True):
        if not (isinstance(n, int) and isinstance(target, int) and n == target and scale in (None, 1.0)):
            x = resize_axis(x, axis, n, target, scale, mode, bool(align_corners), antialias)
    return x


def scaled(n, factor):
    """The size that torch gives an axis of n elements under a scale factor."""
    if isinstance(n, int):
        return math.floor(n * factor)
    if isinstance(factor, int):
        return n * factor
    return tf.cast(tf.floor(tf.cast(n, tf.float64) * factor), tf.int32)


def same_scale(n, target, scale):
    """Whether the given scale (input over output) is the quotient of the sizes."""
    if scale is None or (1.0 / scale).is_integer():
        return True
    return isinstance(n, int) and isinstance(target, int) and n == target * scale


def resize_axis(x, axis, n, target, scale, mode, align_corners, antialias=False):
    """Resizes one axis from n to `target` elements; `scale` is input over output where it is given."""
    n_float, target_float = tf.cast(n, tf.float32), tf.cast(target, tf.float32)
    ratio = n_float / target_float if scale is None else tf.constant(scale, tf.float32)
    position = tf.range(target_float)
    if mode == "nearest":
        index = tf.minimum(tf.cast(tf.floor(position * ratio), tf.int32), n - 1)
        return tf.gather(x, index, axis=axis)
    if mode == "nearest-exact":
        index = tf.minimum(tf.cast(tf.floor((position + 0.5) * ratio), tf.int32), n - 1)
        return tf.gather(x, index, axis=axis)
    cubic = mode == "bicubic"
    if align_corners:
        ratio = (n_float - 1) / tf.maximum(target_float - 1, 1)
        source = position * ratio
    else:
        source = (position + 0.5) * ratio - 0.5
        source = source if cubic or antialias else tf.maximum(source, 0.0)
    if antialias:
        weights = antialiased_weights(source, n_float, ratio, cubic)
    elif cubic:
        weights = cubic_weights(source, n)
    else:
        low = tf.minimum(tf.cast(tf.floor(source), tf.int32), n - 1)
        high = tf.minimum(low + 1, n - 1)
        part = (source - tf.cast(low, tf.float32))[:, None]
        weights = tf.one_hot(low, n) * (1 - part) + tf.one_hot(high, n) * part
    return apply_along(x, tf.cast(weights, x.dtype), axis)


def cubic_weights(source, n):
    """A matrix (target, n) of torch's bicubic weights, a = -0.75, with the edge elements repeated."""
    base = tf.floor(source)
    weights = 0.0
    for offset in (-1, 0, 1, 2):
        index = tf.clip_by_value(tf.cast(base, tf.int32) + offset, 0, n - 1)
        weights += tf.one_hot(index, n) * cubic_kernel(source - base - offset, -0.75)[:, None]
    return weights


def cubic_kernel(x, a):
    """Keys' cubic convolution kernel."""
    x = tf.abs(x)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * a
    return tf.where(x <= 1, near, tf.where(x < 2, far, 0.0))


def antialiased_weights(source, n, ratio, cubic):
    """A matrix (target, n) of weights whose window grows with the scale; the cubic one has a = -0.5."""
    width = tf.maximum(ratio, 1.0)
    distance = (tf.range(n)[None] - source[:, None]) / width
    # An element counts where its centre lies in the window, as torch rounds the window's ends.
    support = (2.0 if cubic else 1.0) * width
    centre = source[:, None] + 0.5
    low, high = tf.floor(centre - support + 0.5), tf.floor(centre + support + 0.5)
    inside = (tf.range(n)[None] >= low) & (tf.range(n)[None] < high)
    weights = cubic_kernel(distance, -0.5) if cubic else tf.maximum(0.0, 1.0 - tf.abs(distance))
    weights = tf.where(inside, weights, 0.0)
    return weights / tf.reduce_sum(weights, 1, keepdims=True)


def apply_along(x, matrix, axis):
    """Multiplies one axis of x with a matrix (new size, old size)."""
    letters = "abcdefg"[: len(x.shape)]
    old, new = letters[axis], "z"
    return tf.einsum(f"{letters},{new}{old}->{letters.replace(old, new)}", x, matrix)


class Upsample(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.Upsample."""

    def __init__(
        self,
        size=None,
        scale_factor=None,
        mode="nearest",
        align_corners=None,
        recompute_scale_factor=None,
        data_format=None,
    ):
        super().__init__()
        self.size, self.scale_factor, self.mode = size, scale_factor, mode
        self.align_corners, self.recompute_scale_factor = align_corners, recompute_scale_factor
        self.data_format = data_format

    def call(self, input):
        return interpolate(
            input,
            self.size,
            self.scale_factor,
            self.mode,
            self.align_corners,
            self.recompute_scale_factor,
            data_format=self.data_format,
        )


class UpsamplingNearest2d(Upsample):
    """torch.nn.UpsamplingNearest2d."""

    def __init__(self, size=None, scale_factor=None, data_format=None):
        super().__init__(size, scale_factor, "nearest", data_format=data_format)


class UpsamplingBilinear2d(Upsample):
    """torch.nn.UpsamplingBilinear2d."""

    def __init__(self, size=None, scale_factor=None, data_format=None):
        super().__init__(size, scale_factor, "bilinear", True, data_format=data_format)
