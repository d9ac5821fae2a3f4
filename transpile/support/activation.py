"""Activation functions by torch's formulas, on tensors of any layout."""

import math

import tensorflow as tf

from transpile.support.data_format import logical_axis
from transpile.support.scalars import takes_scalars


def relu(input, inplace=False):
    """torch.nn.functional.relu."""
    return tf.nn.relu(input)


def relu6(input, inplace=False):
    """torch.nn.functional.relu6."""
    return tf.nn.relu6(input)


def silu(input, inplace=False):
    """torch.nn.functional.silu."""
    return input * tf.sigmoid(input)


def mish(input, inplace=False):
    """torch.nn.functional.mish."""
    return input * tf.tanh(tf.math.softplus(input))


def hardswish(input, inplace=False):
    """torch.nn.functional.hardswish."""
    return input * tf.nn.relu6(input + 3.0) * (1.0 / 6.0)


def hardsigmoid(input, inplace=False):
    """torch.nn.functional.hardsigmoid."""
    return tf.nn.relu6(input + 3.0) * (1.0 / 6.0)


def hardtanh(input, min_val=-1.0, max_val=1.0, inplace=False):
    """torch.nn.functional.hardtanh."""
    return tf.clip_by_value(input, tf.cast(min_val, input.dtype), tf.cast(max_val, input.dtype))


def leaky_relu(input, negative_slope=0.01, inplace=False):
    """torch.nn.functional.leaky_relu."""
    return tf.where(input >= 0, input, input * negative_slope)


def elu(input, alpha=1.0, inplace=False):
    """torch.nn.functional.elu."""
    return tf.where(input > 0, input, alpha * tf.math.expm1(tf.minimum(input, 0.0)))


def celu(input, alpha=1.0, inplace=False):
    """torch.nn.functional.celu."""
    return tf.where(input > 0, input, alpha * tf.math.expm1(tf.minimum(input, 0.0) / alpha))


def softplus(input, beta=1.0, threshold=20.0):
    """torch.nn.functional.softplus."""
    return tf.where(
        input * beta > threshold, input, tf.math.softplus(tf.minimum(input * beta, threshold)) / beta
    )


def softshrink(input, lambd=0.5):
    """torch.nn.functional.softshrink."""
    return tf.where(
        input > lambd, input - lambd, tf.where(input < -lambd, input + lambd, tf.zeros_like(input))
    )


def hardshrink(input, lambd=0.5):
    """torch.nn.functional.hardshrink."""
    return tf.where(tf.abs(input) > lambd, input, tf.zeros_like(input))


def softsign(input):
    """torch.nn.functional.softsign."""
    return input / (1.0 + tf.abs(input))


def tanhshrink(input):
    """torch.nn.functional.tanhshrink."""
    return input - tf.tanh(input)


def threshold(input, threshold, value, inplace=False):
    """torch.nn.functional.threshold."""
    return tf.where(input > threshold, input, tf.cast(value, input.dtype))


def logsigmoid(input):
    """torch.nn.functional.logsigmoid."""
    return -tf.math.softplus(-input)


def selu(input, inplace=False):
    """torch.nn.functional.selu."""
    return 1.0507009873554805 * elu(input, 1.6732632423543772)


def gelu(input, approximate="none"):
    """torch.nn.functional.gelu: x Φ(x), or its tanh approximation."""
    if approximate == "tanh":
        inner = math.sqrt(2.0 / math.pi) * (input + 0.044715 * input * input * input)
        return 0.5 * input * (1.0 + tf.tanh(inner))
    return 0.5 * input * (1.0 + tf.math.erf(input * math.sqrt(0.5)))


def prelu(input, weight, data_format=None):
    """torch.nn.functional.prelu: one slope, or one per channel."""
    slope = tf.convert_to_tensor(weight)
    axis = logical_axis(1, len(input.shape), data_format) if len(input.shape) > 1 else 0
    shape = [-1 if i == axis else 1 for i in range(len(input.shape))]
    slope = tf.reshape(slope, shape if slope.shape.num_elements() > 1 else [])
    return tf.where(input >= 0, input, input * slope)


def rrelu(input, lower=1.0 / 8, upper=1.0 / 3, training=False, inplace=False):
    """torch.nn.functional.rrelu: a random slope in training, the mean one otherwise."""
    slope = tf.random.uniform(tf.shape(input), lower, upper, input.dtype) if training else (lower + upper) / 2
    return tf.where(input >= 0, input, input * slope)


def default_dim(rank):
    """The dimension that torch takes for a softmax without `dim`."""
    return 0 if rank in (0, 1, 3) else 1


@takes_scalars
def softmax(input, dim=None, dtype=None, data_format="plain"):
    """torch.nn.functional.softmax; `dim` counts in torch's order."""
    rank = len(input.shape)
    input = input if dtype is None else tf.cast(input, dtype)
    return tf.nn.softmax(input, logical_axis(default_dim(rank) if dim is None else dim, rank, data_format))


@takes_scalars
def log_softmax(input, dim=None, dtype=None, data_format="plain"):
    """torch.nn.functional.log_softmax; `dim` counts in torch's order."""
    rank = len(input.shape)
    input = input if dtype is None else tf.cast(input, dtype)
    return tf.nn.log_softmax(
        input, logical_axis(default_dim(rank) if dim is None else dim, rank, data_format)
    )


def softmin(input, dim=None, dtype=None, data_format="plain"):
    """torch.nn.functional.softmin; `dim` counts in torch's order."""
    return softmax(-input, dim, dtype, data_format)


def glu(input, dim=-1, data_format="plain"):
    """torch.nn.functional.glu: the first half times the sigmoid of the second; `dim` counts in torch's order."""
    value, gate = tf.split(input, 2, logical_axis(dim, len(input.shape), data_format))
    return value * tf.sigmoid(gate)


def gumbel_softmax(logits, tau=1.0, hard=False, eps=1e-10, dim=-1):
    """torch.nn.functional.gumbel_softmax of a tensor in torch's order."""
    uniform = tf.random.uniform(tf.shape(logits), 1e-20, 1.0, logits.dtype)
    soft = tf.nn.softmax((logits - tf.math.log(-tf.math.log(uniform))) / tau, dim)
    if not hard:
        return soft
    top = tf.one_hot(tf.argmax(soft, dim), soft.shape[dim], axis=dim, dtype=soft.dtype)
    return tf.stop_gradient(top - soft) + soft


def dropout(input, p=0.5, training=True, inplace=False):
    """torch.nn.functional.dropout."""
    if not training or p == 0:
        return input
    return tf.nn.dropout(input, p) if p < 1 else tf.zeros_like(input)


def feature_dropout(input, p=0.5, training=True, inplace=False, data_format=None):
    """torch.nn.functional.dropout1d, 2d and 3d: whole channels are dropped."""
    if not training or p == 0:
        return input
    if p >= 1:
        return tf.zeros_like(input)
    sizes, channel = tf.shape(input), logical_axis(1, len(input.shape), data_format)
    noise = [sizes[i] if i in (0, channel) else 1 for i in range(len(input.shape))]
    return tf.nn.dropout(input, p, noise_shape=noise)


def alpha_dropout(input, p=0.5, training=False, inplace=False, noise_shape=None):
    """torch.nn.functional.alpha_dropout: keeps the mean and the variance of SELU's output."""
    if not training or p == 0:
        return input
    if p == 1:
        return tf.zeros_like(input)
    lowest = -1.7580993408473766
    scale = 1.0 / math.sqrt((1 - p) * (1 + p * lowest * lowest))
    keep = tf.random.uniform(tf.shape(input) if noise_shape is None else noise_shape) >= p
    return tf.where(keep, input, tf.cast(lowest, input.dtype)) * scale - scale * p * lowest


def feature_alpha_dropout(input, p=0.5, training=False, inplace=False, data_format=None):
    """torch.nn.functional.feature_alpha_dropout: alpha dropout of whole channels."""
    if not training or p == 0:
        return input
    sizes, channel = tf.shape(input), logical_axis(1, len(input.shape), data_format)
    noise = [sizes[i] if i in (0, channel) else 1 for i in range(len(input.shape))]
    return alpha_dropout(input, p, training, noise_shape=noise)
