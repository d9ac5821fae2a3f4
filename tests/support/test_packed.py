"""Packed sequences against torch: what is packed, padded again, and what recurrent layers make of them."""

import numpy as np
import pytest
import tensorflow as tf
import torch
from torch.nn.utils import rnn

from transpile.support import packed, recurrent

LENGTHS = [5, 3, 3, 1]
MIXED = [3, 1, 5, 3]


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("lengths", [LENGTHS, MIXED])
def test_packed_elements(against, lengths, batch_first):
    a = against.random(4, 6, 3) if batch_first else against.random(6, 4, 3)
    theirs = rnn.pack_padded_sequence(torch.tensor(a), torch.tensor(lengths), batch_first, lengths == LENGTHS)
    ours = packed.pack_padded_sequence(tf.constant(a), lengths, batch_first, lengths == LENGTHS)
    against.same(ours.data, theirs.data)
    against.same(ours.batch_sizes, theirs.batch_sizes)
    if lengths == MIXED:
        again = packed.PackedSequence(
            ours.data, ours.batch_sizes, ours.sorted_indices, ours.unsorted_indices
        ).to("cpu")
        np.testing.assert_array_equal(again.lengths, lengths)
        half = packed.PackedSequence(ours.data, ours.batch_sizes, ours.sorted_indices)
        against.same(half.padded, again.padded)
    for options in ({}, {"padding_value": 2.0, "total_length": 7}):
        want = rnn.pad_packed_sequence(theirs, batch_first, **options)
        against.nest(packed.pad_packed_sequence(ours, batch_first, **options), want)


def test_sequences(against):
    parts = [against.random(n, 2) for n in LENGTHS]
    theirs = rnn.pack_sequence([torch.tensor(p) for p in parts])
    ours = packed.pack_sequence([tf.constant(p) for p in parts])
    against.same(ours.data, theirs.data)
    with pytest.raises(RuntimeError, match="sorted"):
        packed.pack_padded_sequence(tf.zeros((3, 2, 1)), [1, 2])


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_recurrent_layers(against, kind):
    options = {"num_layers": 2, "bidirectional": True, "batch_first": True}
    theirs, ours = getattr(torch.nn, kind)(3, 4, **options), getattr(recurrent, kind)(3, 4, **options)
    against.copy(theirs, ours)
    a = against.random(4, 6, 3)
    given = rnn.pack_padded_sequence(torch.tensor(a), torch.tensor(MIXED), True, False)
    y, state = theirs(given)
    want = (*rnn.pad_packed_sequence(y, True), state)

    def run(x, lengths):
        y, state = ours(packed.pack_padded_sequence(x, lengths, True, False))
        return (*packed.pad_packed_sequence(y, True), state)

    against.nest(run(tf.constant(a), tf.constant(MIXED)), want)
    specs = [tf.TensorSpec((None, None, 3)), tf.TensorSpec((None,), tf.int32)]
    against.nest(tf.function(run, input_signature=specs)(a, tf.constant(MIXED)), want)
    again = theirs(given, state)
    start = tf.nest.map_structure(lambda h: tf.constant(h.detach().numpy()), state)
    got = ours(packed.pack_padded_sequence(tf.constant(a), MIXED, True, False), start)
    against.same(got[0].data, again[0].data)
