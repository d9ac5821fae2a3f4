"""Convolutions against torch: values, gradients, open shapes, both data formats."""

import pytest
import tensorflow as tf
import torch
import torch.nn.functional as F

from transpile.support import conv, conv_transpose

CONVS = [
    (1, {"stride": 2, "padding": 1}),
    (1, {"dilation": 2, "groups": 2, "padding": "same"}),
    (2, {"stride": 2, "padding": 1}),
    (2, {"padding": "same", "kernel_size": 4, "bias": False}),
    (2, {"groups": 4, "stride": 2, "padding": (1, 2)}),
    (2, {"groups": 2, "dilation": 2, "padding": "valid"}),
    (2, {"stride": 2, "dilation": (1, 2)}),
    (2, {"padding": 2, "padding_mode": "reflect"}),
    (2, {"padding": 1, "padding_mode": "replicate"}),
    (2, {"padding": (2, 1), "padding_mode": "circular"}),
    (3, {"stride": (1, 2, 2), "padding": 1}),
    (3, {"groups": 2, "dilation": 2, "padding": 2}),
    (3, {"groups": 4, "stride": (2, 1, 3), "dilation": (2, 1, 1), "padding": (2, 0, 1)}),
]


@pytest.mark.parametrize(("rank", "arguments"), CONVS)
def test_layer(against, data_format, rank, arguments):
    options = {"kernel_size": 3, **arguments}
    theirs = getattr(torch.nn, f"Conv{rank}d")(4, 8, **options)
    ours = getattr(conv, f"Conv{rank}d")(4, 8, **options, data_format=data_format)
    against.copy(theirs, ours)
    a = against.random(2, 4, *(7, 8, 9)[:rank])
    against.images(theirs, ours, a, data_format)
    for name in ("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups"):
        assert getattr(ours, name) == getattr(theirs, name)
    against.same(
        ours._conv_forward(tf.constant(against.to_image(a, data_format)), ours.weight, ours.bias).shape,
        ours(against.to_image(a, data_format)).shape,
    )


@pytest.mark.parametrize("rank", [2, 3])
def test_kernel_gradient(against, rank):
    theirs = getattr(torch.nn, f"Conv{rank}d")(4, 8, 3, groups=4, stride=2)
    ours = getattr(conv, f"Conv{rank}d")(4, 8, 3, groups=4, stride=2, data_format="channels_last")
    against.copy(theirs, ours)
    a = against.random(2, 4, *(7, 8, 9)[:rank])
    theirs(torch.tensor(a)).square().sum().backward()
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(ours(against.to_image(a, "channels_last"))))
    kernel, bias = tape.gradient(loss, [ours.kernel, ours.bias])
    against.same(conv.weight_of(kernel), theirs.weight.grad)
    against.same(bias, theirs.bias.grad)


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("groups", [1, 2])
def test_channels_that_a_graph_has_lost(data_format, rank, groups):
    layer = getattr(conv, f"Conv{rank}d")(4, 6, 3, groups=groups, data_format=data_format)
    traced = tf.function(layer, input_signature=[tf.TensorSpec([None] * (rank + 2))])
    shape = [2, *(5, 6, 7)[:rank]]
    shape.insert(1 if data_format == "channels_first" else rank + 1, 4)
    x = tf.random.normal(shape)
    tf.debugging.assert_near(traced(x), layer(x))


def test_no_transpose_in_the_graph_of_a_plain_convolution():
    layer = conv.Conv2d(4, 8, 3, padding=1, groups=2, data_format="channels_last")
    graph = tf.function(layer).get_concrete_function(tf.TensorSpec((None, None, None, 4))).graph
    assert "Transpose" not in {op.type for op in graph.get_operations()}


def test_default_initial_values_have_the_range_of_torch():
    bound = 1 / (4 * 9) ** 0.5
    layer = conv.Conv2d(4, 64, 3)
    assert bound * 0.9 < float(tf.reduce_max(tf.abs(layer.kernel))) <= bound
    assert bound * 0.7 < float(tf.reduce_max(tf.abs(layer.bias))) <= bound


def test_weight_and_bias_can_be_replaced(against):
    layer = conv.Conv2d(3, 8, 3, data_format="channels_last")
    layer(tf.zeros((1, 5, 5, 3)))
    layer.weight = tf.reduce_sum(layer.weight, 1, keepdims=True)  # one input channel from three
    layer.bias = None
    assert layer(tf.zeros((1, 5, 5, 1))).shape == (1, 3, 3, 8)
    assert [tuple(v.shape) for v in layer.weights] == [(3, 3, 1, 8)]


def test_image_without_batch(against, data_format):
    ours = conv.Conv2d(3, 5, 3, data_format=data_format)
    x = tf.random.normal((6, 7, 3) if data_format == "channels_last" else (3, 6, 7))
    against.same(ours(x), ours(x[None])[0])
    up = conv_transpose.ConvTranspose2d(3, 5, 3, data_format=data_format)
    against.same(up(x), up(x[None])[0])


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_function(against, data_format, rank):
    w, b = against.random(6, 2, *(3,) * rank), against.random(6)
    a = against.random(2, 4, *(7, 6, 5)[:rank])
    options = {"stride": 2, "padding": 1, "dilation": 1, "groups": 2}
    theirs, ours = getattr(F, f"conv{rank}d"), getattr(conv, f"conv{rank}d")
    want = theirs(*map(torch.tensor, (a, w, b)), **options)
    got = ours(against.to_image(a, data_format), w, b, **options, data_format=data_format)
    against.same(against.from_image(got, data_format), want)
    w = against.random(4, 3, *(3,) * rank)
    theirs, ours = getattr(F, f"conv_transpose{rank}d"), getattr(conv_transpose, f"conv_transpose{rank}d")
    want = theirs(*map(torch.tensor, (a, w, b)), **options, output_padding=1)
    got = ours(against.to_image(a, data_format), w, b, **options, output_padding=1, data_format=data_format)
    against.same(against.from_image(got, data_format), want)


TRANSPOSED = [
    (1, {"stride": 2, "padding": 1, "output_padding": 1}),
    (1, {"stride": 3, "dilation": 2, "groups": 2}),
    (2, {"kernel_size": 4, "stride": 2, "padding": 1}),
    (2, {"stride": 2, "padding": 1, "output_padding": 1}),
    (2, {"kernel_size": 1, "stride": 2, "output_padding": 1}),
    (2, {"stride": (2, 1), "groups": 4, "bias": False}),
    (2, {"stride": 2, "dilation": 2, "groups": 2, "padding": 2}),
    (3, {"stride": 2, "padding": 1, "output_padding": (1, 0, 1)}),
    (3, {"groups": 2, "dilation": (1, 2, 3), "stride": 2}),
]


@pytest.mark.parametrize(("rank", "arguments"), TRANSPOSED)
def test_transposed_layer(against, data_format, rank, arguments):
    options = {"kernel_size": 3, **arguments}
    theirs = getattr(torch.nn, f"ConvTranspose{rank}d")(4, 8, **options)
    ours = getattr(conv_transpose, f"ConvTranspose{rank}d")(4, 8, **options, data_format=data_format)
    against.copy(theirs, ours)
    against.images(theirs, ours, against.random(2, 4, *(4, 5, 3)[:rank]), data_format)


def test_transposed_output_size(against, data_format):
    theirs = torch.nn.ConvTranspose2d(4, 8, 3, stride=2, padding=1)
    ours = conv_transpose.ConvTranspose2d(4, 8, 3, stride=2, padding=1, data_format=data_format)
    against.copy(theirs, ours)
    a = against.random(2, 4, 5, 5)
    got = ours(against.to_image(a, data_format), output_size=(10, 9))
    against.same(against.from_image(got, data_format), theirs(torch.tensor(a), output_size=(10, 9)))
    assert ours.weight.shape == (4, 8, 3, 3)
