"""Channels first on a machine without kernels for it: a CPU on which TensorFlow does not use oneDNN."""

import numpy as np
import pytest
import tensorflow as tf
import torch

from transpile.support import conv, conv_transpose, data_format, pooling_ranks

CASES = {
    "Conv1d": (conv, (4, 6, 3), {"padding": 1, "stride": 2}),
    "Conv2d": (conv, (4, 6, 3), {"padding": (0, 2), "padding_mode": "reflect"}),
    "Conv2d groups": (conv, (4, 6, 3), {"groups": 2, "stride": (1, 2)}),
    "Conv2d holes": (conv, (4, 6, 3), {"dilation": (2, 3), "stride": 2, "padding": 1}),
    "Conv2d groups and holes": (conv, (4, 6, 3), {"dilation": 2, "groups": 2}),
    "Conv2d for each channel": (conv, (4, 8, 3), {"groups": 4, "stride": 2}),
    "Conv2d for each channel, holes": (conv, (4, 4, 3), {"groups": 4, "dilation": 2}),
    "Conv2d for each channel, uneven": (conv, (4, 4, 3), {"groups": 4, "stride": (2, 1)}),
    "Conv3d": (conv, (4, 2, (1, 2, 3)), {"padding": "same", "padding_mode": "circular"}),
    "Conv3d holes": (conv, (4, 2, 2), {"dilation": (1, 2, 2), "groups": 2}),
    "ConvTranspose1d": (conv_transpose, (4, 6, 3), {"stride": 2, "padding": 1, "output_padding": 1}),
    "ConvTranspose2d": (conv_transpose, (4, 6, (3, 2)), {"stride": 2, "groups": 2}),
    "ConvTranspose2d holes": (conv_transpose, (4, 6, 2), {"dilation": 2, "output_padding": 1}),
    "ConvTranspose3d": (conv_transpose, (4, 2, 2), {"dilation": 2}),
    "AvgPool1d": (pooling_ranks, (3,), {"stride": 2, "padding": 1}),
    "AvgPool2d": (pooling_ranks, (2, 3), {"ceil_mode": True, "count_include_pad": False}),
    "AvgPool3d": (pooling_ranks, (2,), {"divisor_override": 3}),
}


@pytest.fixture
def bare(monkeypatch):
    for module in (data_format, conv, conv_transpose):
        monkeypatch.setattr(module, "has_all_kernels", lambda: False)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("form", ["channels_first", "channels_last"])
def test_the_layers_do_without(bare, against, name, form):
    module, args, options = CASES[name]
    kind = name.partition(" ")[0]
    spatial = int(kind[-2])
    theirs = getattr(torch.nn, kind)(*args, **options)
    ours = getattr(module, kind)(*args, **options, data_format=form)
    a = against.random(2, 4, *(9, 8, 7)[:spatial])
    ours(against.to_image(a, form))
    against.copy(theirs, ours)
    against.images(theirs, ours, a, form)


@pytest.mark.parametrize("options", [{"groups": 2}, {"dilation": 2}, {"groups": 4, "dilation": 2}], ids=str)
def test_the_weights_have_gradients(bare, against, options):
    a, w = against.random(2, 4, 9, 8), against.random(8, 4 // options.get("groups", 1), 3, 3)
    kernel = torch.tensor(w, requires_grad=True)
    torch.nn.functional.conv2d(torch.tensor(a), kernel, **options).pow(2).sum().backward()
    with tf.GradientTape() as tape:
        weight = tf.Variable(w)
        y = conv.conv2d(tf.constant(a), weight, **options, data_format="channels_first")
        loss = tf.reduce_sum(y**2)
    np.testing.assert_allclose(tape.gradient(loss, weight), kernel.grad, 1e-3, 1e-2)


def test_what_is_asked_is_what_runs():
    data_format.has_all_kernels.cache_clear()
    asked = tf.function(lambda: data_format.has_all_kernels())  # while a graph is traced, too
    told = bool(asked())
    x, kernel = tf.zeros((1, 2, 3, 3)), tf.zeros((1, 1, 2, 1))
    if told:
        tf.nn.conv2d(x, kernel, 1, "VALID", "NCHW")
    else:
        with pytest.raises((tf.errors.UnimplementedError, tf.errors.InvalidArgumentError)):
            tf.nn.conv2d(x, kernel, 1, "VALID", "NCHW")


def test_channels_last_needs_no_detour(bare):
    assert data_format.lacks_kernels("channels_first")
    assert not data_format.lacks_kernels("channels_last") and not data_format.lacks_kernels()
