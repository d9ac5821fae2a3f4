"""Normalizations with torch's arguments, in either data format."""

import numpy as np
import tensorflow as tf

from transpile.support.data_format import DATA_FORMAT, channel_axis, one_or_many, spatial_axes
from transpile.support.module import Buffer, TorchLayer, draw_anew, put_variable
from transpile.support.shape import product, reshape, shape


def fused_batch_norm(x, scale, offset, mean, variance, eps, training, data_format=None):
    """Batch normalization on the fused kernel: returns y, and when training the batch mean and unbiased variance."""
    channels, rank = scale.shape[0], len(x.shape)
    sizes = None
    if rank == 2:
        x, data_format = tf.reshape(x, (-1, 1, 1, channels)), "channels_last"
    elif rank != 4:
        sizes = shape(x)
        if channel_axis(data_format) == -1:
            x = tf.reshape(x, (-1, 1, 1, channels))
        else:
            x = tf.reshape(x, (sizes[0], channels, 1, -1))
    layout = "NHWC" if channel_axis(data_format) == -1 else "NCHW"
    y, batch_mean, batch_variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=x,
        scale=scale,
        offset=offset,
        mean=tf.zeros(0) if training else mean,
        variance=tf.zeros(0) if training else variance,
        epsilon=eps,
        data_format=layout,
        is_training=training,
    )
    if rank == 2:
        y = tf.reshape(y, (-1, channels))
    elif sizes is not None:
        y = reshape(y, sizes)
    return y, batch_mean, batch_variance


def batch_norm(
    input,
    running_mean=None,
    running_var=None,
    weight=None,
    bias=None,
    training=False,
    momentum=0.1,
    eps=1e-5,
    data_format=None,
):
    """torch.nn.functional.batch_norm: in training the running statistics, if variables, move to those of the batch."""
    training = bool(training) or running_mean is None
    channels = input.shape[channel_axis(data_format)] if len(input.shape) > 2 else input.shape[-1]
    scale = tf.ones(channels) if weight is None else tf.convert_to_tensor(weight)
    offset = tf.zeros(channels) if bias is None else tf.convert_to_tensor(bias)
    y, mean, variance = fused_batch_norm(
        input, scale, offset, running_mean, running_var, eps, training, data_format
    )
    if training and hasattr(running_mean, "assign"):  # a plain tensor cannot be changed
        running_mean.assign(running_mean * (1 - momentum) + mean * momentum)
        running_var.assign(running_var * (1 - momentum) + variance * momentum)
    return y


def center_and_scale(x, axes, eps):
    """Takes the mean over the axes away and divides by the (biased) standard deviation."""
    centred = x - tf.reduce_mean(x, axes, keepdims=True)
    variance = tf.reduce_mean(tf.square(centred), axes, keepdims=True)
    return centred * tf.math.rsqrt(variance + eps)


def per_channel(values, x, data_format=None):
    """One number per channel, shaped to broadcast against an image."""
    if channel_axis(data_format) == -1 or len(x.shape) == 2:
        return tf.convert_to_tensor(values)
    return tf.reshape(values, (-1, *(1,) * (len(x.shape) - 2)))


def scale_and_shift(x, weight=None, bias=None, data_format=None):
    """Multiplies each channel with its weight and adds its bias, where there are any."""
    if weight is not None:
        x = x * per_channel(weight, x, data_format)
    return x if bias is None else x + per_channel(bias, x, data_format)


def group_norm(input, num_groups, weight=None, bias=None, eps=1e-5, data_format=None):
    """torch.nn.functional.group_norm."""
    rank = len(input.shape)
    sizes = shape(input)
    channel = channel_axis(data_format) % rank if rank > 2 else 1
    grouped = [*sizes[:channel], num_groups, sizes[channel] // num_groups, *sizes[channel + 1 :]]
    axes = [axis for axis in range(1, rank + 1) if axis != channel]
    y = tf.reshape(center_and_scale(tf.reshape(input, grouped), axes, eps), sizes)
    return scale_and_shift(y, weight, bias, data_format)


def instance_norm(
    input,
    running_mean=None,
    running_var=None,
    weight=None,
    bias=None,
    use_input_stats=True,
    momentum=0.1,
    eps=1e-5,
    data_format=None,
):
    """torch.nn.functional.instance_norm: statistics of each image and channel, or the running ones."""
    if not use_input_stats:
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps, data_format)
    axes = spatial_axes(len(input.shape), data_format)
    mean, variance = tf.nn.moments(input, axes, keepdims=True)
    if hasattr(running_mean, "assign"):
        count = product(shape(input)[axis] for axis in axes)
        unbiased = variance * (tf.cast(count, variance.dtype) / tf.cast(count - 1, variance.dtype))
        batch = [tf.reshape(tf.reduce_mean(value, 0), (-1,)) for value in (mean, unbiased)]
        running_mean.assign(running_mean * (1 - momentum) + batch[0] * momentum)
        running_var.assign(running_var * (1 - momentum) + batch[1] * momentum)
    return scale_and_shift((input - mean) * tf.math.rsqrt(variance + eps), weight, bias, data_format)


def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5):
    """torch.nn.functional.layer_norm over the last len(normalized_shape) axes."""
    count = len(normalized_shape) if hasattr(normalized_shape, "__len__") else 1
    y = center_and_scale(input, list(range(-count, 0)), eps)
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


def rms_norm(input, normalized_shape, weight=None, eps=None):
    """torch.nn.functional.rms_norm over the last len(normalized_shape) axes."""
    count = len(normalized_shape) if hasattr(normalized_shape, "__len__") else 1
    eps = np.finfo(input.dtype.as_numpy_dtype).eps if eps is None else eps
    square = tf.reduce_mean(tf.square(input), list(range(-count, 0)), keepdims=True)
    y = input * tf.math.rsqrt(square + eps)
    return y if weight is None else y * weight


def local_response_norm(input, size, alpha=1e-4, beta=0.75, k=1.0, data_format=None):
    """torch.nn.functional.local_response_norm: divides by the mean square of `size` channels around."""
    channel = channel_axis(data_format) % len(input.shape)
    pads = [(0, 0)] * len(input.shape)
    pads[channel] = (size // 2, (size - 1) // 2)
    square = tf.pad(tf.square(input), pads)
    count = input.shape[channel]
    total = sum(
        tf.gather(square, tf.range(i, i + count), axis=channel) for i in range(size)
    )  # a window along the channels
    return input / tf.pow(total * (alpha / size) + k, beta)


class Normalization(TorchLayer):
    """Torch's names for what Keras calls epsilon, gamma and beta."""

    @property
    def eps(self):
        return self.epsilon

    @eps.setter
    def eps(self, value):
        self.epsilon = value

    @property
    def weight(self):
        return self.gamma

    @weight.setter
    def weight(self, value):
        put_variable(self, "gamma", value)

    @property
    def bias(self):
        return self.beta

    @bias.setter
    def bias(self, value):
        put_variable(self, "beta", value)

    def reset_parameters(self):
        """Makes the scale one and the shift zero."""
        draw_anew(self.gamma, tf.keras.initializers.Ones())
        draw_anew(self.beta, tf.keras.initializers.Zeros())


class BatchNorm(Normalization, tf.keras.layers.BatchNormalization):
    """What BatchNorm1d, 2d and 3d share; trains as torch does, with the unbiased variance as running statistic."""

    torch_names = {"running_mean": "moving_mean", "running_var": "moving_variance"}

    def __init__(
        self,
        num_features,
        eps=1e-5,
        momentum=0.1,
        affine=True,
        track_running_stats=True,
        device=None,
        dtype=None,
        data_format=None,
        bias=True,
    ):
        super().__init__(
            axis=channel_axis(data_format), epsilon=eps, momentum=0.9, center=affine and bias, scale=affine
        )
        self.num_features, self.momentum, self.affine = None, momentum, affine
        self.track_running_stats, self.data_format = track_running_stats, data_format or DATA_FORMAT
        if num_features is not None:
            self.make(num_features)
        self.num_batches_tracked = Buffer(tf.constant(0, tf.int64)) if track_running_stats else None

    def make(self, num_features):
        """Makes the weights and statistics."""
        self.num_features = num_features
        self.build((None, num_features, num_features))
        self.input_spec = None
        if not self.scale:
            self.gamma = None
        if not self.center:
            self.beta = None
        if not self.track_running_stats:
            self.moving_mean = self.moving_variance = None

    @property
    def running_mean(self):
        return self.moving_mean

    @running_mean.setter
    def running_mean(self, value):
        put_variable(self, "moving_mean", value)

    @property
    def running_var(self):
        return self.moving_variance

    @running_var.setter
    def running_var(self, value):
        put_variable(self, "moving_variance", value)

    def reset_running_stats(self):
        """Forgets what was seen in training."""
        draw_anew(self.moving_mean, tf.keras.initializers.Zeros())
        draw_anew(self.moving_variance, tf.keras.initializers.Ones())
        draw_anew(self.num_batches_tracked, tf.keras.initializers.Zeros())

    def reset_parameters(self):
        """Forgets what was learnt."""
        self.reset_running_stats()
        super().reset_parameters()

    def call(self, input, training=None):
        momentum = self.momentum
        if training and self.num_batches_tracked is not None:
            self.num_batches_tracked.assign_add(1)
            if momentum is None:  # the mean of all batches so far
                momentum = 1.0 / tf.cast(self.num_batches_tracked, self.variable_dtype)
        return batch_norm(
            input,
            self.moving_mean,
            self.moving_variance,
            self.gamma,
            self.beta,
            training,
            momentum,
            self.epsilon,
            self.data_format,
        )


class BatchNorm1d(BatchNorm):
    """torch.nn.BatchNorm1d."""


class BatchNorm2d(BatchNorm):
    """torch.nn.BatchNorm2d."""


class BatchNorm3d(BatchNorm):
    """torch.nn.BatchNorm3d."""


class SyncBatchNorm(BatchNorm):
    """torch.nn.SyncBatchNorm on one replica."""

    def __init__(
        self,
        num_features,
        eps=1e-5,
        momentum=0.1,
        affine=True,
        track_running_stats=True,
        process_group=None,
        device=None,
        dtype=None,
        data_format=None,
        bias=True,
    ):
        super().__init__(
            num_features, eps, momentum, affine, track_running_stats, data_format=data_format, bias=bias
        )


class InstanceNorm(BatchNorm):
    """What InstanceNorm1d, 2d and 3d share."""

    def __init__(
        self,
        num_features,
        eps=1e-5,
        momentum=0.1,
        affine=False,
        track_running_stats=False,
        device=None,
        dtype=None,
        data_format=None,
        bias=True,
    ):
        super().__init__(
            num_features, eps, momentum, affine, track_running_stats, data_format=data_format, bias=bias
        )

    def call(self, input, training=None):
        return one_or_many(
            lambda x: instance_norm(
                x,
                self.moving_mean,
                self.moving_variance,
                self.gamma,
                self.beta,
                bool(training) or not self.track_running_stats,
                self.momentum,
                self.epsilon,
                self.data_format,
            ),
            input,
            self.spatial,
        )


class InstanceNorm1d(InstanceNorm):
    """torch.nn.InstanceNorm1d."""

    spatial = 1


class InstanceNorm2d(InstanceNorm):
    """torch.nn.InstanceNorm2d."""

    spatial = 2


class InstanceNorm3d(InstanceNorm):
    """torch.nn.InstanceNorm3d."""

    spatial = 3


class GroupNorm(Normalization, tf.keras.layers.GroupNormalization):
    """torch.nn.GroupNorm."""

    def __init__(
        self,
        num_groups,
        num_channels,
        eps=1e-5,
        affine=True,
        device=None,
        dtype=None,
        data_format=None,
        bias=True,
    ):
        super().__init__(
            num_groups, axis=channel_axis(data_format), epsilon=eps, center=affine and bias, scale=affine
        )
        self.num_groups, self.num_channels, self.affine = num_groups, num_channels, affine
        self.data_format = data_format or DATA_FORMAT
        self.build((None, num_channels, num_channels))
        self.input_spec = None
        if not affine:
            self.gamma = None
        if not (affine and bias):
            self.beta = None

    def call(self, input):
        return group_norm(input, self.num_groups, self.gamma, self.beta, self.epsilon, self.data_format)


class LayerNorm(Normalization, tf.keras.layers.LayerNormalization):
    """torch.nn.LayerNorm over the last axes."""

    def __init__(
        self, normalized_shape, eps=1e-5, elementwise_affine=True, bias=True, device=None, dtype=None
    ):
        sizes = tuple(normalized_shape) if hasattr(normalized_shape, "__len__") else (normalized_shape,)
        super().__init__(
            axis=list(range(-len(sizes), 0)),
            epsilon=eps,
            center=elementwise_affine and bias,
            scale=elementwise_affine,
        )
        self.normalized_shape, self.elementwise_affine = sizes, elementwise_affine
        self.build((None, *sizes))
        if not self.scale:
            self.gamma = None
        if not self.center:
            self.beta = None

    def call(self, input):
        return layer_norm(input, self.normalized_shape, self.gamma, self.beta, self.epsilon)


class RMSNorm(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.RMSNorm over the last axes."""

    def __init__(self, normalized_shape, eps=None, elementwise_affine=True, device=None, dtype=None):
        super().__init__()
        sizes = tuple(normalized_shape) if hasattr(normalized_shape, "__len__") else (normalized_shape,)
        self.normalized_shape, self.eps, self.elementwise_affine = sizes, eps, elementwise_affine
        self.weight = None
        if elementwise_affine:
            self.weight = self.add_weight(name="weight", shape=sizes, initializer="ones")
        self.built = True

    def call(self, input):
        return rms_norm(input, self.normalized_shape, self.weight, self.eps)


class LocalResponseNorm(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.LocalResponseNorm."""

    def __init__(self, size, alpha=1e-4, beta=0.75, k=1.0, data_format=None):
        super().__init__()
        self.size, self.alpha, self.beta, self.k, self.data_format = size, alpha, beta, k, data_format

    def call(self, input):
        return local_response_norm(input, self.size, self.alpha, self.beta, self.k, self.data_format)
