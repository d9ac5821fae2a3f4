"""What torch's initializers know of nonlinearities, and those that TensorFlow does not have."""

import math

import numpy as np
import tensorflow as tf


def calculate_gain(nonlinearity, param=None):
    """torch.nn.init.calculate_gain."""
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        return math.sqrt(2.0 / (1.0 + slope**2))
    gains = {"relu": math.sqrt(2.0), "tanh": 5.0 / 3, "selu": 3.0 / 4}
    if nonlinearity in gains:
        return gains[nonlinearity]
    if nonlinearity in ("linear", "sigmoid") or nonlinearity.startswith("conv"):
        return 1
    raise ValueError(f"Unsupported nonlinearity {nonlinearity}")


def dirac(tensor, groups=1):
    """torch.nn.init.dirac_: the kernel (O, I, *space) with which a convolution hands its channels on."""
    out, channels, *space = (int(n) for n in tensor.shape)
    if out % groups:
        raise ValueError("dim 0 must be divisible by groups")
    kernel = np.zeros((out, channels, *space), tf.as_dtype(tensor.dtype).as_numpy_dtype)
    middle = tuple(n // 2 for n in space)
    for group in range(groups):
        for channel in range(min(out // groups, channels)):
            place = (group * (out // groups) + channel, channel, *middle)
            kernel[place] = 1
    return tf.constant(kernel)
