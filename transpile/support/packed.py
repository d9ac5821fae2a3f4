"""Sequences of different lengths: torch packs their elements, here they stay padded beside their lengths."""

import tensorflow as tf

from transpile.support.shape import shape


def pad_sequence(sequences, batch_first=False, padding_value=0.0):
    """torch.nn.utils.rnn.pad_sequence: sequences of different lengths in one tensor, in any dtype."""
    lengths = [shape(sequence)[0] for sequence in sequences]
    known = all(isinstance(length, int) for length in lengths)
    longest = max(lengths) if known else tf.reduce_max(tf.stack(lengths))
    padded = []
    for sequence, length in zip(sequences, lengths, strict=True):
        ends = [[0, longest - length], *([0, 0] for _ in sequence.shape[1:])]
        value = tf.cast(padding_value, sequence.dtype)
        padded.append(tf.pad(sequence, ends, constant_values=value))
    return tf.stack(padded, axis=0 if batch_first else 1)


class PackedSequence:
    """torch.nn.utils.rnn.PackedSequence, which keeps its sequences padded (T, N, …) beside their lengths."""

    def __init__(self, data, batch_sizes, sorted_indices=None, unsorted_indices=None):
        batch_sizes = tf.convert_to_tensor(batch_sizes)
        inside = tf.range(batch_sizes[0])[None] < batch_sizes[:, None]
        sizes = tf.concat([tf.shape(inside), tf.shape(data)[1:]], 0)
        self.padded = tf.scatter_nd(tf.cast(tf.where(inside), tf.int32), data, sizes)
        self.lengths = tf.reduce_sum(tf.cast(inside, tf.int64), 0)
        if unsorted_indices is None and sorted_indices is not None:
            unsorted_indices = tf.argsort(sorted_indices)
        if unsorted_indices is not None:
            self.padded = tf.gather(self.padded, unsorted_indices, axis=1)
            self.lengths = tf.gather(self.lengths, unsorted_indices)

    @classmethod
    def of(cls, padded, lengths):
        """The sequences of a padded tensor (T, N, …)."""
        self = cls.__new__(cls)
        self.padded, self.lengths = padded, lengths
        return self

    def _order(self):
        return tf.argsort(self.lengths, direction="DESCENDING", stable=True)

    @property
    def data(self):
        """The elements as torch packs them: of all sequences the first ones, the longest sequence first."""
        order = self._order()
        inside = tf.sequence_mask(tf.gather(self.lengths, order), shape(self.padded)[0])
        return tf.boolean_mask(tf.gather(self.padded, order, axis=1), tf.transpose(inside))

    @property
    def batch_sizes(self):
        """How many sequences have an element at each step."""
        inside = tf.sequence_mask(self.lengths, shape(self.padded)[0])
        return tf.reduce_sum(tf.cast(inside, tf.int64), 0)

    @property
    def sorted_indices(self):
        return tf.cast(self._order(), tf.int64)

    @property
    def unsorted_indices(self):
        return tf.cast(tf.argsort(self._order()), tf.int64)

    def to(self, *args, **kwargs):
        """This object itself: TensorFlow places tensors by tf.device."""
        return self

    cpu = cuda = to


def pack_padded_sequence(input, lengths, batch_first=False, enforce_sorted=True):
    """torch.nn.utils.rnn.pack_padded_sequence."""
    lengths = tf.cast(tf.convert_to_tensor(lengths), tf.int64)
    x = swap_first(input) if batch_first else input
    if tf.executing_eagerly() and enforce_sorted and (lengths[1:] > lengths[:-1]).numpy().any():
        raise RuntimeError("`lengths` must be sorted in decreasing order when enforce_sorted=True")
    return PackedSequence.of(x[: tf.reduce_max(lengths)], lengths)


def pack_sequence(sequences, enforce_sorted=True):
    """torch.nn.utils.rnn.pack_sequence."""
    lengths = [shape(sequence)[0] for sequence in sequences]
    longest = tf.reduce_max(tf.stack(lengths))
    padded = [
        tf.pad(x, [[0, longest - n], *[[0, 0]] * (len(x.shape) - 1)])
        for x, n in zip(sequences, lengths, strict=True)
    ]
    return pack_padded_sequence(tf.stack(padded, 1), lengths, False, enforce_sorted)


def pad_packed_sequence(sequence, batch_first=False, padding_value=0.0, total_length=None):
    """torch.nn.utils.rnn.pad_packed_sequence: the padded sequences and their lengths."""
    x, lengths = sequence.padded, sequence.lengths
    inside = tf.transpose(tf.sequence_mask(lengths, shape(x)[0]))
    x = tf.where(tf.reshape(inside, (*shape(inside), *[1] * (len(x.shape) - 2))), x, padding_value)
    if total_length is not None:
        behind = [[0, total_length - shape(x)[0]], *[[0, 0]] * (len(x.shape) - 1)]
        x = tf.pad(x, behind, constant_values=padding_value)
    return (swap_first(x) if batch_first else x), lengths


def swap_first(x):
    """The first two axes swapped."""
    return tf.transpose(x, (1, 0, *range(2, len(x.shape))))
