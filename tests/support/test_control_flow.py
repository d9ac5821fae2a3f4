"""Functions that AutoGraph reads, and errors that a graph asserts."""

from __future__ import annotations

import pytest
import tensorflow as tf

from transpile.support import control_flow


@control_flow.autograph
def halved(x: tf.Tensor) -> tf.Tensor:
    if control_flow.refused(tf.reduce_min(x) < 0, "negative"):
        raise ValueError("negative")
    while tf.reduce_max(x) > 1:
        x = x / 2
    return x


def in_graph(x: tf.Tensor) -> tf.Tensor:
    return tf.function(halved, input_signature=[tf.TensorSpec([None])])(x)


@pytest.mark.parametrize("call", [halved, in_graph])
def test_as_often_as_the_values_say(call) -> None:
    assert call(tf.constant([8.0, 1.0])).numpy().tolist() == [1.0, 0.125]
    assert call(tf.constant([0.5])).numpy().tolist() == [0.5]


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        halved(tf.constant([-1.0]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="negative"):
        in_graph(tf.constant([-1.0]))
