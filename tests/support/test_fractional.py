"""Fractional max pooling against torch: with the same random numbers the same windows, values and indices."""

import pytest
import tensorflow as tf
import torch
import torch.nn.functional as F

from transpile.support import fractional

CASES = [
    (2, {"kernel_size": 2, "output_ratio": (0.5, 0.6)}),
    (2, {"kernel_size": (2, 3), "output_size": (4, 3)}),
    (2, {"kernel_size": 3, "output_size": 1}),
    (3, {"kernel_size": 2, "output_size": 3}),
    (3, {"kernel_size": (3, 1, 2), "output_ratio": (0.5, 0.7, 0.6)}),
]
SIZES = {2: (9, 7), 3: (8, 9, 7)}


@pytest.mark.parametrize(("rank", "options"), CASES)
@pytest.mark.parametrize("batch", [True, False])
def test_values_indices_and_gradient(against, data_format, rank, options, batch):
    sizes = (3, 4, *SIZES[rank]) if batch else (4, *SIZES[rank])
    a = against.random(*sizes)
    samples = torch.rand((3 if batch else 1), 4, rank)
    x = torch.tensor(a, requires_grad=True)
    pool = getattr(F, f"fractional_max_pool{rank}d")
    want, places = pool(x, **options, return_indices=True, _random_samples=samples)
    last = data_format == "channels_last"
    move = (lambda t: tf.einsum("nc...->n...c", t)) if batch else (lambda t: tf.einsum("c...->...c", t))
    back = (lambda t: tf.einsum("n...c->nc...", t)) if batch else (lambda t: tf.einsum("...c->c...", t))
    value = tf.constant(a)
    with tf.GradientTape() as tape:
        tape.watch(value)
        got, indices = getattr(fractional, f"fractional_max_pool{rank}d")(
            move(value) if last else value,
            **options,
            return_indices=True,
            _random_samples=tf.constant(samples.numpy()),
            data_format=data_format,
        )
        got = back(got) if last else got
    against.same(got, want)
    against.same(back(indices) if last else indices, places)
    want.sum().backward()
    against.same(tape.gradient(got, value), x.grad)


@pytest.mark.parametrize("rank", [2, 3])
def test_layer_draws_its_own_numbers(data_format, rank):
    theirs = getattr(torch.nn, f"FractionalMaxPool{rank}d")(2, output_ratio=0.6)
    ours = getattr(fractional, f"FractionalMaxPool{rank}d")(2, output_ratio=0.6, data_format=data_format)
    want = theirs(torch.rand(2, 5, *SIZES[rank]))
    sizes = (*SIZES[rank], 5) if data_format == "channels_last" else (5, *SIZES[rank])
    got = ours(tf.random.uniform((2, *sizes)))
    assert sorted(got.shape) == sorted(want.shape)
