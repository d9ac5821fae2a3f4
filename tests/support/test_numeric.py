"""Arithmetic, reductions, sorting and matrices against torch: values, shapes and dtypes."""

import itertools
import math

import numpy as np
import pytest
import tensorflow as tf
import torch

from transpile.support import matrix, numeric, order

DTYPES = ["bool", "uint8", "int8", "int32", "int64", "float16", "bfloat16", "float32", "float64", "complex64"]


@pytest.mark.parametrize(("a", "b"), list(itertools.product(DTYPES, DTYPES)))
def test_result_types(a, b):
    if {"float16", "bfloat16"} & {a, b} and "complex64" in (a, b):
        pytest.skip("TensorFlow has no complex32")
    for shape in ((), (2,)):
        want = torch.result_type(
            torch.ones(2, dtype=getattr(torch, a)), torch.ones(shape, dtype=getattr(torch, b))
        )
        got = numeric.result_type(tf.ones(2, getattr(tf, a)), tf.ones(shape, getattr(tf, b)))
        assert str(want).endswith(got.name), (shape, want, got)
    for number in (True, 1, 1.0, *[1j] * (a not in ("float16", "bfloat16"))):
        want = torch.result_type(torch.ones(2, dtype=getattr(torch, a)), number)
        assert str(want).endswith(numeric.result_type(tf.ones(2, getattr(tf, a)), number).name), number


def test_promotion():
    a, b = numeric.promote(tf.constant([1, 2]), tf.constant([0.5, 1.5]))
    assert a.dtype == b.dtype == tf.float32
    assert numeric.promote(tf.constant([1], tf.uint8), 300.5)[1].dtype == tf.float32
    assert numeric.as_float(tf.constant([1])).dtype == tf.float32 == numeric.as_float(1.5).dtype
    assert (
        numeric.dtype_category(tf.bool) < numeric.dtype_category(tf.int8) < numeric.dtype_category(tf.float16)
    )
    assert numeric.DTYPE_ORDER[0] == tf.bool


BINARY = ["div", "floor_divide", "remainder", "add", "sub", "mul", "where"]


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("kinds", ["ff", "ii", "if", "fi"])
def test_binary(against, name, kinds):
    numbers = {"f": np.array([5.5, -5.5, 3.0, -3.0, 0.0], "float32"), "i": np.array([5, -5, 3, -3, 7])}
    others = {"f": np.array([2.0, 2.0, -2.0, -2.5, 1.5], "float32"), "i": np.array([2, 2, -2, -4, 3])}
    a, b = numbers[kinds[0]], others[kinds[1]]
    first = (np.array([True, False, True, False, True]),) if name == "where" else ()
    want = getattr(torch, name)(*map(torch.tensor, (*first, a, b)))
    got = getattr(numeric, name)(*map(tf.constant, (*first, a, b)))
    against.same(got, want)
    assert str(want.dtype).endswith(got.dtype.name)


def test_more_arithmetic(against):
    a, b = against.random(3, 4), against.random(3, 4)
    x, y, t, u = tf.constant(a), tf.constant(b), torch.tensor(a), torch.tensor(b)
    against.same(numeric.div(x, y, "trunc"), torch.div(t, u, rounding_mode="trunc"))
    i, j = np.array([7, -7]), np.array([2, 2])
    against.same(numeric.div(tf.constant(i), tf.constant(j), "trunc"), [3, -3])
    against.same(numeric.add(x, y, alpha=2), torch.add(t, u, alpha=2))
    against.same(numeric.sub(x, y, alpha=2), torch.sub(t, u, alpha=2))
    against.same(numeric.mul(tf.constant([True]), tf.constant([False])), [False])
    against.same(numeric.power(tf.constant([2, 3]), 2), [4, 9])
    against.same(numeric.power(2, x), torch.pow(2, t))
    for bounds in [(-0.5, 0.5), (None, 0), (0, None)]:
        against.same(numeric.clamp(x, *bounds), t.clamp(*bounds))
    against.same(numeric.clamp(tf.constant([1, 5]), 2.5), torch.tensor([1, 5]).clamp(2.5))
    odd = np.array([np.nan, np.inf, -np.inf, 1.0], "float32")
    for options in ({}, {"nan": 2.0, "posinf": 3.0, "neginf": -3.0}):
        against.same(
            numeric.nan_to_num(tf.constant(odd), **options), torch.nan_to_num(torch.tensor(odd), **options)
        )
    odd[1:3] = 5
    against.same(numeric.nansum(tf.constant(odd)), torch.nansum(torch.tensor(odd)))
    against.same(numeric.nanmean(tf.constant(odd), 0, True), torch.nanmean(torch.tensor(odd), 0, True))


@pytest.mark.parametrize(
    "arguments", [(), (1,), (-1,), ((0, 2),), (1, True, True), (1, False), ((0, 1), False, True)]
)
def test_spread(against, arguments):
    a = against.random(3, 4, 5)
    for name in ("var", "std", "var_mean", "std_mean"):
        against.nest(
            getattr(numeric, name)(tf.constant(a), *arguments),
            getattr(torch, name)(torch.tensor(a), *arguments),
        )
    got = numeric.std(tf.constant(a), 1, correction=2)
    against.same(got, torch.std(torch.tensor(a), dim=1, correction=2))


@pytest.mark.parametrize("p", ["fro", 0, 1, 2, 3, 0.5, math.inf, -math.inf])
def test_norms(against, p):
    a = against.random(3, 4, 5)
    for dim, keepdim in [(None, False), (1, True), ((0, 2), False)]:
        want = torch.norm(torch.tensor(a), p, dim, keepdim)
        against.same(numeric.norm(tf.constant(a), p, dim, keepdim), want)
    if p not in ("fro", 0, -math.inf):
        against.same(
            numeric.normalize(tf.constant(a), p, 2), torch.nn.functional.normalize(torch.tensor(a), p, 2)
        )


def test_norm_of_zero_has_no_gradient():
    x = tf.zeros(3)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = numeric.norm(x)
    assert tape.gradient(y, x).numpy().tolist() == [0, 0, 0] and numeric.safe_sqrt(tf.constant(4.0)) == 2
    matrix_ = np.arange(6.0, dtype="float32").reshape(2, 3)
    np.testing.assert_allclose(
        numeric.norm(tf.constant(matrix_), "nuc"), torch.norm(torch.tensor(matrix_), "nuc"), 1e-5
    )


def test_distances(against, data_format):
    a, b = against.random(2, 4, 5), against.random(2, 4, 5)
    x, y, t, u = tf.constant(a), tf.constant(b), torch.tensor(a), torch.tensor(b)
    F = torch.nn.functional
    against.same(numeric.cosine_similarity(x, y, -1), F.cosine_similarity(t, u, -1))
    against.same(
        numeric.pairwise_distance(x, y, 1.0, keepdim=True), F.pairwise_distance(t, u, 1.0, keepdim=True)
    )
    against.same(numeric.cdist(x, y[:, :2]), torch.cdist(t, u[:, :2]))
    image = against.random(2, 3, 4, 5)
    against.images(F.normalize, lambda x: numeric.normalize(x, data_format=data_format), image, data_format)


def test_reductions_and_creation(against):
    a = np.array([[1, 0, 3], [0, 5, 5]])
    x, t = tf.constant(a), torch.tensor(a)
    against.same(numeric.sum_of(tf.constant(a > 0), 1), (t > 0).sum(1))
    assert numeric.sum_of(tf.constant([True])).dtype == tf.int64
    against.same(numeric.mean(x, 0, True, tf.float32), t.mean(0, True, dtype=torch.float32))
    against.same(numeric.nonzero(x), t.nonzero())
    against.nest(numeric.nonzero(x > 0, as_tuple=True), t.nonzero(as_tuple=True))
    against.nest(numeric.where(x > 0), torch.where(t > 0))
    against.same(numeric.one_hot(x), torch.nn.functional.one_hot(t))
    against.same(numeric.one_hot(x, 7), torch.nn.functional.one_hot(t, 7))
    against.same(numeric.bincount(x[1]), t[1].bincount())
    weights = np.array([0.5, 1.0, 2.0], "float32")
    against.same(numeric.bincount(x[1], weights, 8), t[1].bincount(torch.tensor(weights), 8))
    f = tf.constant([1.0, np.nan, 1.000001])
    assert numeric.equal(f[:1], f[:1]) is True and numeric.equal(f, f[:1]) is False
    for arguments in [(4,), (1, 4), (1, 9, 3), (0.5, 3), (5, 0, -2), (1, 2, 0.25)]:
        got, want = numeric.arange(*arguments), torch.arange(*arguments)
        against.same(got, want)
        assert str(want.dtype).endswith(got.dtype.name)
    against.same(numeric.linspace(-1, 2, 7), torch.linspace(-1, 2, 7))
    against.same(numeric.full_like(x, 4), torch.full_like(t, 4))


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_ordering(against, dim):
    a = np.random.randint(0, 4, (5, 4, 3)).astype("float32")
    x, t = tf.constant(a), torch.tensor(a)
    for descending in (False, True):
        want = torch.sort(t, dim=dim, descending=descending, stable=True)
        against.nest(order.sort(x, dim, descending), tuple(want))
        against.same(order.argsort(x, dim, descending), want.indices)
    b = against.random(5, 4, 3)
    x, t = tf.constant(b), torch.tensor(b)
    for largest in (True, False):
        against.nest(order.topk(x, 2, dim, largest), tuple(torch.topk(t, 2, dim, largest)))
    for keepdim in (False, True):
        for name in ("max", "min", "median"):
            ours = getattr(order, f"{name}_of" if name != "median" else name)
            got = ours(x, dim, keepdim)
            against.nest(got, tuple(getattr(torch, name)(t, dim, keepdim)), name)
            assert got.indices.dtype == tf.int64 and got.values is got[0]
        against.nest(order.kthvalue(x, 2, dim, keepdim), tuple(torch.kthvalue(t, 2, dim, keepdim)))
        against.same(order.argmax(x, dim, keepdim), t.argmax(dim, keepdim))
        against.same(order.argmin(x, dim, keepdim), t.argmin(dim, keepdim))
        against.same(order.quantile(x, 0.3, dim, keepdim), torch.quantile(t, 0.3, dim, keepdim))
        q = [0.0, 0.4, 1.0]
        against.same(order.quantile(x, q, dim, keepdim), torch.quantile(t, torch.tensor(q), dim, keepdim))
    against.same(order.cumsum(x, dim), t.cumsum(dim))
    against.same(order.cumprod(x, dim), t.cumprod(dim))
    against.nest(order.cummax(tf.constant(a), dim), tuple(torch.tensor(a).cummax(dim)))
    against.same(order.roll(x, 2, dim), t.roll(2, dim))
    against.same(
        order.flip(x, dim, 0) if dim == 1 else order.flip(x, [dim]),
        t.flip(dim, 0) if dim == 1 else t.flip(dim),
    )
    assert order.take_along(x, order.argsort(x, dim), dim).shape == x.shape


def test_ordering_of_everything(against):
    a = np.array([[3, 1, 2], [3, 0, 1]])
    x, t = tf.constant(a), torch.tensor(a)
    for name, ours in [("max", order.max_of), ("min", order.min_of), ("median", order.median)]:
        against.same(ours(x), getattr(torch, name)(t))
    against.same(order.argmax(x), t.argmax())
    against.same(order.argmin(x), t.argmin())
    against.same(order.max_of(x, x[::-1]), torch.maximum(t, t.flip(0)))
    against.same(order.min_of(x, x[::-1]), torch.minimum(t, t.flip(0)))
    against.same(order.argsort(x > 1, descending=True), torch.argsort(t > 1, descending=True, stable=True))
    assert (
        order.cumsum(tf.constant([True, True]), 0).dtype
        == tf.int64
        == order.cumprod(tf.constant([2]), 0).dtype
    )
    against.nest(
        order.unique(x, return_inverse=True, return_counts=True),
        t.unique(return_inverse=True, return_counts=True),
    )
    rows = np.array([[2, 1], [0, 5], [2, 1], [0, 3]])
    want = torch.unique(torch.tensor(rows), dim=0, return_inverse=True)
    against.nest(order.unique(tf.constant(rows), return_inverse=True, dim=0), want)
    assert order.sorted_rows(tf.constant(rows), 0).numpy().tolist() == [3, 1, 0, 2]
    runs = np.array([1, 1, 2, 2, 2, 1])
    want = torch.unique_consecutive(torch.tensor(runs), return_inverse=True, return_counts=True)
    against.nest(order.unique_consecutive(tf.constant(runs), True, True), want)
    edges = np.array([1.0, 2.0, 2.0, 4.0], "float32")
    points = np.array([[0.0, 2.0], [3.0, 9.0]], "float32")
    for right in (False, True):
        want = torch.searchsorted(torch.tensor(edges), torch.tensor(points), right=right)
        against.same(order.searchsorted(tf.constant(edges), tf.constant(points), right), want)
    against.same(order.roll(x, 4), t.roll(4))
    f = x / 1
    against.same(order.quantile(tf.cast(f, tf.float32), 0.5), torch.quantile(t.float(), 0.5))
    assert order.Indexed(1, 2).indices == 2


def test_matrices(against):
    a, b, c = against.random(2, 3, 4), against.random(2, 4, 5), against.random(2, 3, 5)
    x, y, z, t, u, v = *map(tf.constant, (a, b, c)), *map(torch.tensor, (a, b, c))
    against.same(matrix.bmm(x, y), torch.bmm(t, u))
    against.same(matrix.baddbmm(z, x, y, beta=0.5, alpha=2), torch.baddbmm(v, t, u, beta=0.5, alpha=2))
    against.same(matrix.addmm(z[0], x[0], y[0]), torch.addmm(v[0], t[0], u[0]))
    for left, right in [((3,), (3,)), ((3,), (3, 2)), ((2, 3), (3,)), ((5, 2, 3), (3, 2)), ((3,), (4, 3, 2))]:
        p, q = against.random(*left), against.random(*right)
        against.same(
            matrix.matmul(tf.constant(p), tf.constant(q)), torch.matmul(torch.tensor(p), torch.tensor(q))
        )
    against.same(matrix.outer(x[0, 0], y[0, 0]), torch.outer(t[0, 0], u[0, 0]))
    p, q = against.random(4, 3, 2), against.random(1, 3, 2)
    want = torch.linalg.cross(torch.tensor(p), torch.tensor(q), dim=1)
    against.same(matrix.cross(tf.constant(p), tf.constant(q), 1), want)
    for offset in (-1, 0, 2):
        against.same(matrix.diagonal(x, offset, 1, 2), torch.diagonal(t, offset, 1, 2))
        against.same(matrix.diagonal(x, offset, 0, 2), torch.diagonal(t, offset, 0, 2))
        against.same(matrix.diag(x[0], offset), torch.diag(t[0], offset))
        against.same(matrix.diag(x[0, 0], offset), torch.diag(t[0, 0], offset))
        against.same(matrix.tril(x, offset), torch.tril(t, offset))
        against.same(matrix.triu(x, offset), torch.triu(t, offset))
    assert matrix.triangle_mask(x, 0, True).shape == (3, 4)


def test_invert(against):
    for values in (np.array([True, False]), np.array([5, -3]), np.array([7], "uint8")):
        against.same(numeric.invert(tf.constant(values)), ~torch.tensor(values))
