"""Padding with torch's modes, on torch's dimensions, in either data format."""

import tensorflow as tf

from transpile.support.data_format import logical_axis, ntuple, one_or_many
from transpile.support.module import TorchLayer


def pad(input, pad, mode="constant", value=None, data_format=None):
    """torch.nn.functional.pad: `pad` lists (before, after) pairs, the last dimension first."""
    rank = len(input.shape)
    pairs = {}
    for i in range(len(pad) // 2):
        pairs[logical_axis(rank - 1 - i, rank, data_format)] = (pad[2 * i], pad[2 * i + 1])
    return pad_axes(input, pairs, mode, value)


def pad_axes(x, pairs, mode="constant", value=None):
    """Pads the axes of a dict {axis: (before, after)}; a negative number takes elements away."""
    rank = len(x.shape)
    for axis, (before, after) in () if mode == "replicate" else pairs.items():
        if isinstance(before, int) and isinstance(after, int) and min(before, after) < 0:
            cut = slice(max(0, -before), after if after < 0 else None)
            x = x[(slice(None),) * axis + (cut,)]
    pads = [pairs.get(axis, (0, 0)) for axis in range(rank)]
    if mode != "replicate":
        pads = [tuple(max(0, n) if isinstance(n, int) else n for n in pair) for pair in pads]
    if all(isinstance(n, int) and n == 0 for pair in pads for n in pair):
        return x
    if mode == "constant":
        return tf.pad(x, pads, constant_values=tf.cast(0 if value is None else value, x.dtype))
    if mode == "reflect" and 0 not in x.shape:
        return tf.pad(x, pads, "REFLECT")
    for axis, (before, after) in enumerate(pads):
        if (before, after) != (0, 0):
            size = x.shape[axis] if x.shape[axis] is not None else tf.shape(x)[axis]
            index = tf.range(-before, size + after)
            if mode == "circular":
                index = index % size
            elif mode == "reflect":
                index = size - 1 - tf.abs(size - 1 - tf.abs(index))
            else:
                index = tf.clip_by_value(index, 0, size - 1)
            x = tf.gather(x, index, axis=axis)
    return x


class Pad(TorchLayer, tf.keras.layers.Layer):
    """Pads the spatial axes of an image; `padding` counts as in torch, the last dimension first."""

    spatial = 2
    mode = "constant"
    value = 0.0

    def __init__(self, padding, data_format=None):
        super().__init__()
        self.padding = ntuple(padding, 2 * self.spatial)
        self.data_format = data_format

    def call(self, input):
        return one_or_many(
            lambda x: pad(x, self.padding, self.mode, self.value, self.data_format), input, self.spatial
        )


class ConstantPad1d(Pad):
    """torch.nn.ConstantPad1d."""

    spatial = 1

    def __init__(self, padding, value, data_format=None):
        super().__init__(padding, data_format)
        self.value = value


class ConstantPad2d(ConstantPad1d):
    """torch.nn.ConstantPad2d."""

    spatial = 2


class ConstantPad3d(ConstantPad1d):
    """torch.nn.ConstantPad3d."""

    spatial = 3


class ZeroPad1d(Pad):
    """torch.nn.ZeroPad1d."""

    spatial = 1


class ZeroPad2d(Pad):
    """torch.nn.ZeroPad2d."""

    spatial = 2


class ZeroPad3d(Pad):
    """torch.nn.ZeroPad3d."""

    spatial = 3


class ReflectionPad1d(Pad):
    """torch.nn.ReflectionPad1d."""

    spatial = 1
    mode = "reflect"


class ReflectionPad2d(Pad):
    """torch.nn.ReflectionPad2d."""

    spatial = 2
    mode = "reflect"


class ReflectionPad3d(Pad):
    """torch.nn.ReflectionPad3d."""

    spatial = 3
    mode = "reflect"


class ReplicationPad1d(Pad):
    """torch.nn.ReplicationPad1d."""

    spatial = 1
    mode = "replicate"


class ReplicationPad2d(Pad):
    """torch.nn.ReplicationPad2d."""

    spatial = 2
    mode = "replicate"


class ReplicationPad3d(Pad):
    """torch.nn.ReplicationPad3d."""

    spatial = 3
    mode = "replicate"


class CircularPad1d(Pad):
    """torch.nn.CircularPad1d."""

    spatial = 1
    mode = "circular"


class CircularPad2d(Pad):
    """torch.nn.CircularPad2d."""

    spatial = 2
    mode = "circular"


class CircularPad3d(Pad):
    """torch.nn.CircularPad3d."""

    spatial = 3
    mode = "circular"
