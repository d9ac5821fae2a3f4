"""Activations and dropout against torch."""

import numpy as np
import pytest
import tensorflow as tf
import torch
import torch.nn.functional as F

from transpile.support import activation, activation_layers

LAYERS = [
    ("ReLU", {}),
    ("ReLU6", {}),
    ("SiLU", {}),
    ("Mish", {}),
    ("GELU", {}),
    ("GELU", {"approximate": "tanh"}),
    ("Sigmoid", {}),
    ("Tanh", {}),
    ("Hardswish", {}),
    ("Hardsigmoid", {}),
    ("Hardtanh", {"min_val": -0.5}),
    ("LeakyReLU", {"negative_slope": 0.2}),
    ("ELU", {"alpha": 0.7}),
    ("CELU", {"alpha": 0.7}),
    ("SELU", {}),
    ("Softplus", {"beta": 2, "threshold": 3}),
    ("Softsign", {}),
    ("Tanhshrink", {}),
    ("LogSigmoid", {}),
    ("Softshrink", {"lambd": 0.3}),
    ("Hardshrink", {"lambd": 0.3}),
    ("Threshold", {"threshold": 0.1, "value": 5.0}),
    ("Softmax", {"dim": 1}),
    ("LogSoftmax", {"dim": -1}),
    ("Softmin", {"dim": 0}),
    ("GLU", {"dim": 2}),
]


@pytest.mark.parametrize(("name", "options"), LAYERS)
def test_layer(against, name, options):
    a = against.random(3, 5, 4) * 4
    a[0, 0] = [60.0, -60.0, 90.0, -90.0]  # where a naive formula overflows
    theirs, ours = getattr(torch.nn, name)(**options), getattr(activation_layers, name)(**options)
    against.images(theirs, ours, a, "channels_first")
    assert all(getattr(ours, key) == value for key, value in options.items())


FUNCTIONS = [
    ("relu", ()),
    ("relu6", ()),
    ("silu", ()),
    ("mish", ()),
    ("gelu", ()),
    ("hardswish", ()),
    ("hardsigmoid", ()),
    ("hardtanh", (-2, 1)),
    ("leaky_relu", (0.3,)),
    ("elu", (0.5,)),
    ("celu", (0.5,)),
    ("selu", ()),
    ("softplus", (2.0,)),
    ("softsign", ()),
    ("tanhshrink", ()),
    ("logsigmoid", ()),
    ("softshrink", (0.2,)),
    ("hardshrink", (0.2,)),
    ("threshold", (0.1, 2.0)),
    ("softmax", (1,)),
    ("log_softmax", (0,)),
    ("softmin", (1,)),
    ("glu", (-1,)),
    ("rrelu", ()),
]


@pytest.mark.parametrize(("name", "arguments"), FUNCTIONS)
def test_function(against, name, arguments):
    a = against.random(3, 4)
    got = getattr(activation, name)(tf.constant(a), *arguments)
    against.same(got, getattr(F, name)(torch.tensor(a), *arguments))


def test_dimensions_of_images(against, data_format):
    a = against.random(2, 4, 3, 5)
    against.images(torch.nn.Softmax2d(), activation_layers.Softmax2d(data_format=data_format), a, data_format)
    for name in ("Softmax", "LogSoftmax", "GLU"):
        ours = getattr(activation_layers, name)(dim=1, data_format=data_format)
        against.images(getattr(torch.nn, name)(1), ours, a, data_format)
    for count in (1, 4):
        theirs = torch.nn.PReLU(count, 0.3)
        ours = activation_layers.PReLU(count, 0.3, data_format=data_format)
        against.images(theirs, ours, a, data_format)
        against.same(ours.weight, theirs.weight)
    slope = against.random(4)
    got = activation.prelu(tf.constant(against.random(2, 4) * 0 - 1.0), slope)
    against.same(got, F.prelu(-torch.ones(2, 4), torch.tensor(slope)))


def test_default_dimension_of_softmax(against):
    for rank in (1, 2, 3, 4):
        a = against.random(*(3, 4, 2, 5)[:rank])
        with pytest.warns(UserWarning):
            want = F.softmax(torch.tensor(a))
        against.same(activation.softmax(tf.constant(a)), want)
    assert activation.default_dim(3) == 0


@pytest.mark.parametrize("name", ["Dropout", "AlphaDropout", "Dropout1d", "Dropout2d", "Dropout3d", "RReLU"])
def test_random_layers_do_nothing_at_inference(against, name):
    layer = getattr(activation_layers, name)()
    x = tf.abs(tf.random.normal((2, 3, 4, 5)[: 5 if name[-1] != "1" else 3]))
    against.same(layer(x), x)


def test_dropout_in_training(data_format):
    x = tf.ones((2000,))
    y = activation_layers.Dropout(0.25)(x, training=True).numpy()
    assert set(np.unique(y)) == {0.0, np.float32(1 / 0.75)} and 0.2 < np.mean(y == 0) < 0.3
    assert not np.any(activation.dropout(x, 1.0)) and np.all(activation.dropout(x, 0.0) == 1)
    image = tf.ones((8, 5, 5, 16) if data_format == "channels_last" else (8, 16, 5, 5))
    y = activation_layers.Dropout2d(0.5, data_format=data_format)(image, training=True).numpy()
    maps = y.reshape(8, 25, 16) if data_format == "channels_last" else y.reshape(8, 16, 25).swapaxes(1, 2)
    assert np.all(maps == maps[:, :1]) and 0.3 < np.mean(maps == 0) < 0.7
    assert activation.feature_dropout(image, 1.0).numpy().sum() == 0
    assert activation_layers.FeatureDropout(0.3).p == 0.3
    normal = tf.random.normal((20000,))
    y = activation.alpha_dropout(normal, 0.3, True).numpy()
    assert abs(y.mean()) < 0.05 and abs(y.std() - 1) < 0.05
    y = activation.rrelu(-x, training=True).numpy()
    assert -1 / 3 <= y.min() < -0.3 and -0.15 < y.max() <= -1 / 8


def test_gumbel_softmax():
    logits = tf.constant(np.tile([0.0, 1.0, 2.0], (4000, 1)).astype("float32"))
    y = activation.gumbel_softmax(logits, hard=True).numpy()
    np.testing.assert_allclose(y.mean(0), np.exp([0, 1, 2]) / np.exp([0, 1, 2]).sum(), atol=0.05)
    np.testing.assert_allclose(activation.gumbel_softmax(logits).numpy().sum(1), 1, 1e-5)
