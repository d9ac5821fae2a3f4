"""Layers that take the number of their inputs from the first of them."""

import tensorflow as tf

from transpile.support.conv import Conv1d, Conv2d, Conv3d
from transpile.support.conv_transpose import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from transpile.support.data_format import channel_axis
from transpile.support.linear import Linear
from transpile.support.norm import (
    BatchNorm1d,
    BatchNorm2d,
    BatchNorm3d,
    InstanceNorm1d,
    InstanceNorm2d,
    InstanceNorm3d,
)


class LazyConvolution:
    """What LazyConv1d, 2d and 3d share."""

    def __init__(
        self,
        out_channels,
        kernel_size,
        stride=1,
        padding=0,
        dilation=1,
        groups=1,
        bias=True,
        padding_mode="zeros",
        device=None,
        dtype=None,
        data_format=None,
    ):
        super().__init__(
            None,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            groups,
            bias,
            padding_mode,
            data_format=data_format,
        )

    def build(self, input_shape):
        if self.in_channels is None:
            self.make(image_channels(input_shape, self.spatial, self.data_format))
        else:
            super().build(input_shape)


class LazyConv1d(LazyConvolution, Conv1d):
    """torch.nn.LazyConv1d."""


class LazyConv2d(LazyConvolution, Conv2d):
    """torch.nn.LazyConv2d."""


class LazyConv3d(LazyConvolution, Conv3d):
    """torch.nn.LazyConv3d."""


class LazyTransposedConvolution:
    """What LazyConvTranspose1d, 2d and 3d share."""

    def __init__(
        self,
        out_channels,
        kernel_size,
        stride=1,
        padding=0,
        output_padding=0,
        groups=1,
        bias=True,
        dilation=1,
        padding_mode="zeros",
        device=None,
        dtype=None,
        data_format=None,
    ):
        super().__init__(
            None,
            out_channels,
            kernel_size,
            stride,
            padding,
            output_padding,
            groups,
            bias,
            dilation,
            padding_mode,
            data_format=data_format,
        )

    def build(self, input_shape):
        self.in_channels = image_channels(input_shape, self.spatial, self.data_format)
        super().build(input_shape)


class LazyConvTranspose1d(LazyTransposedConvolution, ConvTranspose1d):
    """torch.nn.LazyConvTranspose1d."""


class LazyConvTranspose2d(LazyTransposedConvolution, ConvTranspose2d):
    """torch.nn.LazyConvTranspose2d."""


class LazyConvTranspose3d(LazyTransposedConvolution, ConvTranspose3d):
    """torch.nn.LazyConvTranspose3d."""


class LazyLinear(Linear):
    """torch.nn.LazyLinear."""

    def __init__(self, out_features, bias=True, device=None, dtype=None):
        super().__init__(None, out_features, bias)

    def build(self, input_shape):
        if self.in_features is None:
            self.make(input_shape[-1])
        else:
            super().build(input_shape)


class LazyNormalization:
    """What the lazy batch and instance normalizations share."""

    def __init__(
        self,
        eps=1e-5,
        momentum=0.1,
        affine=True,
        track_running_stats=True,
        device=None,
        dtype=None,
        data_format=None,
        bias=True,
    ):
        super().__init__(None, eps, momentum, affine, track_running_stats, data_format=data_format, bias=bias)

    def build(self, input_shape):
        if self.num_features is None:
            rank = len(input_shape)
            spatial = getattr(self, "spatial", max(rank - 2, 0))
            self.make(image_channels(input_shape, spatial, self.data_format))
        else:
            super().build(input_shape)


class LazyBatchNorm1d(LazyNormalization, BatchNorm1d):
    """torch.nn.LazyBatchNorm1d."""


class LazyBatchNorm2d(LazyNormalization, BatchNorm2d):
    """torch.nn.LazyBatchNorm2d."""


class LazyBatchNorm3d(LazyNormalization, BatchNorm3d):
    """torch.nn.LazyBatchNorm3d."""


class LazyInstanceNorm1d(LazyNormalization, InstanceNorm1d):
    """torch.nn.LazyInstanceNorm1d."""


class LazyInstanceNorm2d(LazyNormalization, InstanceNorm2d):
    """torch.nn.LazyInstanceNorm2d."""


class LazyInstanceNorm3d(LazyNormalization, InstanceNorm3d):
    """torch.nn.LazyInstanceNorm3d."""


def image_channels(input_shape, spatial, data_format):
    """The number of channels of an image with so many spatial axes, of a batch or alone."""
    sizes = tf.TensorShape(input_shape).as_list()
    return sizes[-1 if channel_axis(data_format) == -1 or not spatial else len(sizes) - spatial - 1]
