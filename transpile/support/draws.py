"""Random tensors like others."""

import tensorflow as tf


def truncated_normal_like(input, mean=0.0, std=1.0, a=-2.0, b=2.0):
    """torch.nn.init.trunc_normal_: normal around the mean, within the bounds a and b themselves (not in deviations)."""
    seed = tf.random.uniform([2], maxval=2**31 - 1, dtype=tf.int32)
    drawn = tf.random.stateless_parameterized_truncated_normal(
        tf.shape(input), seed, float(mean), float(std), float(a), float(b)
    )
    return tf.cast(drawn, input.dtype)


def bernoulli_like(input, p):
    """torch.Tensor.bernoulli_: ones with the probability p, which may be a tensor, and zeros."""
    return tf.cast(tf.random.uniform(tf.shape(input)) < tf.cast(p, tf.float32), input.dtype)
