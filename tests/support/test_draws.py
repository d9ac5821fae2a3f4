"""Random tensors: their range, dtype and shape, not their numbers."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from transpile.support.draws import bernoulli_like, truncated_normal_like


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_truncated_normal_keeps_its_bounds_and_the_dtype(dtype: str) -> None:
    drawn = truncated_normal_like(tf.zeros([200, 50], dtype), 1, 2.0, a=0, b=2.5)
    assert drawn.dtype == dtype and drawn.shape == (200, 50)
    assert 0 <= np.min(drawn) < 0.1 and 2.4 < np.max(drawn) <= 2.5


def test_the_bounds_are_no_deviations() -> None:
    drawn = truncated_normal_like(tf.keras.Variable(tf.zeros([4000])), std=0.02)
    assert 0.06 < np.max(np.abs(drawn)) < 0.2 and abs(np.std(drawn) - 0.02) < 0.002


def test_two_draws_differ() -> None:
    x = tf.zeros([8])
    assert not np.array_equal(truncated_normal_like(x), truncated_normal_like(x))


@pytest.mark.parametrize("p", [0.25, tf.fill([4000], tf.constant(0.25, tf.float64))])
def test_ones_come_with_their_probability(p: object) -> None:
    drawn = bernoulli_like(tf.zeros([4000], tf.float64), p)
    assert drawn.dtype == tf.float64 and set(np.unique(drawn)) == {0.0, 1.0}
    assert 0.2 < np.mean(drawn) < 0.3
