"""First values of weights, as torch.nn.init draws them."""

import math

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


def truncated_normal_like(input, mean=0.0, std=1.0, a=-2.0, b=2.0):
    """torch.nn.init.trunc_normal_: normal around the mean, within the bounds a and b themselves (not in deviations)."""
    seed = tf.random.uniform([2], maxval=2**31 - 1, dtype=tf.int32)
    drawn = tf.random.stateless_parameterized_truncated_normal(
        tf.shape(input), seed, float(mean), float(std), float(a), float(b)
    )
    return tf.cast(drawn, input.dtype)
