"""Less common reductions and elementwise functions against torch."""

import numpy as np
import pytest
import tensorflow as tf
import torch

from transpile.support import order, statistics

ODD = np.array([1.5, -1.5, 0.0, -0.0, np.nan, 2.0, -7.25], "float32")


@pytest.mark.parametrize("name", ["trunc", "signbit", "entr", "logit", "mvlgamma"])
def test_elementwise(against, name):
    theirs = torch.special.entr if name == "entr" else getattr(torch, name)
    a = {"logit": np.array([0.1, 0.9], "float32"), "mvlgamma": np.array([3.0, 4.5], "float32")}.get(name, ODD)
    extra = (3,) if name == "mvlgamma" else ()
    against.same(getattr(statistics, name)(tf.constant(a), *extra), theirs(torch.tensor(a), *extra))
    if name == "logit":
        against.same(statistics.logit(tf.constant(ODD[:4]), 1e-2), torch.logit(torch.tensor(ODD[:4]), 1e-2))
    if name == "signbit":
        assert statistics.signbit(tf.constant([-1, 1])).numpy().tolist() == [True, False]


@pytest.mark.parametrize("name", ["fmax", "fmin", "copysign"])
def test_binary(against, name):
    b = ODD[::-1].copy()
    want = getattr(torch, name)(torch.tensor(ODD), torch.tensor(b))
    against.same(getattr(statistics, name)(tf.constant(ODD), tf.constant(b)), want)


def test_truncated_division(against):
    for a, b in [([7, -7], [2, 2]), ([7.0, -7.0], [2.0, 2.0]), ([7, -7], [2.0, 2.0])]:
        want = torch.div(torch.tensor(a), torch.tensor(b), rounding_mode="trunc")
        against.same(statistics.trunc_div(tf.constant(a), tf.constant(b)), want)


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_along_a_dimension(against, dim):
    a = np.random.randint(0, 3, (4, 5, 3)).astype("float32")
    x, t = tf.constant(a), torch.tensor(a)
    for keepdim in (False, True):
        against.nest(statistics.mode(x, dim, keepdim), tuple(torch.mode(t, dim, keepdim)))
        against.nest(statistics.aminmax(x, dim, keepdim), tuple(torch.aminmax(t, dim=dim, keepdim=keepdim)))
        against.nest(order.max_dim(x, dim, keepdim)[0], torch.max(t, dim, keepdim)[0])
        against.nest(order.min_dim(x, dim, keepdim)[0], torch.min(t, dim, keepdim)[0])
    against.nest(statistics.cummin(x, dim), tuple(torch.cummin(t, dim)))
    b = against.random(4, 5, 3)
    against.same(statistics.diff(tf.constant(b), 2, dim), torch.diff(torch.tensor(b), 2, dim))
    want = torch.diff(torch.tensor(b), dim=dim, prepend=t, append=t)
    if dim == 0:
        against.same(statistics.diff(tf.constant(b), dim=dim, prepend=x, append=x), want)
    against.same(
        statistics.trapezoid(tf.constant(b), dim=dim, dx=0.5),
        torch.trapezoid(torch.tensor(b), dim=dim, dx=0.5),
    )
    line = against.random(b.shape[dim])
    want = torch.trapezoid(torch.tensor(b), torch.tensor(line), dim=dim)
    against.same(statistics.trapezoid(tf.constant(b), tf.constant(line), dim=dim), want)
    b[b > 1] = np.nan
    x, t = tf.constant(b), torch.tensor(b)
    for keepdim in (False, True):
        want = torch.nanmedian(t, dim, keepdim)
        against.same(statistics.nanmedian(x, dim, keepdim)[0], want[0])
        for interpolation in ("linear", "lower", "higher", "midpoint", "nearest"):
            want = torch.nanquantile(t, 0.3, dim, keepdim, interpolation=interpolation)
            against.same(statistics.nanquantile(x, 0.3, dim, keepdim, interpolation), want, interpolation)
            want = torch.quantile(torch.tensor(a), 0.3, dim, keepdim, interpolation=interpolation)
            against.same(
                order.quantile(tf.constant(a), 0.3, dim, keepdim, interpolation), want, interpolation
            )


def test_of_everything(against):
    x, t = tf.constant(ODD), torch.tensor(ODD)
    against.same(statistics.nanmedian(x), t.nanmedian())
    against.same(statistics.nanquantile(x, 0.4), t.nanquantile(0.4))
    against.nest(statistics.aminmax(x[:4]), tuple(torch.aminmax(t[:4])))
    a = against.random(50)
    for arguments in [(4, -1, 1), (5,)]:
        against.same(statistics.histc(tf.constant(a), *arguments), torch.histc(torch.tensor(a), *arguments))
    rows = against.random(3, 6)
    against.same(statistics.cov(tf.constant(rows), 0), torch.cov(torch.tensor(rows), correction=0))
    against.same(statistics.cov(tf.constant(rows[0])), torch.cov(torch.tensor(rows[0])))
    against.same(statistics.corrcoef(tf.constant(rows)), torch.corrcoef(torch.tensor(rows)))
    assert statistics.corrcoef(tf.constant(rows[0])) == 1
    runs = np.array([[1, 1, 2], [1, 1, 2], [0, 1, 2], [1, 1, 2]])
    for dim in (0, 1):
        want = torch.unique_consecutive(torch.tensor(runs), True, True, dim)
        against.nest(order.unique_consecutive(tf.constant(runs), True, True, dim), want)


def test_draws_follow_the_weights():
    weights = tf.constant(np.tile([1.0, 0.0, 3.0], (3000, 1)).astype("float32"))
    for replacement in (False, True):
        y = statistics.multinomial(weights, 1, replacement).numpy()
        assert y.shape == (3000, 1) and set(np.unique(y)) == {0, 2} and 0.7 < np.mean(y == 2) < 0.8
    assert sorted(statistics.multinomial(weights[0], 2).numpy().tolist()) == [0, 2]
