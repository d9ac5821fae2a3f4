"""Where the channel axis of an image stands in a translated file."""

import functools

import tensorflow as tf

DATA_FORMAT = "channels_last"


def channel_axis(data_format=None):
    """The index of the channel axis: -1 in channels_last, 1 in channels_first."""
    return -1 if (data_format or DATA_FORMAT) == "channels_last" else 1


def spatial_axes(rank, data_format=None):
    """The axes of an image of this rank that are neither batch nor channel."""
    first = 1 if channel_axis(data_format) == -1 else 2
    return tuple(range(first, first + rank - 2))


def logical_axis(dim, rank, data_format=None):
    """The axis that holds torch's dimension `dim` of an image; ranks below 3 have torch's own order."""
    dim = dim % rank
    if channel_axis(data_format) == 1 or rank < 3 or data_format == "plain":
        return dim
    return 0 if dim == 0 else rank - 1 if dim == 1 else dim - 1


def plain(x, data_format=None):
    """An image with its axes in torch's order (N, C, *spatial)."""
    if channel_axis(data_format) == 1 or len(x.shape) < 3:
        return x
    rank = len(x.shape)
    return tf.transpose(x, (0, rank - 1, *range(1, rank - 1)))


def image(x, data_format=None):
    """A tensor in torch's order (N, C, *spatial) with its axes as the data format wants them."""
    if channel_axis(data_format) == 1 or len(x.shape) < 3:
        return x
    rank = len(x.shape)
    return tf.transpose(x, (0, *range(2, rank), 1))


@functools.cache
def has_all_kernels():
    """Whether convolutions run on (N, C, *spatial), and have gradients with groups and holes.

    On a CPU they do where TensorFlow uses oneDNN, which it does of itself on some processors only.
    """
    if tf.config.list_physical_devices("GPU"):
        return True
    try:
        with tf.init_scope():
            tf.nn.conv2d(tf.zeros((1, 1, 1, 1)), tf.zeros((1, 1, 1, 1)), 1, "VALID", "NCHW")
    except (tf.errors.UnimplementedError, tf.errors.InvalidArgumentError):
        return False
    return True


def lacks_kernels(data_format=None):
    """Whether an operation on images of this format has to run on channels-last ones."""
    return channel_axis(data_format) == 1 and not has_all_kernels()


def plain_to_last(x):
    """(N, C, *spatial) to (N, *spatial, C)."""
    return image(x, "channels_last")


def last_to_plain(x):
    """(N, *spatial, C) to (N, C, *spatial)."""
    return plain(x, "channels_last")


def ntuple(value, n):
    """A number repeated n times, or the n numbers that are given."""
    values = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    return values * n if len(values) == 1 else values


def one_or_many(function, input, spatial):
    """A function of a batch of images, or of one image without a batch axis."""
    if len(input.shape) == spatial + 2:
        return function(input)
    return tf.nest.map_structure(lambda y: y[0], function(input[None]))
