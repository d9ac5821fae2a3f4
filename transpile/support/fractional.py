"""Fractional max pooling: windows of one size whose places a random number per channel and axis decides."""

import tensorflow as tf

from transpile.support.data_format import image, ntuple, one_or_many, plain
from transpile.support.module import TorchLayer
from transpile.support.shape import shape


def fractional_starts(sample, size, output, kernel):
    """Where the windows begin along one axis: torch's sequence, for one random number in [0, 1) per channel."""
    last = tf.cast(size - kernel, sample.dtype)
    alpha = last / tf.cast(tf.maximum(output - 1, 1), sample.dtype)
    steps = tf.cast(tf.range(output), sample.dtype)
    sample = sample[..., None]
    starts = tf.cast((steps + sample) * alpha, tf.int32) - tf.cast(sample * alpha, tf.int32)
    return tf.where(tf.range(output) == output - 1, size - kernel, starts)


def fractional_max_pool(x, kernel_size, output_size, output_ratio, random_samples, data_format=None):
    """Pooled images and the flat indices of their maxima, of rank 2 or 3 by the number of spatial axes."""
    x = plain(x, data_format)
    n = len(x.shape) - 2
    sizes, kernel = shape(x), ntuple(kernel_size, n)
    if output_size is None:
        ratios = ntuple(output_ratio, n)
        output_size = [int(size * ratio) for size, ratio in zip(sizes[2:], ratios, strict=True)]
    output_size = ntuple(output_size, n)
    if random_samples is None:
        random_samples = tf.random.uniform((sizes[0], sizes[1], n), dtype=x.dtype)
    random_samples = random_samples[: sizes[0]]
    windows, places, flat = x, [], 0
    for i, k in enumerate(kernel):
        sample = random_samples[..., n - 1 - i if n == 2 else i]  # of two axes torch takes the last one first
        starts = fractional_starts(sample, sizes[i + 2], output_size[i], k)
        along = starts[..., None] + tf.range(k)
        windows = tf.gather(windows, tf.reshape(along, (*shape(along)[:2], -1)), axis=i + 2, batch_dims=2)
        places.append(along)
    split = [size for pair in zip(output_size, kernel, strict=True) for size in pair]
    windows = tf.reshape(windows, (sizes[0], sizes[1], *split))
    order = (0, 1, *range(2, 2 + 2 * n, 2), *range(3, 3 + 2 * n, 2))
    windows = tf.reshape(tf.transpose(windows, order), (sizes[0], sizes[1], *output_size, -1))
    for i, along in enumerate(places):
        before, after = (1,) * i, (1,) * (n - 1 - i)
        spread = (*shape(along)[:2], *before, output_size[i], *after, *before, kernel[i], *after)
        flat = flat * sizes[i + 2] + tf.reshape(along, spread)
    flat = tf.broadcast_to(flat, (sizes[0], sizes[1], *output_size, *kernel))
    flat = tf.reshape(flat, shape(windows))
    best = tf.argmax(windows, -1)
    indices = tf.cast(tf.gather(flat, best, batch_dims=n + 2), tf.int64)
    return image(tf.reduce_max(windows, -1), data_format), image(indices, data_format)


def fractional_max_pool2d(
    input, kernel_size, output_size=None, output_ratio=None, return_indices=False, _random_samples=None,
    data_format=None,
):  # fmt: skip
    """torch.nn.functional.fractional_max_pool2d."""
    arguments = (kernel_size, output_size, output_ratio, _random_samples, data_format)
    found = one_or_many(lambda x: fractional_max_pool(x, *arguments), input, 2)
    return found if return_indices else found[0]


def fractional_max_pool3d(
    input, kernel_size, output_size=None, output_ratio=None, return_indices=False, _random_samples=None,
    data_format=None,
):  # fmt: skip
    """torch.nn.functional.fractional_max_pool3d."""
    arguments = (kernel_size, output_size, output_ratio, _random_samples, data_format)
    found = one_or_many(lambda x: fractional_max_pool(x, *arguments), input, 3)
    return found if return_indices else found[0]


class FractionalMaxPool(TorchLayer, tf.keras.layers.Layer):
    """What FractionalMaxPool2d and 3d share."""

    def __init__(
        self, kernel_size, output_size=None, output_ratio=None, return_indices=False, _random_samples=None,
        data_format=None,
    ):  # fmt: skip
        super().__init__()
        self.kernel_size, self.output_size, self.output_ratio = kernel_size, output_size, output_ratio
        self.return_indices, self.random_samples = return_indices, _random_samples
        self.data_format = data_format

    def call(self, input):
        pool = fractional_max_pool2d if self.spatial == 2 else fractional_max_pool3d
        return pool(
            input, self.kernel_size, self.output_size, self.output_ratio, self.return_indices,
            self.random_samples, self.data_format,
        )  # fmt: skip


class FractionalMaxPool2d(FractionalMaxPool):
    """torch.nn.FractionalMaxPool2d."""

    spatial = 2


class FractionalMaxPool3d(FractionalMaxPool):
    """torch.nn.FractionalMaxPool3d."""

    spatial = 3
