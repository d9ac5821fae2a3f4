"""Pooling with torch's arguments (ceil_mode, count_include_pad, indices, any adaptive size), in either data format."""

import tensorflow as tf

from transpile.support.data_format import (
    DATA_FORMAT,
    channel_axis,
    lacks_kernels,
    last_to_plain,
    ntuple,
    one_or_many,
    plain_to_last,
    spatial_axes,
)
from transpile.support.module import TorchLayer
from transpile.support.padding import pad_axes
from transpile.support.shape import shape


def end_padding(length, kernel, stride, padding, dilation=1):
    """What ceil_mode adds at the end of an axis: enough for a last window that begins inside the image."""
    span = dilation * (kernel - 1) + 1
    rest = (length + 2 * padding - span) % stride
    more = (stride - rest) % stride
    last = length + 2 * padding - span + more  # where the last window begins
    if isinstance(length, int):
        return padding + (0 if rest == 0 or last >= length + padding else more)
    return padding + tf.where((rest == 0) | (last >= length + padding), 0, more)


def pool_pairs(x, kernel, stride, padding, dilation, ceil_mode, data_format):
    """{axis: (before, after)}: the padding of a pool, with what ceil_mode adds."""
    sizes, pairs = shape(x), {}
    for i, axis in enumerate(spatial_axes(len(sizes), data_format)):
        after = padding[i]
        if ceil_mode:
            after = end_padding(sizes[axis], kernel[i], stride[i], padding[i], dilation[i])
        pairs[axis] = (padding[i], after)
    return pairs


def max_pool(
    input,
    kernel_size,
    stride=None,
    padding=0,
    dilation=1,
    ceil_mode=False,
    return_indices=False,
    data_format=None,
):
    """Max pooling of rank 1 to 3; `return_indices` gives positions in each flat image, as torch does."""
    n = len(input.shape) - 2
    kernel, padding, dilation = ntuple(kernel_size, n), ntuple(padding, n), ntuple(dilation, n)
    stride = kernel if stride is None or stride in ([], ()) else ntuple(stride, n)
    pairs = pool_pairs(input, kernel, stride, padding, dilation, ceil_mode, data_format)
    if return_indices:
        return max_pool_with_indices(input, kernel, stride, pairs, dilation, data_format)
    if max(stride) > 1 and max(dilation) > 1:  # which the kernel refuses
        return max_pool_with_indices(input, kernel, stride, pairs, dilation, data_format)[0]
    x = pad_axes(input, pairs, value=input.dtype.min)
    if channel_axis(data_format) == 1:  # the gradient of the CPU kernel knows channels_last only
        y = max_pool(plain_to_last(x), kernel, stride, 0, dilation, data_format="channels_last")
        return last_to_plain(y)
    if max(dilation) > 1:
        return tf.nn.pool(x, kernel, "MAX", stride, "VALID", dilations=dilation)
    return tf.nn.max_pool(x, kernel, stride, "VALID", ("NWC", "NHWC", "NDHWC")[n - 1])


def max_pool_with_indices(x, kernel, stride, pairs, dilation, data_format):
    """Max pooling by windows: the values and their positions in the flat image without its padding."""
    channels_last = channel_axis(data_format) == -1
    x = x if channels_last else plain_to_last(x)
    axes = range(1, len(x.shape) - 1)
    pairs = dict(zip(axes, pairs.values(), strict=True))
    index = tf.reshape(tf.range(tf.reduce_prod(shape(x)[1:-1])), (1, *shape(x)[1:-1], 1))
    index = tf.broadcast_to(index, shape(x))
    x, index = pad_axes(x, pairs, value=x.dtype.min), pad_axes(index, pairs)
    for axis, k, s, d in zip(axes, kernel, stride, dilation, strict=True):
        count = (shape(x)[axis] - d * (k - 1) - 1) // s + 1
        window = tf.range(count)[:, None] * s + tf.range(k)[None] * d
        x, index = tf.gather(x, window, axis=axis), tf.gather(index, window, axis=axis)
        best = tf.expand_dims(tf.argmax(x, axis + 1), axis + 1)
        x = take_window(x, best, axis + 1)
        index = take_window(index, best, axis + 1)
    index = tf.cast(index, tf.int64)
    return (x, index) if channels_last else (last_to_plain(x), last_to_plain(index))


def take_window(x, best, axis):
    """The element of each window that `best` names."""
    chosen = tf.one_hot(tf.squeeze(best, axis), x.shape[axis], axis=axis, on_value=True, off_value=False)
    return tf.reduce_sum(tf.where(chosen, x, tf.zeros_like(x)), axis)


def avg_pool(
    input,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
    data_format=None,
):
    """Average pooling of rank 1 to 3; what ceil_mode adds at the end never counts."""
    if lacks_kernels(data_format):
        options = (kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
        return last_to_plain(avg_pool(plain_to_last(input), *options, "channels_last"))
    n = len(input.shape) - 2
    kernel, padding = ntuple(kernel_size, n), ntuple(padding, n)
    stride = kernel if stride is None or stride in ([], ()) else ntuple(stride, n)
    pairs = pool_pairs(input, kernel, stride, padding, (1,) * n, ceil_mode, data_format)
    x = pad_axes(input, pairs)
    layouts = ("NWC", "NHWC", "NDHWC") if channel_axis(data_format) == -1 else ("NCW", "NCHW", "NCDHW")
    y = tf.nn.avg_pool(x, kernel, stride, "VALID", layouts[n - 1])
    if divisor_override is not None:
        full = 1
        for k in kernel:
            full *= k
        return y * (full / divisor_override)
    if not ceil_mode and (count_include_pad or max(padding) == 0):
        return y
    for i, (axis, (before, _)) in enumerate(pairs.items()):
        start = tf.range(shape(y)[axis]) * stride[i] - before
        counted = padding[i] if count_include_pad else 0
        end = tf.minimum(start + kernel[i], shape(input)[axis] + counted)
        count = tf.cast(end - tf.maximum(start, -counted), y.dtype)
        y = y * tf.reshape(kernel[i] / count, [-1 if a == axis else 1 for a in range(n + 2)])
    return y


def adaptive_windows(x, axis, size):
    """The windows of an adaptive pool over one axis: their elements (axis + 1) and a mask of those that count."""
    length = shape(x)[axis]
    start = tf.range(size) * length // size
    end = ((tf.range(size) + 1) * length + size - 1) // size
    index = start[:, None] + tf.range((length + size - 1) // size + 1)[None]
    mask = index < end[:, None]
    windows = tf.gather(x, tf.minimum(index, length - 1), axis=axis)
    return windows, tf.reshape(mask, (1,) * axis + tuple(shape(mask)) + (1,) * (len(x.shape) - axis - 1))


def adaptive_sizes(x, output_size, data_format):
    """{axis: size} of an adaptive pool, without the axes that keep their size."""
    axes = spatial_axes(len(x.shape), data_format)
    sizes = zip(axes, ntuple(output_size, len(axes)), strict=True)
    return {axis: size for axis, size in sizes if size is not None and size != x.shape[axis]}


def adaptive_avg_pool(input, output_size, data_format=None):
    """Average pooling of rank 1 to 3 to any size; None keeps the size of an axis."""
    sizes = adaptive_sizes(input, output_size, data_format)
    ones = [axis for axis, size in sizes.items() if size == 1]
    x = tf.reduce_mean(input, ones, keepdims=True) if ones else input
    for axis, size in sizes.items():
        if size != 1:
            windows, mask = adaptive_windows(x, axis, size)
            mask = tf.cast(mask, x.dtype)
            x = tf.reduce_sum(windows * mask, axis + 1) / tf.reduce_sum(mask, axis + 1)
    return x


def adaptive_max_pool(input, output_size, return_indices=False, data_format=None):
    """Max pooling of rank 1 to 3 to any size; None keeps the size of an axis."""
    x = input
    if not return_indices:
        for axis, size in adaptive_sizes(x, output_size, data_format).items():
            windows, mask = adaptive_windows(x, axis, size)
            x = tf.reduce_max(tf.where(mask, windows, x.dtype.min), axis + 1)
        return x
    axes = spatial_axes(len(x.shape), data_format)
    index = tf.range(tf.reduce_prod([shape(x)[axis] for axis in axes]), dtype=tf.int32)
    index = tf.reshape(index, [n if a in axes else 1 for a, n in enumerate(shape(x))])
    index = tf.broadcast_to(index, shape(x))
    for axis, size in adaptive_sizes(x, output_size, data_format).items():
        windows, mask = adaptive_windows(x, axis, size)
        best = tf.expand_dims(tf.argmax(tf.where(mask, windows, x.dtype.min), axis + 1), axis + 1)
        x = take_window(windows, best, axis + 1)
        index = take_window(adaptive_windows(index, axis, size)[0], best, axis + 1)
    return x, tf.cast(index, tf.int64)


def lp_pool(input, norm_type, kernel_size, stride=None, ceil_mode=False, data_format=None):
    """Power-average pooling: the p-norm of each window."""
    n = len(input.shape) - 2
    full = 1
    for k in ntuple(kernel_size, n):
        full *= k
    y = avg_pool(tf.pow(input, norm_type), kernel_size, stride, 0, ceil_mode, data_format=data_format)
    return tf.pow(tf.sign(y) * tf.nn.relu(tf.abs(y)) * full, 1.0 / norm_type)


def max_unpool(input, indices, kernel_size, stride=None, padding=0, output_size=None, data_format=None):
    """Puts the values of a max pool back where its indices say; zeros elsewhere."""
    n = len(input.shape) - 2
    kernel, padding = ntuple(kernel_size, n), ntuple(padding, n)
    stride = kernel if stride is None else ntuple(stride, n)
    channels_last = channel_axis(data_format) == -1
    x = last_to_plain(input) if channels_last else input
    at = last_to_plain(indices) if channels_last else indices
    batch, channels, *sizes = shape(x)
    if output_size is None:
        output_size = [
            (size - 1) * s - 2 * p + k for size, s, p, k in zip(sizes, stride, padding, kernel, strict=True)
        ]
    output_size = list(output_size)[-n:]
    length = tf.reduce_prod(output_size)
    rows = tf.range(batch * channels)[:, None] * length
    at = tf.reshape(rows + tf.reshape(tf.cast(at, tf.int32), (batch * channels, -1)), (-1, 1))
    flat = tf.tensor_scatter_nd_update(
        tf.zeros([batch * channels * length], x.dtype), at, tf.reshape(x, (-1,))
    )
    y = tf.reshape(flat, [batch, channels, *output_size])
    return plain_to_last(y) if channels_last else y


class MaxPool(TorchLayer):
    """What MaxPool1d, 2d and 3d share."""

    def __init__(
        self,
        kernel_size,
        stride=None,
        padding=0,
        dilation=1,
        return_indices=False,
        ceil_mode=False,
        data_format=None,
    ):
        super().__init__(kernel_size, data_format=data_format or DATA_FORMAT)
        self.input_spec = None
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.dilation = padding, dilation
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def call(self, input):
        return one_or_many(
            lambda x: max_pool(
                x,
                self.kernel_size,
                self.stride,
                self.padding,
                self.dilation,
                self.ceil_mode,
                self.return_indices,
                self.data_format,
            ),
            input,
            self.spatial,
        )


class AvgPool(TorchLayer):
    """What AvgPool1d, 2d and 3d share."""

    def __init__(
        self,
        kernel_size,
        stride=None,
        padding=0,
        ceil_mode=False,
        count_include_pad=True,
        divisor_override=None,
        data_format=None,
    ):
        super().__init__(kernel_size, data_format=data_format or DATA_FORMAT)
        self.input_spec = None
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.ceil_mode = padding, ceil_mode
        self.count_include_pad, self.divisor_override = count_include_pad, divisor_override

    def call(self, input):
        return one_or_many(
            lambda x: avg_pool(
                x,
                self.kernel_size,
                self.stride,
                self.padding,
                self.ceil_mode,
                self.count_include_pad,
                self.divisor_override,
                self.data_format,
            ),
            input,
            self.spatial,
        )


class AdaptiveAvgPool(TorchLayer, tf.keras.layers.Layer):
    """What AdaptiveAvgPool1d, 2d and 3d share."""

    def __init__(self, output_size, data_format=None):
        super().__init__()
        self.output_size, self.data_format = output_size, data_format

    def call(self, input):
        return one_or_many(
            lambda x: adaptive_avg_pool(x, self.output_size, self.data_format), input, self.spatial
        )


class AdaptiveMaxPool(TorchLayer, tf.keras.layers.Layer):
    """What AdaptiveMaxPool1d, 2d and 3d share."""

    def __init__(self, output_size, return_indices=False, data_format=None):
        super().__init__()
        self.output_size, self.return_indices, self.data_format = output_size, return_indices, data_format

    def call(self, input):
        return one_or_many(
            lambda x: adaptive_max_pool(x, self.output_size, self.return_indices, self.data_format),
            input,
            self.spatial,
        )


class LPPool(TorchLayer, tf.keras.layers.Layer):
    """What LPPool1d, 2d and 3d share."""

    def __init__(self, norm_type, kernel_size, stride=None, ceil_mode=False, data_format=None):
        super().__init__()
        self.norm_type, self.kernel_size, self.stride = norm_type, kernel_size, stride
        self.ceil_mode, self.data_format = ceil_mode, data_format

    def call(self, input):
        return one_or_many(
            lambda x: lp_pool(
                x, self.norm_type, self.kernel_size, self.stride, self.ceil_mode, self.data_format
            ),
            input,
            self.spatial,
        )


class MaxUnpool(TorchLayer, tf.keras.layers.Layer):
    """What MaxUnpool1d, 2d and 3d share."""

    def __init__(self, kernel_size, stride=None, padding=0, data_format=None):
        super().__init__()
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        self.data_format = data_format

    def call(self, input, indices, output_size=None):
        return max_unpool(
            input, indices, self.kernel_size, self.stride, self.padding, output_size, self.data_format
        )
