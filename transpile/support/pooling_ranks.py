"""The pooling layers and functions by their torch names, one per rank."""

import tensorflow as tf

from transpile.support.data_format import one_or_many
from transpile.support.pooling import (
    AdaptiveAvgPool,
    AdaptiveMaxPool,
    AvgPool,
    LPPool,
    MaxPool,
    MaxUnpool,
    adaptive_avg_pool,
    adaptive_max_pool,
    avg_pool,
    lp_pool,
    max_pool,
    max_unpool,
)


def max_pool1d(
    input,
    kernel_size,
    stride=None,
    padding=0,
    dilation=1,
    ceil_mode=False,
    return_indices=False,
    data_format=None,
):
    """torch.nn.functional.max_pool1d."""
    return one_or_many(
        lambda x: max_pool(x, kernel_size, stride, padding, dilation, ceil_mode, return_indices, data_format),
        input,
        1,
    )


def avg_pool1d(
    input,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    data_format=None,
):
    """torch.nn.functional.avg_pool1d."""
    return one_or_many(
        lambda x: avg_pool(x, kernel_size, stride, padding, ceil_mode, count_include_pad, None, data_format),
        input,
        1,
    )


def adaptive_avg_pool1d(input, output_size, data_format=None):
    """torch.nn.functional.adaptive_avg_pool1d."""
    return one_or_many(lambda x: adaptive_avg_pool(x, output_size, data_format), input, 1)


def adaptive_max_pool1d(input, output_size, return_indices=False, data_format=None):
    """torch.nn.functional.adaptive_max_pool1d."""
    return one_or_many(lambda x: adaptive_max_pool(x, output_size, return_indices, data_format), input, 1)


def lp_pool1d(input, norm_type, kernel_size, stride=None, ceil_mode=False, data_format=None):
    """torch.nn.functional.lp_pool1d."""
    return one_or_many(lambda x: lp_pool(x, norm_type, kernel_size, stride, ceil_mode, data_format), input, 1)


def max_unpool1d(input, indices, kernel_size, stride=None, padding=0, output_size=None, data_format=None):
    """torch.nn.functional.max_unpool1d."""
    return max_unpool(input, indices, kernel_size, stride, padding, output_size, data_format)


def max_pool2d(
    input,
    kernel_size,
    stride=None,
    padding=0,
    dilation=1,
    ceil_mode=False,
    return_indices=False,
    data_format=None,
):
    """torch.nn.functional.max_pool2d."""
    return one_or_many(
        lambda x: max_pool(x, kernel_size, stride, padding, dilation, ceil_mode, return_indices, data_format),
        input,
        2,
    )


def avg_pool2d(
    input,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
    data_format=None,
):
    """torch.nn.functional.avg_pool2d."""
    return one_or_many(
        lambda x: avg_pool(
            x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override, data_format
        ),
        input,
        2,
    )


def adaptive_avg_pool2d(input, output_size, data_format=None):
    """torch.nn.functional.adaptive_avg_pool2d."""
    return one_or_many(lambda x: adaptive_avg_pool(x, output_size, data_format), input, 2)


def adaptive_max_pool2d(input, output_size, return_indices=False, data_format=None):
    """torch.nn.functional.adaptive_max_pool2d."""
    return one_or_many(lambda x: adaptive_max_pool(x, output_size, return_indices, data_format), input, 2)


def lp_pool2d(input, norm_type, kernel_size, stride=None, ceil_mode=False, data_format=None):
    """torch.nn.functional.lp_pool2d."""
    return one_or_many(lambda x: lp_pool(x, norm_type, kernel_size, stride, ceil_mode, data_format), input, 2)


def max_unpool2d(input, indices, kernel_size, stride=None, padding=0, output_size=None, data_format=None):
    """torch.nn.functional.max_unpool2d."""
    return max_unpool(input, indices, kernel_size, stride, padding, output_size, data_format)


def max_pool3d(
    input,
    kernel_size,
    stride=None,
    padding=0,
    dilation=1,
    ceil_mode=False,
    return_indices=False,
    data_format=None,
):
    """torch.nn.functional.max_pool3d."""
    return one_or_many(
        lambda x: max_pool(x, kernel_size, stride, padding, dilation, ceil_mode, return_indices, data_format),
        input,
        3,
    )


def avg_pool3d(
    input,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
    data_format=None,
):
    """torch.nn.functional.avg_pool3d."""
    return one_or_many(
        lambda x: avg_pool(
            x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override, data_format
        ),
        input,
        3,
    )


def adaptive_avg_pool3d(input, output_size, data_format=None):
    """torch.nn.functional.adaptive_avg_pool3d."""
    return one_or_many(lambda x: adaptive_avg_pool(x, output_size, data_format), input, 3)


def adaptive_max_pool3d(input, output_size, return_indices=False, data_format=None):
    """torch.nn.functional.adaptive_max_pool3d."""
    return one_or_many(lambda x: adaptive_max_pool(x, output_size, return_indices, data_format), input, 3)


def lp_pool3d(input, norm_type, kernel_size, stride=None, ceil_mode=False, data_format=None):
    """torch.nn.functional.lp_pool3d."""
    return one_or_many(lambda x: lp_pool(x, norm_type, kernel_size, stride, ceil_mode, data_format), input, 3)


def max_unpool3d(input, indices, kernel_size, stride=None, padding=0, output_size=None, data_format=None):
    """torch.nn.functional.max_unpool3d."""
    return max_unpool(input, indices, kernel_size, stride, padding, output_size, data_format)


class MaxPool1d(MaxPool, tf.keras.layers.MaxPooling1D):
    """torch.nn.MaxPool1d."""

    spatial = 1


class AvgPool1d(AvgPool, tf.keras.layers.AveragePooling1D):
    """torch.nn.AvgPool1d."""

    spatial = 1


class AdaptiveAvgPool1d(AdaptiveAvgPool):
    """torch.nn.AdaptiveAvgPool1d."""

    spatial = 1


class AdaptiveMaxPool1d(AdaptiveMaxPool):
    """torch.nn.AdaptiveMaxPool1d."""

    spatial = 1


class LPPool1d(LPPool):
    """torch.nn.LPPool1d."""

    spatial = 1


class MaxUnpool1d(MaxUnpool):
    """torch.nn.MaxUnpool1d."""


class MaxPool2d(MaxPool, tf.keras.layers.MaxPooling2D):
    """torch.nn.MaxPool2d."""

    spatial = 2


class AvgPool2d(AvgPool, tf.keras.layers.AveragePooling2D):
    """torch.nn.AvgPool2d."""

    spatial = 2


class AdaptiveAvgPool2d(AdaptiveAvgPool):
    """torch.nn.AdaptiveAvgPool2d."""

    spatial = 2


class AdaptiveMaxPool2d(AdaptiveMaxPool):
    """torch.nn.AdaptiveMaxPool2d."""

    spatial = 2


class LPPool2d(LPPool):
    """torch.nn.LPPool2d."""

    spatial = 2


class MaxUnpool2d(MaxUnpool):
    """torch.nn.MaxUnpool2d."""


class MaxPool3d(MaxPool, tf.keras.layers.MaxPooling3D):
    """torch.nn.MaxPool3d."""

    spatial = 3


class AvgPool3d(AvgPool, tf.keras.layers.AveragePooling3D):
    """torch.nn.AvgPool3d."""

    spatial = 3


class AdaptiveAvgPool3d(AdaptiveAvgPool):
    """torch.nn.AdaptiveAvgPool3d."""

    spatial = 3


class AdaptiveMaxPool3d(AdaptiveMaxPool):
    """torch.nn.AdaptiveMaxPool3d."""

    spatial = 3


class LPPool3d(LPPool):
    """torch.nn.LPPool3d."""

    spatial = 3


class MaxUnpool3d(MaxUnpool):
    """torch.nn.MaxUnpool3d."""
