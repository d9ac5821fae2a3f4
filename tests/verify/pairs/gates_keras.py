"""The same, ported by hand and right."""

import tensorflow as tf
from tensorflow.keras import layers


class Cell(layers.Layer):
    def __init__(self, size, hidden):
        super().__init__()
        self.given = layers.Dense(4 * hidden)
        self.kept = layers.Dense(4 * hidden, use_bias=False)

    def call(self, x, h, c):
        i, f, g, o = tf.split(self.given(x) + self.kept(h), 4, axis=1)
        c = tf.sigmoid(f + 1.0) * c + tf.sigmoid(i) * tf.tanh(g)
        return tf.sigmoid(o) * tf.tanh(c), c


class Reader(layers.Layer):
    def __init__(self, size=6, hidden=8):
        super().__init__()
        self.hidden = hidden
        self.cell = Cell(size, hidden)
        self.slope = layers.PReLU(shared_axes=[1])
        self.mix = layers.Dense(hidden)

    def call(self, x):
        h = tf.zeros([tf.shape(x)[0], self.hidden])
        c = tf.zeros_like(h)
        seen = []
        for step in range(x.shape[1]):
            h, c = self.cell(x[:, step], h, c)
            seen.append(h)
        y = tf.stack(seen, axis=1)
        turned = tf.roll(y, shift=1, axis=1)
        y = self.slope(y + turned)
        n = y.shape[1]
        spread = tf.math.reduce_std(y, axis=1) * (n / (n - 1)) ** 0.5 + tf.math.reduce_variance(y, axis=1)
        order = tf.argsort(tf.reduce_sum(y, -1), axis=1)
        best = tf.transpose(tf.math.top_k(tf.transpose(y, [0, 2, 1]), 2).values, [0, 2, 1])
        total = tf.clip_by_value(tf.cumsum(y, axis=1), -1.5, 1.5)
        soft = tf.math.softplus(2.0 * self.mix(total)) / 2.0
        z = 4 * y
        hard = z * tf.nn.relu6(z + 3.0) / 6.0
        return soft, spread, order, best, hard, tf.cast(tf.floor(4 * y), tf.int64) % 3
