"""Activation and dropout layers with torch's arguments."""

import tensorflow as tf

from transpile.support.activation import (
    alpha_dropout,
    celu,
    dropout,
    elu,
    feature_dropout,
    gelu,
    glu,
    hardshrink,
    hardsigmoid,
    hardswish,
    hardtanh,
    leaky_relu,
    log_softmax,
    logsigmoid,
    mish,
    prelu,
    relu,
    relu6,
    rrelu,
    selu,
    silu,
    softmax,
    softplus,
    softshrink,
    softsign,
    tanhshrink,
    threshold,
)
from transpile.support.data_format import channel_axis
from transpile.support.module import TorchLayer


class ReLU(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.ReLU."""

    def __init__(self, inplace=False):
        super().__init__()

    def call(self, input):
        return relu(input)


class ReLU6(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.ReLU6."""

    def __init__(self, inplace=False):
        super().__init__()

    def call(self, input):
        return relu6(input)


class SiLU(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.SiLU."""

    def __init__(self, inplace=False):
        super().__init__()

    def call(self, input):
        return silu(input)


class Mish(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.Mish."""

    def __init__(self, inplace=False):
        super().__init__()

    def call(self, input):
        return mish(input)


class GELU(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.GELU."""

    def __init__(self, approximate="none"):
        super().__init__()
        self.approximate = approximate

    def call(self, input):
        return gelu(input, self.approximate)


class Sigmoid(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.Sigmoid."""

    def __init__(self):
        super().__init__()

    def call(self, input):
        return tf.sigmoid(input)


class Tanh(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.Tanh."""

    def __init__(self):
        super().__init__()

    def call(self, input):
        return tf.tanh(input)


class Hardswish(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.Hardswish."""

    def __init__(self, inplace=False):
        super().__init__()

    def call(self, input):
        return hardswish(input)


class Hardsigmoid(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.Hardsigmoid."""

    def __init__(self, inplace=False):
        super().__init__()

    def call(self, input):
        return hardsigmoid(input)


class Hardtanh(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.Hardtanh; min_value and max_value are the bounds' old names."""

    def __init__(self, min_val=-1.0, max_val=1.0, inplace=False, min_value=None, max_value=None):
        super().__init__()
        self.min_val = min_val if min_value is None else min_value
        self.max_val = max_val if max_value is None else max_value

    def call(self, input):
        return hardtanh(input, self.min_val, self.max_val)


class LeakyReLU(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.LeakyReLU."""

    def __init__(self, negative_slope=0.01, inplace=False):
        super().__init__()
        self.negative_slope = negative_slope

    def call(self, input):
        return leaky_relu(input, self.negative_slope)


class ELU(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.ELU."""

    def __init__(self, alpha=1.0, inplace=False):
        super().__init__()
        self.alpha = alpha

    def call(self, input):
        return elu(input, self.alpha)


class CELU(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.CELU."""

    def __init__(self, alpha=1.0, inplace=False):
        super().__init__()
        self.alpha = alpha

    def call(self, input):
        return celu(input, self.alpha)


class SELU(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.SELU."""

    def __init__(self, inplace=False):
        super().__init__()

    def call(self, input):
        return selu(input)


class Softplus(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.Softplus."""

    def __init__(self, beta=1.0, threshold=20.0):
        super().__init__()
        self.beta, self.threshold = beta, threshold

    def call(self, input):
        return softplus(input, self.beta, self.threshold)


class Softsign(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.Softsign."""

    def __init__(self):
        super().__init__()

    def call(self, input):
        return softsign(input)


class Tanhshrink(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.Tanhshrink."""

    def __init__(self):
        super().__init__()

    def call(self, input):
        return tanhshrink(input)


class LogSigmoid(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.LogSigmoid."""

    def __init__(self):
        super().__init__()

    def call(self, input):
        return logsigmoid(input)


class Softshrink(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.Softshrink."""

    def __init__(self, lambd=0.5):
        super().__init__()
        self.lambd = lambd

    def call(self, input):
        return softshrink(input, self.lambd)


class Hardshrink(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.Hardshrink."""

    def __init__(self, lambd=0.5):
        super().__init__()
        self.lambd = lambd

    def call(self, input):
        return hardshrink(input, self.lambd)


class Threshold(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.Threshold."""

    def __init__(self, threshold, value, inplace=False):
        super().__init__()
        self.threshold, self.value = threshold, value

    def call(self, input):
        return threshold(input, self.threshold, self.value)


class RReLU(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.RReLU."""

    def __init__(self, lower=1.0 / 8, upper=1.0 / 3, inplace=False):
        super().__init__()
        self.lower, self.upper = lower, upper

    def call(self, input, training=None):
        return rrelu(input, self.lower, self.upper, training)


class Dropout(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.Dropout."""

    def __init__(self, p=0.5, inplace=False):
        super().__init__()
        self.p = p

    def call(self, input, training=None):
        return dropout(input, self.p, training)


class AlphaDropout(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.AlphaDropout."""

    def __init__(self, p=0.5, inplace=False):
        super().__init__()
        self.p = p

    def call(self, input, training=None):
        return alpha_dropout(input, self.p, training)


class PReLU(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.PReLU: one slope, or one per channel."""

    def __init__(self, num_parameters=1, init=0.25, device=None, dtype=None, data_format=None):
        super().__init__()
        self.num_parameters, self.init, self.data_format = num_parameters, init, data_format
        initializer = tf.keras.initializers.Constant(init)
        self.weight = self.add_weight(name="weight", shape=(num_parameters,), initializer=initializer)
        self.built = True

    def call(self, input):
        return prelu(input, self.weight, self.data_format)


class Softmax(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.Softmax; `dim` counts in torch's order."""

    def __init__(self, dim=None, data_format="plain"):
        super().__init__()
        self.dim, self.data_format = dim, data_format

    def call(self, input):
        return softmax(input, self.dim, data_format=self.data_format)


class LogSoftmax(Softmax):
    """torch.nn.LogSoftmax; `dim` counts in torch's order."""

    def call(self, input):
        return log_softmax(input, self.dim, data_format=self.data_format)


class Softmin(Softmax):
    """torch.nn.Softmin; `dim` counts in torch's order."""

    def call(self, input):
        return softmax(-input, self.dim, data_format=self.data_format)


class Softmax2d(Softmax):
    """torch.nn.Softmax2d: over the channels of an image."""

    def __init__(self, data_format=None):
        super().__init__(-3, data_format)

    def call(self, input):  # of a batch or of one image
        return tf.nn.softmax(input, -1 if channel_axis(self.data_format) == -1 else -3)


class GLU(TorchLayer, tf.keras.layers.Layer):
    """torch.nn.GLU; `dim` counts in torch's order."""

    def __init__(self, dim=-1, data_format="plain"):
        super().__init__()
        self.dim, self.data_format = dim, data_format

    def call(self, input):
        return glu(input, self.dim, self.data_format)


class FeatureDropout(TorchLayer, tf.keras.layers.Layer):
    """What Dropout1d, 2d and 3d share: whole channels are dropped."""

    def __init__(self, p=0.5, inplace=False, data_format=None):
        super().__init__()
        self.p, self.data_format = p, data_format

    def call(self, input, training=None):
        return feature_dropout(input, self.p, training, data_format=self.data_format)


class Dropout1d(FeatureDropout):
    """torch.nn.Dropout1d."""


class Dropout2d(FeatureDropout):
    """torch.nn.Dropout2d."""


class Dropout3d(FeatureDropout):
    """torch.nn.Dropout3d."""
