"""The same transformer, ported by hand and right."""

import math

import tensorflow as tf
from tensorflow.keras import layers


class Attention(layers.Layer):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv = layers.Dense(3 * width)
        self.out = layers.Dense(width)

    def call(self, x, keep):
        b, n, d = tf.shape(x)[0], tf.shape(x)[1], x.shape[2]
        q, k, v = tf.split(self.qkv(x), 3, axis=-1)
        q, k, v = (
            tf.transpose(tf.reshape(t, [b, n, self.heads, d // self.heads]), [0, 2, 1, 3]) for t in (q, k, v)
        )
        scores = tf.matmul(q, k, transpose_b=True) / math.sqrt(d // self.heads)
        causal = tf.linalg.band_part(tf.ones([n, n]), -1, 0) > 0
        scores = tf.where(causal, scores, -1e30)
        scores = scores + (1.0 - keep)[:, None, None, :] * -4.0
        weights = tf.nn.softmax(scores, axis=-1)
        return self.out(tf.reshape(tf.transpose(tf.matmul(weights, v), [0, 2, 1, 3]), [b, n, d]))


class Block(layers.Layer):
    def __init__(self, width, heads):
        super().__init__()
        self.norm1 = layers.LayerNormalization(epsilon=1e-6)
        self.attention = Attention(width, heads)
        self.norm2 = layers.LayerNormalization(epsilon=1e-6)
        self.up = layers.Dense(4 * width)
        self.down = layers.Dense(width)

    def call(self, x, keep):
        x = x + self.attention(self.norm1(x), keep)
        return x + self.down(tf.nn.gelu(self.up(self.norm2(x)), approximate=False))


class Encoder(layers.Layer):
    def __init__(self, words=32, width=16, heads=4, depth=2):
        super().__init__()
        self.words = layers.Embedding(words, width)
        self.places = self.add_weight(shape=(64, width), name="places")
        self.blocks = [Block(width, heads) for _ in range(depth)]
        self.norm = layers.LayerNormalization(epsilon=1e-6)
        self.head = layers.Dense(words, use_bias=False)

    def call(self, ids, keep):
        n = tf.shape(ids)[1]
        x = self.words(ids) * 4.0 + self.places[:n]
        for block in self.blocks:
            x = block(x, keep)
        x = self.norm(x)
        pooled = tf.reduce_sum(x * keep[..., None], 1) / tf.reduce_sum(keep, 1, keepdims=True)
        return self.head(x), tf.tanh(pooled), tf.math.l2_normalize(pooled, axis=-1, epsilon=1e-24)
