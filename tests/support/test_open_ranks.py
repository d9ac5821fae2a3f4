"""Operands of which only the run tells whether they are images (rank 4): what is moved, and what stays."""

import numpy as np
import pytest
import tensorflow as tf

from transpile.support import containers, conv, linear, open

SHAPES = [(2,), (2, 3), (2, 3, 4), (2, 3, 4, 5), (2, 3, 4, 5, 6)]


def value(shape):
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


@pytest.mark.parametrize("shape", SHAPES)
def test_an_image_has_its_channels_last_and_nothing_else_has(shape):
    x = value(shape)
    got = open.image_by_rank(tf.constant(x)).numpy()
    np.testing.assert_array_equal(got, np.moveaxis(x, 1, -1) if len(shape) == 4 else x)
    np.testing.assert_array_equal(open.to_torch_order(tf.constant(got)).numpy(), x)


@pytest.mark.parametrize("shape", SHAPES)
def test_what_has_its_channels_last_at_any_rank_goes_back_but_for_images(shape):
    x = value(shape)
    got = open.last_to_by_rank(tf.constant(x)).numpy()
    np.testing.assert_array_equal(got, np.moveaxis(x, -1, 1) if len(shape) in (3, 5) else x)
    np.testing.assert_array_equal(open.by_rank_to_last(tf.constant(got)).numpy(), x)


def test_layers_of_two_kinds_take_and_leave_torch_order():
    x = tf.constant(value((2, 3, 4, 5)))
    convolution, dense = conv.Conv2d(3, 6, 1), linear.Linear(5, 6)
    assert containers.keeps_channels_last(convolution) and not containers.keeps_channels_last(dense)
    assert containers.called_in_torch_order(convolution, x).shape == (2, 6, 4, 5)
    assert containers.called_in_torch_order(dense, x).shape == (2, 3, 4, 6)
