"""Rearrangements of channels and pixels, and windows of images, in torch's channel order."""

import tensorflow as tf

from transpile.support.data_format import channel_axis, ntuple
from transpile.support.module import TorchLayer
from transpile.support.padding import pad_axes
from transpile.support.shape import reshape, shape


def pixel_shuffle(input, upscale_factor, data_format=None):
    """torch.nn.functional.pixel_shuffle: (C r², H, W) to (C, H r, W r), channels outermost."""
    r = upscale_factor
    if channel_axis(data_format) == -1:
        *batch, h, w, c = shape(input)
        x = reshape(input, (*batch, h, w, c // (r * r), r, r))
        k = len(batch)
        x = tf.transpose(x, [*range(k), *(k + i for i in (0, 3, 1, 4, 2))])
        return reshape(x, (*batch, h * r, w * r, c // (r * r)))
    *batch, c, h, w = shape(input)
    k = len(batch)
    x = reshape(input, (*batch, c // (r * r), r, r, h, w))
    x = tf.transpose(x, [*range(k), *(k + i for i in (0, 3, 1, 4, 2))])
    return reshape(x, (*batch, c // (r * r), h * r, w * r))


def pixel_unshuffle(input, downscale_factor, data_format=None):
    """torch.nn.functional.pixel_unshuffle: (C, H r, W r) to (C r², H, W), channels outermost."""
    r = downscale_factor
    if channel_axis(data_format) == -1:
        *batch, h, w, c = shape(input)
        k = len(batch)
        x = reshape(input, (*batch, h // r, r, w // r, r, c))
        x = tf.transpose(x, [*range(k), *(k + i for i in (0, 2, 4, 1, 3))])
        return reshape(x, (*batch, h // r, w // r, c * r * r))
    *batch, c, h, w = shape(input)
    k = len(batch)
    x = reshape(input, (*batch, c, h // r, r, w // r, r))
    x = tf.transpose(x, [*range(k), *(k + i for i in (0, 2, 4, 1, 3))])
    return reshape(x, (*batch, c * r * r, h // r, w // r))


def channel_shuffle(input, groups, data_format=None):
    """torch.nn.functional.channel_shuffle: channels (g, c) become (c, g)."""
    if channel_axis(data_format) == -1:
        *rest, c = shape(input)
        x = tf.reshape(input, (-1, groups, c // groups))
        return reshape(tf.transpose(x, (0, 2, 1)), (*rest, c))
    batch, c, *rest = shape(input)
    x = reshape(input, (batch, groups, c // groups, *rest))
    x = tf.transpose(x, (0, 2, 1, *range(3, len(x.shape))))
    return reshape(x, (batch, c, *rest))


class PixelShuffle(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.PixelShuffle."""

    def __init__(self, upscale_factor, data_format=None):
        super().__init__()
        self.upscale_factor, self.data_format = upscale_factor, data_format

    def call(self, input):
        return pixel_shuffle(input, self.upscale_factor, self.data_format)


class PixelUnshuffle(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.PixelUnshuffle."""

    def __init__(self, downscale_factor, data_format=None):
        super().__init__()
        self.downscale_factor, self.data_format = downscale_factor, data_format

    def call(self, input):
        return pixel_unshuffle(input, self.downscale_factor, self.data_format)


class ChannelShuffle(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.ChannelShuffle."""

    def __init__(self, groups, data_format=None):
        super().__init__()
        self.groups, self.data_format = groups, data_format

    def call(self, input):
        return channel_shuffle(input, self.groups, self.data_format)


def window_index(length, kernel, dilation, stride):
    """A matrix (kernel, windows) of the positions that each window of an axis covers."""
    count = (length - dilation * (kernel - 1) - 1) // stride + 1
    return tf.range(kernel)[:, None] * dilation + tf.range(count)[None] * stride


def unfold(input, kernel_size, dilation=1, padding=0, stride=1, data_format=None):
    """torch.nn.functional.unfold: an image to (N, C kh kw, windows), which is in torch's order."""
    kernel, dilation = ntuple(kernel_size, 2), ntuple(dilation, 2)
    padding, stride = ntuple(padding, 2), ntuple(stride, 2)
    x = tf.transpose(input, (0, 3, 1, 2)) if channel_axis(data_format) == -1 else input
    x = pad_axes(x, {2 + i: (p, p) for i, p in enumerate(padding)})
    n, c, h, w = shape(x)
    rows = window_index(h, kernel[0], dilation[0], stride[0])
    columns = window_index(w, kernel[1], dilation[1], stride[1])
    x = tf.gather(tf.gather(x, columns, axis=3), rows, axis=2)  # (N, C, kh, rows, kw, columns)
    x = tf.transpose(x, (0, 1, 2, 4, 3, 5))
    return reshape(x, (n, c * kernel[0] * kernel[1], shape(rows)[1] * shape(columns)[1]))


def fold(input, output_size, kernel_size, dilation=1, padding=0, stride=1, data_format=None):
    """torch.nn.functional.fold: sums the windows of (N, C kh kw, windows) into an image."""
    kernel, dilation = ntuple(kernel_size, 2), ntuple(dilation, 2)
    padding, stride = ntuple(padding, 2), ntuple(stride, 2)
    h, w = (size + 2 * p for size, p in zip(ntuple(output_size, 2), padding, strict=True))
    rows = window_index(h, kernel[0], dilation[0], stride[0])
    columns = window_index(w, kernel[1], dilation[1], stride[1])
    n, ckk, _ = shape(input)
    c = ckk // (kernel[0] * kernel[1])
    at = rows[:, None, :, None] * w + columns[None, :, None, :]  # (kh, kw, rows, columns)
    values = tf.transpose(reshape(input, (n, c, -1)), (2, 0, 1))
    flat = tf.math.unsorted_segment_sum(values, tf.reshape(at, (-1,)), h * w)
    x = reshape(flat, (h, w, n, c))[padding[0] : h - padding[0], padding[1] : w - padding[1]]
    return tf.transpose(x, (2, 0, 1, 3) if channel_axis(data_format) == -1 else (2, 3, 0, 1))


class Unfold(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.Unfold."""

    def __init__(self, kernel_size, dilation=1, padding=0, stride=1, data_format=None):
        super().__init__()
        self.kernel_size, self.dilation = kernel_size, dilation
        self.padding, self.stride, self.data_format = padding, stride, data_format

    def call(self, input):
        return unfold(input, self.kernel_size, self.dilation, self.padding, self.stride, self.data_format)


class Fold(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.Fold."""

    def __init__(self, output_size, kernel_size, dilation=1, padding=0, stride=1, data_format=None):
        super().__init__()
        self.output_size, self.kernel_size, self.dilation = output_size, kernel_size, dilation
        self.padding, self.stride, self.data_format = padding, stride, data_format

    def call(self, input):
        return fold(
            input,
            self.output_size,
            self.kernel_size,
            self.dilation,
            self.padding,
            self.stride,
            self.data_format,
        )
