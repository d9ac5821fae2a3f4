"""Functions with gradients of their own, and the gains of initializers."""

import numpy as np
import pytest
import tensorflow as tf
import torch

from transpile.support.autograd import Function, FunctionContext
from transpile.support.gain import calculate_gain
from transpile.support.gradients import autocast, checkpoint


class Doubled(Function):
    @staticmethod
    def forward(ctx, x, factor, other):
        assert isinstance(ctx, FunctionContext) and ctx.needs_input_grad == (True, False, True)
        ctx.save_for_backward(x, other)
        ctx.mark_non_differentiable(other)
        ctx.factor = factor
        return x * factor, other

    @staticmethod
    def backward(ctx, grad, grad_other):
        x, _ = ctx.saved_variables
        return grad * ctx.factor * 10 + 0 * x, None, None


def test_a_function_calls_its_own_backward():
    x, other = tf.keras.Variable([1.0, 2.0]), tf.constant([3.0])

    def slopes(x, other):
        with tf.GradientTape() as tape:
            tape.watch(other)
            y, same = Doubled.apply(x, 3, other)
            loss = tf.reduce_sum(y) + tf.reduce_sum(same)
        return tape.gradient(loss, [x.value, other])

    for run in (slopes, lambda x, other: tf.function(lambda o: slopes(x, o))(other)):
        got, none = run(x, other)
        np.testing.assert_allclose(got, [30.0, 30.0])
        np.testing.assert_allclose(none, [0.0])


@pytest.mark.parametrize("name", ["relu", "tanh", "selu", "linear", "sigmoid", "conv2d", "leaky_relu"])
def test_gains(name):
    assert calculate_gain(name) == pytest.approx(torch.nn.init.calculate_gain(name))
    assert calculate_gain("leaky_relu", 0.3) == torch.nn.init.calculate_gain("leaky_relu", 0.3)
    with pytest.raises(ValueError, match="nonlinearity"):
        calculate_gain("none of them")


def test_what_saves_memory_or_picks_a_precision_does_nothing():
    with autocast("cuda", dtype=tf.float16, enabled=False):
        assert autocast(device_type="cuda")(lambda x: x + 1)(2) == 3
    assert checkpoint(lambda x, y=0: (x, y), 1, use_reentrant=False, y=2) == (1, 2)
