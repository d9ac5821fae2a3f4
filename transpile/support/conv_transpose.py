"""Transposed convolutions of any rank, with torch's arguments, on kernels (*size, out / groups, in)."""

import tensorflow as tf

from transpile.support.conv import add_bias, dilate, kernel_of, weight_of
from transpile.support.data_format import (
    DATA_FORMAT,
    channel_axis,
    has_all_kernels,
    lacks_kernels,
    last_to_plain,
    ntuple,
    plain_to_last,
    spatial_axes,
)
from transpile.support.module import TorchLayer, draw_anew, put_variable, shown, uniform_initializer
from transpile.support.padding import pad_axes
from transpile.support.shape import shape


def convolve_transposed(x, kernel, stride, padding, output_padding, dilation, groups, data_format=None):
    """Transposed convolution of rank 1 to 3: the whole map, then `padding` taken away at both ends."""
    n = len(kernel.shape) - 2
    axes = spatial_axes(n + 2, data_format)
    if len(x.shape) == n + 1:  # torch takes an image without a batch
        x = x[None]
        y = convolve_transposed(x, kernel, stride, padding, output_padding, dilation, groups, data_format)
        return y[0]
    if lacks_kernels(data_format):
        options = (kernel, stride, padding, output_padding, dilation, groups, "channels_last")
        return last_to_plain(convolve_transposed(plain_to_last(x), *options))
    stride, dilation = ntuple(stride, n), ntuple(dilation, n)
    if n == 1:  # a row of height 1
        x = tf.expand_dims(x, axes[0])
        y = transposed_map(x, kernel[None], (1, *stride), (1, *dilation), groups, data_format)
        y = tf.squeeze(y, axes[0])
    else:
        y = transposed_map(x, kernel, stride, dilation, groups, data_format)
    # The map ends with its last element; where torch wants more than that, the rest holds zeros.
    sides = zip(ntuple(padding, n), ntuple(output_padding, n), strict=True)
    return pad_axes(y, dict(zip(axes, [(-p, more - p) for p, more in sides], strict=True)))


def transposed_map(x, kernel, stride, dilation, groups, data_format):
    """The whole map of a transposed convolution of rank 2 or 3, (size - 1) * stride + span long."""
    channel = channel_axis(data_format)
    channels_last = channel == -1
    if groups > 1 and (len(x.shape) == 5 or not has_all_kernels()):  # the 3-D kernel never knows groups
        pairs = zip(tf.split(x, groups, channel), tf.split(kernel, groups, -1), strict=True)
        maps = [transposed_map(*pair, stride, dilation, 1, data_format) for pair in pairs]
        return tf.concat(maps, channel)
    sizes = list(shape(x))
    for i, axis in enumerate(spatial_axes(len(sizes), data_format)):
        sizes[axis] = (sizes[axis] - 1) * stride[i] + dilation[i] * (kernel.shape[i] - 1) + 1
    sizes[channel] = kernel.shape[-2] * groups
    if max(dilation) > 1 and (len(sizes) == 5 or not has_all_kernels()):
        # the 3-D gradient kernel never knows dilation: the holes go into the kernel
        kernel, dilation = dilate(kernel, dilation), 1
    if len(sizes) == 4:
        layout = "NHWC" if channels_last else "NCHW"
        return tf.nn.conv2d_transpose(x, kernel, sizes, stride, "VALID", layout, dilation)
    stride = (1, *stride, 1) if channels_last else (1, 1, *stride)
    return tf.nn.conv3d_transpose(x, kernel, sizes, stride, "VALID", "NDHWC" if channels_last else "NCDHW")


def conv_transpose2d(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1, data_format=None
):
    """torch.nn.functional.conv_transpose2d: the weight is in torch's order (in, out / groups, *size)."""
    y = convolve_transposed(
        input, kernel_of(weight), stride, padding, output_padding, dilation, groups, data_format
    )
    return add_bias(y, bias, len(weight.shape) - 2, data_format)


def conv_transpose1d(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1, data_format=None
):
    """torch.nn.functional.conv_transpose1d."""
    return conv_transpose2d(
        input, weight, bias, stride, padding, output_padding, groups, dilation, data_format
    )


def conv_transpose3d(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1, data_format=None
):
    """torch.nn.functional.conv_transpose3d."""
    return conv_transpose2d(
        input, weight, bias, stride, padding, output_padding, groups, dilation, data_format
    )


class TransposedConvolution(TorchLayer):
    """What ConvTranspose1d, 2d and 3d share: torch's arguments and attributes on Keras' kernel and bias."""

    def __init__(
        self,
        in_channels,
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
        n = self.spatial
        super().__init__(
            out_channels, ntuple(kernel_size, n), data_format=data_format or DATA_FORMAT, use_bias=bias
        )
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.stride, self.dilation, self.padding = ntuple(stride, n), ntuple(dilation, n), ntuple(padding, n)
        self.output_padding = ntuple(output_padding, n)
        self.input_spec = None  # torch also takes an image without a batch
        if in_channels is not None:
            self.build(None)
            if type(self).reset_parameters is not TransposedConvolution.reset_parameters:
                self.reset_parameters()  # of an heir: torch's constructor calls it

    def build(self, input_shape):
        sizes = (*self.kernel_size, self.out_channels // self.groups, self.in_channels)
        fan_in = sizes[-2]
        for k in self.kernel_size:
            fan_in *= k
        self.kernel_initializer = self.bias_initializer = uniform_initializer(fan_in)
        self.kernel = self.add_weight(name="kernel", shape=sizes, initializer=self.kernel_initializer)
        self.bias = None
        if self.use_bias:
            sizes = (self.out_channels,)
            self.bias = self.add_weight(name="bias", shape=sizes, initializer=self.bias_initializer)

    def reset_parameters(self):
        """Draws the weights anew."""
        draw_anew(self.kernel, self.kernel_initializer)
        draw_anew(self.bias, self.bias_initializer)

    @property
    def weight(self):
        """The kernel in torch's order (in, out / groups, *size)."""
        return shown(self, weight_of(self.kernel))

    @weight.setter
    def weight(self, value):
        put_variable(self, "kernel", kernel_of(value))

    def call(self, input, output_size=None):
        more = self.output_padding
        if output_size is not None:
            more = self.output_padding_for(input, output_size)
        y = convolve_transposed(
            input, self.kernel, self.stride, self.padding, more, self.dilation, self.groups, self.data_format
        )
        return add_bias(y, self.bias, self.spatial, self.data_format)

    def output_padding_for(self, input, output_size):
        """What must be added at the end of each axis to reach the wanted size."""
        axes = spatial_axes(len(input.shape), self.data_format)
        more = []
        for i, (axis, size) in enumerate(zip(axes, list(output_size)[-self.spatial :], strict=True)):
            span = self.dilation[i] * (self.kernel_size[i] - 1) + 1
            more.append(size - ((input.shape[axis] - 1) * self.stride[i] - 2 * self.padding[i] + span))
        return tuple(more)


class ConvTranspose1d(TransposedConvolution, tf.keras.layers.Conv1DTranspose):
    """torch.nn.ConvTranspose1d."""

    spatial = 1


class ConvTranspose2d(TransposedConvolution, tf.keras.layers.Conv2DTranspose):
    """torch.nn.ConvTranspose2d."""

    spatial = 2


class ConvTranspose3d(TransposedConvolution, tf.keras.layers.Conv3DTranspose):
    """torch.nn.ConvTranspose3d."""

    spatial = 3
