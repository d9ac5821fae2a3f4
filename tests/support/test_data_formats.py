"""Layers whose classes say in which order of axes they take and return a tensor."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from transpile.support.containers import (
    called_in_channels_last,
    called_in_torch_order,
    in_channels_last,
    in_torch_order,
)


class Weigh(tf.keras.layers.Layer):
    """Times 0, 1, 2 … along the last axis of what it is given."""

    def call(self, x):
        return x * tf.range(x.shape[-1], dtype=tf.float32)


class WeighChannels(Weigh):
    data_formats = "channels_last", "channels_last"


class WeighColumns(Weigh):
    data_formats = "channels_first", "channels_first"


class WeighByRank(Weigh):
    data_formats = "by_rank", "by_rank"


def image(*shape: int) -> np.ndarray:
    """In torch's order."""
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def last(x: np.ndarray) -> np.ndarray:
    return np.moveaxis(x, 1, -1)


@pytest.mark.parametrize(
    ("kind", "shape", "axis"),
    [
        (WeighChannels, (2, 3, 4, 5), 1),
        (WeighColumns, (2, 3, 4, 5), 3),
        (WeighChannels, (2, 3, 4), 1),
        (WeighColumns, (2, 3, 4), 2),
        (WeighByRank, (2, 3, 4, 5), 1),
        (WeighByRank, (2, 3, 4), 2),
    ],
)
def test_each_works_along_its_own_axis(kind: type[Weigh], shape: tuple[int, ...], axis: int) -> None:
    x = image(*shape)
    factors = np.arange(shape[axis], dtype="float32").reshape(
        [-1 if i == axis else 1 for i in range(len(shape))]
    )
    np.testing.assert_array_equal(called_in_torch_order(kind(), x), x * factors)
    np.testing.assert_array_equal(called_in_channels_last(kind(), last(x)), last(x * factors))
    np.testing.assert_array_equal(in_torch_order(kind())(x), x * factors)
    np.testing.assert_array_equal(in_channels_last(kind())(last(x)), last(x * factors))


@pytest.mark.parametrize("made", [in_torch_order, in_channels_last])
def test_what_says_nothing_is_left_as_it_is(made) -> None:
    layer = Weigh()
    assert made(layer) is layer and type(layer) is Weigh


def test_one_that_returns_another_order_than_it_takes() -> None:
    class Turned(Weigh):
        data_formats = "channels_last", "channels_first"

        def call(self, x):
            return tf.transpose(super().call(x), (0, 3, 1, 2))

    x = image(2, 3, 4, 5)
    wanted = x * np.arange(3, dtype="float32").reshape(1, 3, 1, 1)
    np.testing.assert_array_equal(called_in_torch_order(Turned(), x), wanted)
    np.testing.assert_array_equal(called_in_channels_last(Turned(), last(x)), last(wanted))
