"""Indexing, slice stores, gathers and scatters against torch."""

import numpy as np
import pytest
import tensorflow as tf
import torch

from transpile.support import index as indexing

I64 = np.array([2, -1, 0])
MASK = np.array([True, False, True, True])
KEYS = [
    (1,),
    (slice(1, 3),),
    (Ellipsis, 0),
    (slice(None), slice(None, None, 2)),
    (None, 0, Ellipsis, None),
    (I64,),
    (slice(None), I64),
    (0, I64),
    (I64, slice(None), I64),
    (slice(None), I64, I64),
    (slice(None), None, I64),
    (np.array([[0, 1], [2, 3]]), 1),
    (MASK,),
    (slice(1, 4), slice(None), np.array([True] * 3 + [False] * 2)),
    (Ellipsis, [0, 2]),
    (np.array([[0], [1]]), np.array([[0, 1, 2]])),
    (MASK, 1),
]


def both(key, wrap):
    return tuple(wrap(k) if isinstance(k, np.ndarray) else k for k in key)


@pytest.mark.parametrize("key", KEYS)
def test_read_and_write(against, key):
    a = against.random(4, 3, 5)
    if any(isinstance(k, np.ndarray) and k is I64 for k in key[1:]) and key[1] is I64:
        a = against.random(4, 4, 5)
    t, f = both(key, torch.tensor), both(key, tf.constant)
    want = torch.tensor(a)[t]
    against.same(indexing.index(tf.constant(a), f), want)
    for value in (7, against.random(*want.shape), against.random(*want.shape[-1:]), np.float64(2)):
        written = torch.tensor(a)
        written[t] = torch.tensor(value, dtype=torch.float32)
        against.same(indexing.slice_update(tf.constant(a), f, value), written, str(key))


def test_masked_store_of_the_whole_tensor_and_gradient(against):
    a = against.random(3, 4)
    want = torch.tensor(a)
    want[want > 0] = 0.0
    x = tf.constant(a)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = indexing.slice_update(x, x > 0, 0.0)
        z = tf.reduce_sum(indexing.slice_update(y, (slice(None), 1), tf.reduce_sum(y, 1)))
    against.same(y, want)
    slope = tape.gradient(z, x).numpy()
    assert np.all(slope[a > 0] == 0)
    np.testing.assert_array_equal(slope[:, 0][a[:, 0] <= 0], 2)
    assert indexing.slice_update(tf.constant([1, 2]), 0, 5).numpy().tolist() == [5, 2]
    traced = tf.function(
        lambda x: indexing.slice_update(x, (slice(1, None), slice(None, -1)), 3.0),
        input_signature=[tf.TensorSpec((None, None))],
    )
    want = torch.tensor(a)
    want[1:, :-1] = 3.0
    against.same(traced(a), want)
    assert indexing.is_array(tf.constant([1])) and not indexing.is_array(tf.constant(1))
    assert indexing.full_key(x, Ellipsis) == [slice(None)] * 2 and indexing.shape_of(2) == ()
    assert indexing.trimmed(tf.zeros((1, 1, 3)), 1).shape == (3,)


def test_gather_and_scatter(against):
    a, src = against.random(3, 4, 5), against.random(2, 3, 4)
    at = np.random.randint(0, 3, (2, 3, 4))
    x, t, i, j = tf.constant(a), torch.tensor(a), tf.constant(at), torch.tensor(at)
    for dim in (0, 1, -1):
        against.same(indexing.gather(x, dim, i), torch.gather(t, dim, j))
        against.same(indexing.scatter_add(x, dim, i, src), t.scatter_add(dim, j, torch.tensor(src)))
        against.same(indexing.scatter(x, dim, i, 2.5), t.scatter(dim, j, 2.5))
        against.same(
            indexing.scatter(x, dim, i, src, "add"), t.scatter(dim, j, torch.tensor(src), reduce="add")
        )
        for reduce in ("sum", "mean", "amax", "amin"):
            for include_self in (True, False):
                got = indexing.scatter_reduce(x, dim, i, src, reduce, include_self)
                want = t.scatter_reduce(dim, j, torch.tensor(src), reduce, include_self=include_self)
                against.same(got, want, f"{reduce} {include_self}")
    full = np.argsort(a, -1)
    against.same(indexing.gather(x, 2, tf.constant(full)), np.sort(a, -1))
    unique = np.array([[1, 0, 2, 3]])
    want = torch.zeros(3, 4).scatter(0, torch.tensor(unique % 3), 1.0)
    against.same(indexing.scatter(tf.zeros((3, 4)), 0, tf.constant(unique % 3), 1.0), want)
    want = torch.ones(3, 4).mul(3).scatter(0, torch.tensor(unique % 3), 2.0, reduce="multiply")
    against.same(indexing.scatter(tf.ones((3, 4)) * 3, 0, tf.constant(unique % 3), 2.0, "multiply"), want)
    assert indexing.positions(i, 0).shape == (2, 3, 4, 3) and indexing.without(1, i, i) == [(2, 2), (4, 4)]
    assert indexing.scattered(i, 1, tf.float32).shape == (2, 3, 4)


def test_index_functions(against):
    a, rows = against.random(3, 4, 5), np.array([2, 0])
    x, t, i, j = tf.constant(a), torch.tensor(a), tf.constant(rows), torch.tensor(rows)
    for dim in (0, 1, -1):
        sizes = [2 if d == dim % 3 else n for d, n in enumerate(a.shape)]
        source = against.random(*sizes)
        against.same(indexing.index_select(x, dim, i), t.index_select(dim, j))
        against.same(
            indexing.index_add(x, dim, i, source, alpha=2), t.index_add(dim, j, torch.tensor(source), alpha=2)
        )
        against.same(indexing.index_copy(x, dim, i, source), t.index_copy(dim, j, torch.tensor(source)))
        against.same(indexing.index_fill(x, dim, i, 3), t.index_fill(dim, j, 3))
        against.same(indexing.select(x, dim, -1), t.select(dim, -1))
        against.same(indexing.narrow(x, dim, -2, 2), t.narrow(dim, -2, 2))
    order = np.argsort(a, 1)
    against.same(indexing.take_along_dim(x, tf.constant(order), 1), np.sort(a, 1))
    against.same(indexing.take_along_dim(x, tf.constant(rows)), torch.take_along_dim(t, j))
    mask = a > 0
    against.same(indexing.masked_fill(x, mask, -1), t.masked_fill(torch.tensor(mask), -1))
    against.same(indexing.masked_select(x, tf.constant(mask[:1])), t.masked_select(torch.tensor(mask[:1])))
    source = against.random(60)
    want = t.masked_scatter(torch.tensor(mask), torch.tensor(source))
    against.same(indexing.masked_scatter(x, mask, tf.constant(source)), want)


def test_indices_over_many_axes(against):
    a = against.random(4, 3, 5)
    random = np.random.default_rng(0)
    picks = (
        random.integers(0, 4, (2, 1, 1, 1, 1, 1)),
        np.arange(3)[None, :, None, None, None, None],
        random.integers(0, 5, (2, 1, 3, 2, 1, 2)),
    )
    rows = random.integers(0, 4, (2, 1, 3, 1, 2, 1))
    for key in (picks, (rows, picks[1], random.integers(0, 5, (2, 1, 1, 4, 1, 2)))):
        want = torch.tensor(a)[tuple(map(torch.tensor, key))]
        against.same(indexing.index(tf.constant(a), tuple(map(tf.constant, key))), want)
