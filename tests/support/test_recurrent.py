"""Recurrent layers against torch: values, last states, gradients of every parameter, open shapes."""

import pytest
import tensorflow as tf
import torch

from transpile.support import recurrent

OPTIONS = [
    ("LSTM", {}),
    ("LSTM", {"num_layers": 2, "bidirectional": True, "batch_first": True}),
    ("LSTM", {"proj_size": 3, "num_layers": 2, "bias": False}),
    ("LSTM", {"proj_size": 3, "bidirectional": True}),
    ("GRU", {"num_layers": 2}),
    ("GRU", {"bidirectional": True, "batch_first": True, "bias": False}),
    ("RNN", {"nonlinearity": "relu", "bidirectional": True}),
    ("RNN", {"batch_first": True, "num_layers": 2}),
]


@pytest.mark.parametrize(("kind", "options"), OPTIONS)
def test_layer(against, kind, options):
    theirs, ours = getattr(torch.nn, kind)(4, 5, **options), getattr(recurrent, kind)(4, 5, **options)
    assert [n for n, _ in ours.named_parameters()] == [n for n, _ in theirs.named_parameters()]
    against.copy(theirs, ours)
    a = against.random(3, 6, 4)
    want = theirs(torch.tensor(a))
    with tf.GradientTape() as tape:
        got = ours(tf.constant(a))
        loss = tf.reduce_sum(got[0] ** 2)
    against.nest(got, want)
    (want[0] ** 2).sum().backward()
    for (name, value), slope in zip(
        theirs.named_parameters(), tape.gradient(loss, list(ours.parameters())), strict=True
    ):
        against.same(slope, value.grad, name)
    state = want[1]
    again = theirs(torch.tensor(a), state)
    against.nest(
        ours(tf.constant(a), tf.nest.map_structure(lambda h: tf.constant(h.detach().numpy()), state)), again
    )
    against.nest(ours(tf.constant(a[0])), theirs(torch.tensor(a[0])))
    traced = tf.function(lambda x: ours(x), input_signature=[tf.TensorSpec((None, None, 4))])
    against.nest(traced(a), want)
    ours.flatten_parameters()


def test_dropout_between_layers_acts_in_training_only(against):
    layer = recurrent.GRU(4, 5, 2, dropout=0.5)
    x = tf.random.normal((3, 6, 4))
    against.same(layer(x)[0], layer(x)[0])
    assert float(tf.reduce_max(tf.abs(layer(x, training=True)[0] - layer(x)[0]))) > 1e-3


@pytest.mark.parametrize("kind", ["LSTMCell", "GRUCell", "RNNCell"])
@pytest.mark.parametrize("bias", [True, False])
def test_cell(against, kind, bias):
    theirs, ours = getattr(torch.nn, kind)(4, 5, bias), getattr(recurrent, kind)(4, 5, bias)
    assert [n for n, _ in ours.named_parameters()] == [n for n, _ in theirs.named_parameters()]
    against.copy(theirs, ours)
    a = against.random(3, 4)
    want = theirs(torch.tensor(a))
    got = ours(tf.constant(a))
    against.nest(got, want)
    against.nest(ours(tf.constant(a), got), theirs(torch.tensor(a), want))
    against.nest(ours(tf.constant(a[0])), theirs(torch.tensor(a[0])))
    assert issubclass(getattr(recurrent, kind), recurrent.RecurrentCell)
    assert issubclass(recurrent.LSTM, recurrent.Recurrent)


def test_steps_and_the_loop_over_time(against):
    h = tf.zeros((2, 3))
    y, (last,) = recurrent.run_over_time(lambda x, s: (x + s[0],), tf.ones((4, 2, 3)), (h,), reverse=True)
    assert y[:, 0, 0].numpy().tolist() == [4, 3, 2, 1] and last.numpy()[0, 0] == 4
    weight = tf.zeros((3, 3))
    assert recurrent.rnn_step(tf.ones((2, 3)), (h,), weight, None, "relu")[0].numpy().sum() == 6
    assert recurrent.gru_step(tf.zeros((2, 9)), (h,), tf.zeros((9, 3)), None)[0].shape == (2, 3)
    assert recurrent.lstm_step(tf.zeros((2, 12)), (h, h), tf.zeros((12, 3)), None)[1].shape == (2, 3)
