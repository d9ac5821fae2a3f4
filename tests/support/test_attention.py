"""Attention and transformers against torch: values, gradients, masks."""

import numpy as np
import pytest
import tensorflow as tf
import torch
import torch.nn.functional as F

from transpile.support import attention, transformer

OPTIONS = [
    {"batch_first": True},
    {},
    {"bias": False, "batch_first": True},
    {"kdim": 6, "vdim": 5, "batch_first": True},
    {"add_bias_kv": True, "batch_first": True},
    {"add_zero_attn": True, "add_bias_kv": True},
]


@pytest.mark.parametrize("options", OPTIONS)
def test_multihead_attention(against, options):
    theirs = torch.nn.MultiheadAttention(8, 2, **options)
    ours = attention.MultiheadAttention(8, 2, **options)
    assert [n for n, _ in ours.named_parameters()] == [n for n, _ in theirs.named_parameters()]
    with torch.no_grad():
        for value in theirs.state_dict().values():
            value.copy_(torch.randn_like(value))
    against.copy(theirs, ours)
    first = options.get("batch_first", False)
    sizes = [(3, 4, 8), (3, 5, options.get("kdim", 8)), (3, 5, options.get("vdim", 8))]
    arrays = [against.random(*s if first else (s[1], s[0], s[2])) for s in sizes]
    padding = np.zeros((3, 5), bool)
    padding[1, 3:] = True
    masks = [
        {},
        {"key_padding_mask": padding},
        {"attn_mask": np.triu(np.ones((4, 5), bool), 2), "need_weights": False},
        {"attn_mask": against.random(4, 5), "average_attn_weights": False},
        {
            "attn_mask": against.random(6, 4, 5),
            "key_padding_mask": np.where(padding, -np.inf, 0).astype("f4"),
        },
    ]
    for mask in masks:
        t = {k: torch.tensor(v) if isinstance(v, np.ndarray) else v for k, v in mask.items()}
        f = {k: tf.constant(v) if isinstance(v, np.ndarray) else v for k, v in mask.items()}
        against.nest(ours(*map(tf.constant, arrays), **f), theirs(*map(torch.tensor, arrays), **t), str(mask))


def test_self_attention_gradients_and_open_shapes(against):
    theirs = torch.nn.MultiheadAttention(8, 2, batch_first=True)
    ours = attention.MultiheadAttention(8, 2, batch_first=True)
    against.copy(theirs, ours)
    a = against.random(3, 5, 8)
    against.images(lambda x: theirs(x, x, x)[0], lambda x: ours(x, x, x)[0], a, "channels_first", graph=False)
    with tf.GradientTape() as tape:
        x = tf.constant(a)
        loss = tf.reduce_sum(tf.square(ours(x, x, x)[0]))
    theirs.zero_grad()
    x = torch.tensor(a)
    theirs(x, x, x)[0].square().sum().backward()
    for (name, value), slope in zip(
        theirs.named_parameters(), tape.gradient(loss, list(ours.parameters())), strict=True
    ):
        slope = tf.transpose(slope) if name == "out_proj.weight" else slope  # a Keras kernel
        against.same(slope, value.grad, name)
    traced = tf.function(lambda x: ours(x, x, x)[0], input_signature=[tf.TensorSpec((None, None, 8))])
    against.same(traced(a), theirs(x, x, x)[0])
    against.nest(ours(a[0], a[0], a[0]), theirs(x[0], x[0], x[0]))


@pytest.mark.parametrize(
    "options",
    [{}, {"is_causal": True}, {"scale": 0.3}, {"mask": "bool"}, {"mask": "float"}, {"enable_gqa": True}],
)
def test_scaled_dot_product_attention(against, options):
    options = dict(options)
    heads = 2 if options.get("enable_gqa") else 4
    q, k, v = against.random(2, 4, 5, 8), against.random(2, heads, 5, 8), against.random(2, heads, 5, 6)
    mask = {"bool": np.tril(np.ones((5, 5), bool)), "float": against.random(5, 5)}.get(
        options.pop("mask", None)
    )
    t, f = ({}, {}) if mask is None else ({"attn_mask": torch.tensor(mask)}, {"attn_mask": tf.constant(mask)})
    got = attention.scaled_dot_product_attention(*map(tf.constant, (q, k, v)), **f, **options)
    want = F.scaled_dot_product_attention(*map(torch.tensor, (q, k, v)), **t, **options)
    against.same(got, want)
    assert attention.added_mask(None, tf.float32) is None
    against.same(attention.masked_softmax(tf.zeros((1, 4))), np.full((1, 4), 0.25, "float32"))


@pytest.mark.parametrize(
    "options", [{"batch_first": True}, {"norm_first": True, "activation": "gelu"}, {"bias": False}]
)
def test_encoder_and_decoder(against, options):
    options = {"dim_feedforward": 12, "dropout": 0.3, **options}
    x, y = against.random(3, 4, 8), against.random(3, 4, 8)
    for kind in ("Encoder", "Decoder"):
        theirs = getattr(torch.nn, f"Transformer{kind}Layer")(8, 2, **options)
        ours = getattr(transformer, f"Transformer{kind}Layer")(8, 2, **options)
        theirs = getattr(torch.nn, f"Transformer{kind}")(theirs, 2, torch.nn.LayerNorm(8)).eval()
        ours = getattr(transformer, f"Transformer{kind}")(ours, 2, transformer.LayerNorm(8))
        assert [n for n, _ in ours.named_parameters()] == [n for n, _ in theirs.named_parameters()]
        against.copy(theirs, ours)
        arrays = (x,) if kind == "Encoder" else (x, y)
        against.same(ours(*map(tf.constant, arrays)), theirs(*map(torch.tensor, arrays)))
        assert (
            np.abs(ours(*map(tf.constant, arrays), training=True) - ours(*map(tf.constant, arrays))).max()
            > 0.01
        )


def test_transformer_with_masks(against):
    options = {"num_encoder_layers": 1, "num_decoder_layers": 2, "dim_feedforward": 12, "batch_first": True}
    theirs, ours = torch.nn.Transformer(8, 2, **options).eval(), transformer.Transformer(8, 2, **options)
    against.copy(theirs, ours)
    x, y = against.random(3, 4, 8), against.random(3, 5, 8)
    mask = torch.nn.Transformer.generate_square_subsequent_mask(5)
    own = transformer.Transformer.generate_square_subsequent_mask(5)
    against.same(own, mask)
    padding = np.zeros((3, 4), bool)
    padding[2, 2:] = True
    want = theirs(
        torch.tensor(x), torch.tensor(y), tgt_mask=mask, memory_key_padding_mask=torch.tensor(padding)
    )
    got = ours(tf.constant(x), tf.constant(y), tgt_mask=own, memory_key_padding_mask=tf.constant(padding))
    against.same(got, want)
    assert transformer.activation_named("relu") is tf.nn.relu
