"""Windows of signals: symmetric ones, and periodic ones, which lack the last element."""

import math

import tensorflow as tf


def window_points(M, sym):
    """Positions 0 … n - 1 of a window, and the last one of its symmetric form."""
    return tf.range(M, dtype=tf.float64), max(M - 1 if sym else M, 1)


def general_cosine(M, a, sym=True, dtype=tf.float32):
    """torch.signal.windows.general_cosine: the sum of cosines with these weights, of alternating signs."""
    position, last = window_points(M, sym)
    terms = [(-1) ** k * weight * tf.cos(2 * math.pi * k / last * position) for k, weight in enumerate(a)]
    return tf.cast(tf.ones_like(position) if M == 1 else sum(terms), dtype)


def general_hamming(M, alpha=0.54, sym=True, dtype=tf.float32):
    """torch.signal.windows.general_hamming, with 0.5 hann, with 0.54 hamming."""
    return general_cosine(M, [alpha, 1.0 - alpha], sym, dtype)


def bartlett(M, sym=True, dtype=tf.float32):
    """torch.signal.windows.bartlett: a triangle."""
    position, last = window_points(M, sym)
    return tf.cast(tf.ones_like(position) if M == 1 else 1 - tf.abs(2 * position / last - 1), dtype)


def cosine(M, sym=True, dtype=tf.float32):
    """torch.signal.windows.cosine: half a wave."""
    position, last = window_points(M, sym)
    return tf.cast(tf.sin(math.pi / (last + 1 if M > 1 else 1) * (position + 0.5)), dtype)


def exponential(M, center=None, tau=1.0, sym=True, dtype=tf.float32):
    """torch.signal.windows.exponential."""
    position, last = window_points(M, sym)
    middle = (last if M > 1 else 0) / 2 if center is None else center
    return tf.cast(tf.exp(-tf.abs(position - middle) / tau), dtype)


def gaussian(M, std=1.0, sym=True, dtype=tf.float32):
    """torch.signal.windows.gaussian."""
    position, last = window_points(M, sym)
    middle = (last if M > 1 else 0) / 2
    return tf.cast(tf.exp(-0.5 * tf.square((position - middle) / std)), dtype)


def kaiser(M, beta=12.0, sym=True, dtype=tf.float32):
    """torch.signal.windows.kaiser."""
    position, last = window_points(M, sym)
    side = tf.sqrt(tf.maximum(1 - tf.square(2 * position / last - 1), 0.0))
    whole = tf.math.bessel_i0(tf.constant(beta, tf.float64))
    return tf.cast(tf.ones_like(position) if M == 1 else tf.math.bessel_i0(beta * side) / whole, dtype)
