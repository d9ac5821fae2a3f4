"""Matrix layers, embeddings and flattening against torch."""

import pytest
import tensorflow as tf
import torch
import torch.nn.functional as F

from transpile.support import linear


@pytest.mark.parametrize("sizes", [(3,), (2, 3), (2, 4, 3)])
@pytest.mark.parametrize("bias", [True, False])
def test_linear(against, sizes, bias):
    theirs, ours = torch.nn.Linear(3, 5, bias), linear.Linear(3, 5, bias)
    against.copy(theirs, ours)
    a = against.random(*sizes)
    against.images(theirs, ours, a, "channels_first", graph=False)
    got = linear.linear(tf.constant(a), ours.weight, ours.bias)
    against.same(got, theirs(torch.tensor(a)))
    assert isinstance(ours, tf.keras.layers.Dense) and (ours.in_features, ours.out_features) == (3, 5)
    assert linear.NonDynamicallyQuantizableLinear(3, 5).weight.shape == (5, 3)
    against.same(linear.linear(tf.constant(a), ours.weight[0]), F.linear(torch.tensor(a), theirs.weight[0]))


def test_bilinear(against):
    theirs, ours = torch.nn.Bilinear(3, 4, 5), linear.Bilinear(3, 4, 5)
    against.copy(theirs, ours)
    a, b = against.random(2, 6, 3), against.random(2, 6, 4)
    want = theirs(torch.tensor(a), torch.tensor(b))
    against.same(ours(a, b), want)
    against.same(linear.bilinear(a, b, ours.weight, ours.bias), want)


@pytest.mark.parametrize("options", [{}, {"padding_idx": -1}, {"max_norm": 1.0}])
def test_embedding(against, options):
    theirs, ours = torch.nn.Embedding(7, 3, **options), linear.Embedding(7, 3, **options)
    against.copy(theirs, ours)
    ids = [[0, 6, 2], [6, 6, 1]]
    want = theirs(torch.tensor(ids))
    with tf.GradientTape() as tape:
        got = ours(tf.constant(ids, tf.int64))
    against.same(got, want)
    want.sum().backward()
    if "max_norm" not in options:
        slope = tf.convert_to_tensor(tape.gradient(got, ours.embeddings))
        against.same(slope, theirs.weight.grad)
    assert ours.padding_idx == theirs.padding_idx
    if "max_norm" not in options:  # which changes torch's weights as they are read
        want = F.embedding(torch.tensor(ids), theirs.weight)
        against.same(linear.embedding(tf.constant(ids), ours.weight), want)


def test_pretrained_embedding(against):
    rows = against.random(4, 2)
    layer = linear.Embedding.from_pretrained(rows)
    against.same(layer(tf.constant([3])), rows[3:])
    assert not layer.trainable_weights
    padded = linear.Embedding(4, 2, padding_idx=1)
    assert not padded.weight.numpy()[1].any() and padded.weight.numpy()[0].any()


@pytest.mark.parametrize("mode", ["mean", "sum", "max"])
@pytest.mark.parametrize("padding_idx", [None, 2])
def test_embedding_bag(against, mode, padding_idx):
    options = {"mode": mode, "padding_idx": padding_idx}
    theirs, ours = torch.nn.EmbeddingBag(7, 3, **options), linear.EmbeddingBag(7, 3, **options)
    against.copy(theirs, ours)
    ids = [[0, 6, 2], [2, 2, 2]]
    against.same(ours(tf.constant(ids, tf.int64)), theirs(torch.tensor(ids)))
    flat, offsets = [0, 2, 1, 5, 6], [0, 2, 2]
    got = ours(tf.constant(flat, tf.int64), tf.constant(offsets, tf.int64))
    against.same(got, theirs(torch.tensor(flat), torch.tensor(offsets)))
    if mode == "sum":
        weights = against.random(2, 3)
        got = ours(tf.constant(ids, tf.int64), per_sample_weights=tf.constant(weights))
        against.same(got, theirs(torch.tensor(ids), per_sample_weights=torch.tensor(weights)))


def test_flatten_and_identity(against):
    a = against.random(2, 3, 4, 5)
    for arguments in [(), (0,), (1, 2)]:
        ours, theirs = linear.Flatten(*arguments), torch.nn.Flatten(*arguments)
        against.images(theirs, ours, a, "channels_first", graph=False)
    traced = tf.function(linear.Flatten(), input_signature=[tf.TensorSpec((None, 3, 4, 5))])
    assert traced.get_concrete_function().output_shapes == (None, 60)
    for arguments in [(1, (3, 1)), (2, (-1, 2)), (-1, (5, -1))]:
        ours, theirs = linear.Unflatten(*arguments), torch.nn.Unflatten(*arguments)
        against.images(theirs, ours, a, "channels_first", graph=False)
    assert linear.Identity(54, unused=1)("anything") == "anything"
