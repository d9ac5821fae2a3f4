"""Convolutions of any rank, with torch's arguments, on kernels in TensorFlow's order (*size, in / groups, out)."""

import tensorflow as tf

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
from transpile.support.shape import reshape, shape


def convolve(x, kernel, stride, padding, dilation, data_format=None, padding_mode="constant"):
    """Convolution of rank 1 to 3; as many groups as make the kernel fit the channels of x.

    `padding` is "same", "valid", or the number of elements on both sides of each axis.
    """
    n = len(kernel.shape) - 2
    if len(x.shape) == n + 1:  # torch takes an image without a batch
        return convolve(x[None], kernel, stride, padding, dilation, data_format, padding_mode)[0]
    if lacks_kernels(data_format):
        x = plain_to_last(x)
        return last_to_plain(convolve(x, kernel, stride, padding, dilation, "channels_last", padding_mode))
    stride, dilation = ntuple(stride, n), ntuple(dilation, n)
    if padding == "same":
        spans = [d * (k - 1) for d, k in zip(dilation, kernel.shape, strict=False)]
        pairs = [(span // 2, span - span // 2) for span in spans]
    else:
        pairs = [(p, p) for p in ntuple(0 if padding == "valid" else padding, n)]
    x = pad_axes(x, dict(zip(spatial_axes(n + 2, data_format), pairs, strict=True)), padding_mode)
    channels_last = channel_axis(data_format) == -1
    if n == 1:  # a row of height 1
        axis = 1 if channels_last else 2
        y = convolve(
            tf.expand_dims(x, axis), kernel[None], (1, *stride), "valid", (1, *dilation), data_format
        )
        return tf.squeeze(y, axis)
    channels = x.shape[channel_axis(data_format)]
    if n == 2 and (channels is None or has_all_kernels()):  # it counts the groups itself
        return tf.nn.conv2d(x, kernel, stride, "VALID", "NHWC" if channels_last else "NCHW", dilation)
    groups = channels // kernel.shape[-2]
    if n == 2:
        return convolve_plainly(x, tf.convert_to_tensor(kernel), stride, dilation, groups)
    if groups > 1:  # the 3-D kernel knows no groups
        return convolve_slices(x, kernel, stride, dilation, data_format)
    if not has_all_kernels():
        kernel, dilation = dilate(kernel, dilation), (1, 1, 1)
    stride = (1, *stride, 1) if channels_last else (1, 1, *stride)
    dilation = (1, *dilation, 1) if channels_last else (1, 1, *dilation)
    return tf.nn.conv3d(x, kernel, stride, "VALID", "NDHWC" if channels_last else "NCDHW", dilation)


def convolve_slices(x, kernel, stride, dilation, data_format=None):
    """A 3-D convolution without padding, as the sum of 2-D ones: one for each element of the kernel's depth."""
    if channel_axis(data_format) == 1:
        return last_to_plain(convolve_slices(plain_to_last(x), kernel, stride, dilation, "channels_last"))
    depth = shape(x)[1] - dilation[0] * (kernel.shape[0] - 1)
    total = 0
    for k in range(kernel.shape[0]):
        start = k * dilation[0]
        part = x[:, start : start + depth : stride[0]]
        _, length, *plane = shape(part)
        y = reshape(part, (-1, *plane))
        total = total + convolve(y, kernel[k], stride[1:], "valid", dilation[1:], "channels_last")
    return reshape(total, (-1, length, *shape(total)[1:]))


def convolve_plainly(x, kernel, stride, dilation, groups):
    """A channels-last convolution of kernels that any CPU has, with their gradients, also when graphs fuse them."""
    if groups > 1 and kernel.shape[-2] == 1 and stride[0] == stride[1] and 1 in (stride[0], max(dilation)):
        kernel = tf.reshape(kernel, (*kernel.shape[:2], groups, -1))
        return tf.nn.depthwise_conv2d(x, kernel, (1, *stride, 1), "VALID", dilations=dilation)
    if groups > 1:
        parts = zip(tf.split(x, groups, -1), tf.split(kernel, groups, -1), strict=True)
        return tf.concat([convolve_plainly(*part, stride, dilation, 1) for part in parts], -1)
    if max(dilation) == 1:
        return tf.nn.conv2d(x, kernel, stride, "VALID")

    @tf.custom_gradient
    def with_holes(x, kernel):
        def convolve_blocks(x, *_):
            return tf.nn.conv2d(x, kernel, 1, "VALID")

        def gradient(upstream):
            with tf.GradientTape() as tape:
                tape.watch((x, kernel))
                y = tf.compat.v1.nn.with_space_to_batch(
                    x, dilation, "VALID", convolve_blocks, kernel.shape[:2]
                )
                y = y[:, :: stride[0], :: stride[1]]
            return tape.gradient(y, (x, kernel), upstream)

        return tf.nn.conv2d(x, kernel, stride, "VALID", dilations=dilation), gradient

    return with_holes(x, kernel)


def dilate(kernel, dilation):
    """A kernel with dilation - 1 zeros between its elements."""
    for axis, d in enumerate(dilation):
        size = kernel.shape[axis]
        parts = tf.split(kernel, size, axis)
        hole = tf.zeros_like(tf.concat([parts[0]] * (d - 1), axis)) if d > 1 else None
        kernel = tf.concat([p for part in parts for p in (part, hole) if p is not None], axis)
        kernel = tf.gather(kernel, tf.range((size - 1) * d + 1), axis=axis)
    return kernel


def add_bias(x, bias, spatial, data_format=None):
    """Adds one number per channel to an image with so many spatial axes."""
    if bias is None:
        return x
    if channel_axis(data_format) == -1 or len(x.shape) == spatial + 2 == 4:
        return tf.nn.bias_add(x, bias, "N...C" if channel_axis(data_format) == -1 else "NC...")
    return x + tf.reshape(bias, (-1, *(1,) * spatial))


def kernel_of(weight):
    """A torch weight (out, in / groups, *size) in TensorFlow's order (*size, in / groups, out)."""
    rank = len(weight.shape)
    return tf.transpose(weight, (*range(2, rank), 1, 0))


def weight_of(kernel):
    """A TensorFlow kernel (*size, in / groups, out) in torch's order (out, in / groups, *size)."""
    rank = len(kernel.shape)
    return tf.transpose(kernel, (rank - 1, rank - 2, *range(rank - 2)))


def conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1, data_format=None):
    """torch.nn.functional.conv1d: the weight is in torch's order (out, in / groups, *size)."""
    y = convolve(input, kernel_of(weight), stride, padding, dilation, data_format)
    return add_bias(y, bias, len(weight.shape) - 2, data_format)


def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1, data_format=None):
    """torch.nn.functional.conv2d: the weight is in torch's order (out, in / groups, *size)."""
    return conv1d(input, weight, bias, stride, padding, dilation, groups, data_format)


def conv3d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1, data_format=None):
    """torch.nn.functional.conv3d: the weight is in torch's order (out, in / groups, *size)."""
    return conv1d(input, weight, bias, stride, padding, dilation, groups, data_format)


class Convolution(TorchLayer):
    """What Conv1d, Conv2d and Conv3d share: torch's arguments and attributes on Keras' kernel and bias."""

    def __init__(
        self,
        in_channels,
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
        n = self.spatial
        super().__init__(
            out_channels,
            ntuple(kernel_size, n),
            data_format=data_format or DATA_FORMAT,
            groups=groups,
            use_bias=bias,
        )
        self.in_channels, self.out_channels = None, out_channels
        self.stride, self.dilation = ntuple(stride, n), ntuple(dilation, n)
        self.padding_mode = padding_mode
        self.padding = padding if isinstance(padding, str) else ntuple(padding, n)
        if in_channels is not None:
            self.make(in_channels)

    def make(self, in_channels):
        """Makes the weights, which Keras' own build does for a padding that it knows."""
        fan_in = in_channels // self.groups
        for k in self.kernel_size:
            fan_in *= k
        self.kernel_initializer = self.bias_initializer = uniform_initializer(fan_in)
        self.in_channels, padding = in_channels, self.padding
        shape = [None] * (self.spatial + 2)
        shape[channel_axis(self.data_format)] = in_channels
        self.padding = "valid"
        self.build(tuple(shape))
        self.padding = padding
        self.input_spec = None  # torch also takes an image without a batch
        if type(self).reset_parameters is not Convolution.reset_parameters:
            self.reset_parameters()  # of an heir: torch's constructor calls it

    def reset_parameters(self):
        """Draws the weights anew."""
        draw_anew(self._kernel, self.kernel_initializer)
        draw_anew(self.bias, self.bias_initializer)

    @property
    def weight(self):
        """The kernel in torch's order (out, in / groups, *size)."""
        return shown(self, weight_of(self.kernel))

    @weight.setter
    def weight(self, value):
        put_variable(self, "_kernel", kernel_of(value))

    def call(self, input):
        mode = "constant" if self.padding_mode == "zeros" else self.padding_mode
        axis = channel_axis(self.data_format)
        if len(input.shape) == self.spatial + 2 and input.shape[axis] is None:  # lost on the way to here
            sizes = [None] * len(input.shape)
            sizes[axis] = self.in_channels
            input = tf.ensure_shape(input, sizes)
        y = convolve(input, self.kernel, self.stride, self.padding, self.dilation, self.data_format, mode)
        return add_bias(y, self.bias, self.spatial, self.data_format)

    def _conv_forward(self, input, weight, bias):
        mode = "constant" if self.padding_mode == "zeros" else self.padding_mode
        y = convolve(
            input, kernel_of(weight), self.stride, self.padding, self.dilation, self.data_format, mode
        )
        return add_bias(y, bias, self.spatial, self.data_format)


class Conv1d(Convolution, tf.keras.layers.Conv1D):
    """torch.nn.Conv1d."""

    spatial = 1


class Conv2d(Convolution, tf.keras.layers.Conv2D):
    """torch.nn.Conv2d."""

    spatial = 2


class Conv3d(Convolution, tf.keras.layers.Conv3D):
    """torch.nn.Conv3d."""

    spatial = 3
