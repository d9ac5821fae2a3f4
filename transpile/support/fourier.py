"""Fourier transforms with torch's axes, sizes and norms; short-time transforms with its frames."""

import tensorflow as tf

from transpile.support.numeric import as_float
from transpile.support.padding import pad_axes
from transpile.support.shape import shape


def as_complex(x):
    """Numbers as complex ones of their precision."""
    x = as_float(x)
    return x if x.dtype.is_complex else tf.cast(x, tf.complex128 if x.dtype == tf.float64 else tf.complex64)


def resized(x, n, axis):
    """An axis cut, or filled with zeros, to n elements."""
    if n is None:
        return x
    axis = axis % len(x.shape)
    missing = tf.maximum(n - shape(x)[axis], 0)
    return tf.pad(
        x[(slice(None),) * axis + (slice(0, n),)], [[0, missing * (i == axis)] for i in range(len(x.shape))]
    )


def along(function, x, axis):
    """A function of the last axis on another one."""
    last = axis % len(x.shape) == len(x.shape) - 1
    moveaxis = tf.experimental.numpy.moveaxis
    return function(x) if last else moveaxis(function(moveaxis(x, axis, -1)), -1, axis)


def fft_scaled(x, n, norm, inverse):
    """TensorFlow divides inverse transforms by n, and nothing else: the factor to torch's norm."""
    power = {"ortho": 0.5, "forward": 1.0}.get(norm, 0.0)
    factor = tf.cast(tf.cast(n, tf.float64) ** (power if inverse else -power), x.dtype)
    return x if power == 0 else x * factor


def fft(input, n=None, dim=-1, norm=None):
    """torch.fft.fft."""
    x = resized(as_complex(input), n, dim)
    return fft_scaled(along(tf.signal.fft, x, dim), shape(x)[dim], norm, False)


def ifft(input, n=None, dim=-1, norm=None):
    """torch.fft.ifft."""
    x = resized(as_complex(input), n, dim)
    return fft_scaled(along(tf.signal.ifft, x, dim), shape(x)[dim], norm, True)


def rfft(input, n=None, dim=-1, norm=None):
    """torch.fft.rfft: the half of the spectrum of real numbers that is not redundant."""
    x = resized(as_float(input), n, dim)
    return fft_scaled(along(tf.signal.rfft, x, dim), shape(x)[dim], norm, False)


def irfft(input, n=None, dim=-1, norm=None):
    """torch.fft.irfft: n real numbers, an even count unless it is given."""
    x = as_complex(input)
    n = 2 * (shape(x)[dim] - 1) if n is None else n
    x = resized(x, n // 2 + 1, dim)
    return fft_scaled(along(lambda y: tf.signal.irfft(y, [n]), x, dim), n, norm, True)


def mirrored_norm(norm):
    """The norm of the opposite transform."""
    return {"ortho": "ortho", "forward": "backward"}.get(norm, "forward")


def hfft(input, n=None, dim=-1, norm=None):
    """torch.fft.hfft: the real spectrum of a signal that is its own conjugate reversed."""
    return irfft(tf.math.conj(as_complex(input)), n, dim, mirrored_norm(norm))


def ihfft(input, n=None, dim=-1, norm=None):
    """torch.fft.ihfft."""
    return tf.math.conj(rfft(input, n, dim, mirrored_norm(norm)))


def transformed_axes(x, s, dim):
    """(axis, size) of every axis that a transform of several takes; a size of None or -1 stays."""
    if dim is None:
        dim = range(len(x.shape)) if s is None else range(-len(s), 0)
    dim = [dim] if isinstance(dim, int) else list(dim)
    sizes = [None] * len(dim) if s is None else [None if n == -1 else n for n in s]
    return list(zip(dim, sizes, strict=True))


def fftn(input, s=None, dim=None, norm=None):
    """torch.fft.fftn."""
    for axis, n in transformed_axes(input, s, dim):
        input = fft(input, n, axis, norm)
    return as_complex(input)


def ifftn(input, s=None, dim=None, norm=None):
    """torch.fft.ifftn."""
    for axis, n in transformed_axes(input, s, dim):
        input = ifft(input, n, axis, norm)
    return as_complex(input)


def rfftn(input, s=None, dim=None, norm=None):
    """torch.fft.rfftn: real along the last of its axes."""
    *others, (last, n) = transformed_axes(input, s, dim)
    input = rfft(input, n, last, norm)
    for axis, n in others:
        input = fft(input, n, axis, norm)
    return input


def irfftn(input, s=None, dim=None, norm=None):
    """torch.fft.irfftn: real along the last of its axes."""
    *others, (last, length) = transformed_axes(input, s, dim)
    for axis, n in others:
        input = ifft(input, n, axis, norm)
    return irfft(input, length, last, norm)


def hfftn(input, s=None, dim=None, norm=None):
    """torch.fft.hfftn."""
    *others, (last, length) = transformed_axes(input, s, dim)
    for axis, n in others:
        input = fft(input, n, axis, norm)
    return hfft(input, length, last, norm)


def ihfftn(input, s=None, dim=None, norm=None):
    """torch.fft.ihfftn."""
    *others, (last, n) = transformed_axes(input, s, dim)
    input = ihfft(input, n, last, norm)
    for axis, n in others:
        input = ifft(input, n, axis, norm)
    return input


def centred_window(window, win_length, n_fft, dtype):
    """A window (ones, if none is given) with zeros on both sides up to n_fft."""
    window = tf.ones([win_length], dtype) if window is None else tf.cast(window, dtype)
    left = (n_fft - win_length) // 2
    return tf.pad(window, [[left, n_fft - win_length - left]])


def stft(
    input, n_fft, hop_length=None, win_length=None, window=None, center=True, pad_mode="reflect",
    normalized=False, onesided=None, return_complex=True,
):  # fmt: skip
    """torch.stft: (…, frequencies, frames)."""
    x = input if len(input.shape) == 2 else input[None]
    if center:
        x = pad_axes(x, {1: (n_fft // 2, n_fft // 2)}, pad_mode)
    frames = tf.signal.frame(x, n_fft, n_fft // 4 if hop_length is None else hop_length)
    window = centred_window(window, n_fft if win_length is None else win_length, n_fft, x.dtype)
    half = not x.dtype.is_complex if onesided is None else onesided
    y = rfft(frames * window) if half else fft(frames * window)
    y = tf.linalg.matrix_transpose(fft_scaled(y, n_fft, "ortho" if normalized else None, False))
    y = y if len(input.shape) == 2 else y[0]
    return y if return_complex else tf.stack([tf.math.real(y), tf.math.imag(y)], -1)


def istft(
    input, n_fft, hop_length=None, win_length=None, window=None, center=True, normalized=False, length=None,
    return_complex=False,
):  # fmt: skip
    """torch.istft: the signal whose frames, weighted by the window, come nearest to these spectra."""
    x = input if len(input.shape) == 3 else input[None]
    hop = n_fft // 4 if hop_length is None else hop_length
    x = fft_scaled(tf.linalg.matrix_transpose(x), n_fft, "ortho" if normalized else None, True)
    # the other half of a whole spectrum says nothing new of real numbers
    frames = ifft(x, n_fft) if return_complex else irfft(x[..., : n_fft // 2 + 1], n_fft)
    window = centred_window(window, n_fft if win_length is None else win_length, n_fft, frames.dtype)
    y = tf.signal.overlap_and_add(frames * window, hop)
    weight = tf.signal.overlap_and_add(tf.broadcast_to(tf.square(window), tf.shape(frames)[-2:]), hop)
    start = n_fft // 2 if center else 0
    end = shape(y)[-1] - start if length is None else start + length
    y, weight = y[..., start:end], weight[start:end]
    y = y / weight
    if length is not None:
        y = resized(y, length, -1)
    return y if len(input.shape) == 3 else y[0]
