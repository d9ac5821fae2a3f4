"""Attention with torch's parameters, in torch's order, on tensors in torch's order."""

import math

import tensorflow as tf

from transpile.support.activation import dropout
from transpile.support.linear import NonDynamicallyQuantizableLinear, linear
from transpile.support.module import Module
from transpile.support.shape import reshape, shape


def scaled_dot_product_attention(
    query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False
):
    """torch.nn.functional.scaled_dot_product_attention; in a boolean mask True takes part."""
    if scale is None:
        width = query.shape[-1]
        scale = (
            tf.math.rsqrt(tf.cast(tf.shape(query)[-1], query.dtype))
            if width is None
            else 1.0 / math.sqrt(width)
        )
    query = query * scale
    if enable_gqa:
        repeats = query.shape[-3] // key.shape[-3]
        key, value = tf.repeat(key, repeats, axis=-3), tf.repeat(value, repeats, axis=-3)
    scores = tf.matmul(query, key, transpose_b=True)
    if is_causal:
        attn_mask = tf.linalg.band_part(tf.ones(shape(scores)[-2:], tf.bool), -1, 0)
    return tf.matmul(dropout(masked_softmax(scores, attn_mask), dropout_p), value)


def masked_softmax(scores, mask=None):
    """Softmax over the last axis of scores + mask; where a boolean mask is False nothing gets through."""
    if mask is None:
        return tf.nn.softmax(scores)
    if mask.dtype == tf.bool:
        mask = tf.where(mask, tf.zeros([], scores.dtype), -math.inf)
    return tf.nn.softmax(scores + tf.cast(mask, scores.dtype))


def added_mask(mask, dtype):
    """A mask of torch's attention layers (True, or -inf, keeps away) as numbers to add; None stays."""
    if mask is None or mask.dtype != tf.bool:
        return mask
    return tf.where(mask, tf.constant(-math.inf, dtype), tf.zeros([], dtype))


class MultiheadAttention(Module):
    """torch.nn.MultiheadAttention; returns (output, weights), with None for weights where they are not asked for."""

    def __init__(
        self,
        embed_dim,
        num_heads,
        dropout=0.0,
        bias=True,
        add_bias_kv=False,
        add_zero_attn=False,
        kdim=None,
        vdim=None,
        batch_first=False,
        device=None,
        dtype=None,
    ):
        super().__init__()
        self.embed_dim, self.num_heads, self.head_dim = embed_dim, num_heads, embed_dim // num_heads
        self.dropout, self.batch_first, self.add_zero_attn = dropout, batch_first, add_zero_attn
        self.kdim, self.vdim = kdim or embed_dim, vdim or embed_dim
        self._qkv_same_embed_dim = self.kdim == embed_dim and self.vdim == embed_dim
        self.in_proj_weight = self.q_proj_weight = self.k_proj_weight = self.v_proj_weight = None
        self.in_proj_bias = self.bias_k = self.bias_v = None
        glorot = tf.keras.initializers.GlorotUniform()
        if self._qkv_same_embed_dim:
            self.in_proj_weight = self.add_weight((3 * embed_dim, embed_dim), glorot, name="in_proj_weight")
        else:
            self.q_proj_weight = self.add_weight((embed_dim, embed_dim), glorot, name="q_proj_weight")
            self.k_proj_weight = self.add_weight((embed_dim, self.kdim), glorot, name="k_proj_weight")
            self.v_proj_weight = self.add_weight((embed_dim, self.vdim), glorot, name="v_proj_weight")
        if bias:
            self.in_proj_bias = self.add_weight((3 * embed_dim,), "zeros", name="in_proj_bias")
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias)
        if bias:
            self.out_proj.bias.assign(tf.zeros(embed_dim))
        if add_bias_kv:
            normal = tf.keras.initializers.GlorotNormal()
            self.bias_k = self.add_weight((1, 1, embed_dim), normal, name="bias_k")
            self.bias_v = self.add_weight((1, 1, embed_dim), normal, name="bias_v")

    def call(
        self,
        query,
        key,
        value,
        key_padding_mask=None,
        need_weights=True,
        attn_mask=None,
        average_attn_weights=True,
        is_causal=False,
        training=None,
    ):
        batched = len(query.shape) == 3
        if not batched:
            query, key, value = query[None], key[None], value[None]
            key_padding_mask = None if key_padding_mask is None else key_padding_mask[None]
        elif not self.batch_first:
            query, key, value = (tf.transpose(x, (1, 0, 2)) for x in (query, key, value))
        q, k, v = self.project(query, key, value)
        mask = added_mask(attn_mask, q.dtype)
        if mask is not None and len(mask.shape) == 3:  # (N * heads, target, source)
            mask = reshape(mask, (-1, self.num_heads, *shape(mask)[1:]))
        if key_padding_mask is not None:
            padding = added_mask(key_padding_mask, q.dtype)[:, None, None, :]
            mask = padding if mask is None else mask + padding
        k, v, mask = self.extend(k, v, mask)
        q, k, v = (self.heads(x) for x in (q * (1.0 / math.sqrt(self.head_dim)), k, v))
        weights = masked_softmax(tf.matmul(q, k, transpose_b=True), mask)
        weights = dropout(weights, self.dropout, training)
        y = tf.transpose(tf.matmul(weights, v), (0, 2, 1, 3))
        y = self.out_proj(reshape(y, (*shape(y)[:2], self.embed_dim)))
        weights = tf.reduce_mean(weights, 1) if average_attn_weights else weights
        if not batched:
            y, weights = y[0], weights[0]
        elif not self.batch_first:
            y = tf.transpose(y, (1, 0, 2))
        return y, weights if need_weights else None

    def project(self, query, key, value):
        """The projections of query, key and value, (N, length, embed_dim) each."""
        if self._qkv_same_embed_dim and query is key and key is value:
            return tf.split(linear(query, self.in_proj_weight, self.in_proj_bias), 3, -1)
        if self._qkv_same_embed_dim:
            weights = tf.split(tf.convert_to_tensor(self.in_proj_weight), 3)
        else:
            weights = (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight)
        biases = (
            (None,) * 3 if self.in_proj_bias is None else tf.split(tf.convert_to_tensor(self.in_proj_bias), 3)
        )
        return [linear(x, w, b) for x, w, b in zip((query, key, value), weights, biases, strict=True)]

    def extend(self, k, v, mask):
        """Adds the learned key and value, and the zero ones, where the layer has them."""
        n = shape(k)[0]
        if self.bias_k is not None:
            k = tf.concat([k, tf.tile(self.bias_k, (n, 1, 1))], 1)
            v = tf.concat([v, tf.tile(self.bias_v, (n, 1, 1))], 1)
            mask = None if mask is None else tf.pad(mask, [(0, 0)] * (len(mask.shape) - 1) + [(0, 1)])
        if self.add_zero_attn:
            k, v = tf.pad(k, [(0, 0), (0, 1), (0, 0)]), tf.pad(v, [(0, 0), (0, 1), (0, 0)])
            mask = None if mask is None else tf.pad(mask, [(0, 0)] * (len(mask.shape) - 1) + [(0, 1)])
        return k, v, mask

    def heads(self, x):
        """(N, length, embed_dim) to (N, heads, length, head_dim)."""
        x = reshape(x, (*shape(x)[:2], self.num_heads, self.head_dim))
        return tf.transpose(x, (0, 2, 1, 3))
