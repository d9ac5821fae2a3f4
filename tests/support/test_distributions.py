"""Distributions against torch: what is computed is equal, with its gradients; what is drawn has the same moments."""

import numpy as np
import pytest
import tensorflow as tf
import torch

from transpile.support import (
    distributions,
    distributions_discrete,
    distributions_joint,
    distributions_positive,
)

OURS = {
    name: value
    for module in (distributions, distributions_discrete, distributions_positive, distributions_joint)
    for name, value in vars(module).items()
    if isinstance(value, type)
}


def numbers(*sizes, low=-1.5, high=1.5, seed=0):
    return np.random.default_rng(seed).uniform(low, high, sizes).astype("float32")


ANY, POSITIVE, OTHER = (
    numbers(2, 3),
    numbers(2, 3, low=0.4, high=2.5, seed=1),
    numbers(3, low=2.1, high=4, seed=2),
)
UNIT = numbers(2, 3, low=0.1, high=0.9, seed=3)
TRIANGLE = np.tril(numbers(2, 3, 3, low=0.2, high=1, seed=4)) + np.eye(3, dtype="float32")
SIMPLEX = UNIT / UNIT.sum(-1, keepdims=True)
WHOLE = np.array([[0, 1, 3], [2, 5, 1]], "float32")
CASES = [
    # kind, parameters, values
    ("Normal", {"loc": ANY, "scale": POSITIVE}, ANY[::-1]),
    ("Normal", {"loc": 0.0, "scale": OTHER}, ANY),
    ("Normal", {"loc": 0.5, "scale": 2.0}, ANY),
    ("LogNormal", {"loc": ANY, "scale": POSITIVE}, POSITIVE),
    ("HalfNormal", {"scale": POSITIVE}, POSITIVE),
    ("Uniform", {"low": -POSITIVE, "high": POSITIVE}, numbers(2, 3, low=-0.39, high=0.39)),
    ("Laplace", {"loc": ANY, "scale": POSITIVE}, ANY[::-1]),
    ("Gumbel", {"loc": ANY, "scale": POSITIVE}, ANY[::-1]),
    ("Exponential", {"rate": POSITIVE}, POSITIVE),
    ("Gamma", {"concentration": POSITIVE, "rate": OTHER}, POSITIVE),
    ("Chi2", {"df": POSITIVE}, POSITIVE),
    ("Beta", {"concentration1": POSITIVE, "concentration0": OTHER}, UNIT),
    ("StudentT", {"df": OTHER, "loc": ANY, "scale": POSITIVE}, ANY[::-1]),
    ("Dirichlet", {"concentration": POSITIVE}, SIMPLEX),
    ("Bernoulli", {"probs": UNIT}, (UNIT > 0.5).astype("float32")),
    ("Bernoulli", {"logits": ANY}, (UNIT > 0.5).astype("float32")),
    ("Geometric", {"probs": UNIT}, WHOLE),
    ("Poisson", {"rate": POSITIVE}, WHOLE),
    ("Categorical", {"probs": POSITIVE}, np.array([0, 2])),
    ("Categorical", {"logits": ANY}, np.array([[0, 2], [1, 1], [2, 0]])),
    ("OneHotCategorical", {"logits": ANY}, np.eye(3, dtype="float32")[[1, 2]]),
    ("OneHotCategoricalStraightThrough", {"probs": POSITIVE}, np.eye(3, dtype="float32")[[1, 2]]),
    ("MultivariateNormal", {"loc": ANY, "scale_tril": TRIANGLE}, numbers(4, 2, 3)),
    ("MultivariateNormal", {"loc": ANY[0], "covariance_matrix": TRIANGLE @ TRIANGLE.swapaxes(1, 2)}, ANY),
]
IDS = [f"{kind}-{'-'.join(p)}-{i}" for i, (kind, p, _) in enumerate(CASES)]


def pair(kind, parameters):
    """The two distributions, with torch's parameters and ours as they were given."""
    theirs = {k: torch.tensor(v, requires_grad=True) if np.ndim(v) else v for k, v in parameters.items()}
    ours = {k: tf.constant(v) if np.ndim(v) else v for k, v in parameters.items()}
    made = getattr(torch.distributions, kind)(**theirs, validate_args=False)
    return made, theirs, lambda: OURS[kind](**ours), ours


@pytest.mark.parametrize(("kind", "parameters", "value"), CASES, ids=IDS)
def test_log_prob_and_entropy_with_their_gradients(against, kind, parameters, value):
    theirs, leaves, make, given = pair(kind, parameters)
    for question in (lambda d: d.log_prob(torch.tensor(value.copy())), lambda d: d.entropy()):
        try:
            want = question(theirs)
        except NotImplementedError:
            continue
        is_entropy = question.__code__.co_names[0] == "entropy"
        with tf.GradientTape() as tape:
            watched = [v for v in given.values() if tf.is_tensor(v)]
            tape.watch(watched)
            ours = make()
            got = ours.entropy() if is_entropy else ours.log_prob(tf.constant(value))
        against.same(got, want, "entropy" if is_entropy else "log_prob")
        tensors = [t for t in leaves.values() if torch.is_tensor(t)]
        if tensors and want.requires_grad:
            wanted = torch.autograd.grad(want.sum(), tensors, allow_unused=True, retain_graph=True)
            for a, b in zip(tape.gradient(got, watched), wanted, strict=True):
                if b is not None:
                    zero = a is None and not b.abs().max()
                    assert zero or np.allclose(tf.convert_to_tensor(a), b.numpy(), 1e-3, 1e-4)


@pytest.mark.parametrize(("kind", "parameters", "value"), CASES, ids=IDS)
def test_moments_and_shapes(against, kind, parameters, value):
    theirs, _, make, _ = pair(kind, parameters)
    ours = make()
    assert tuple(ours.batch_shape) == tuple(theirs.batch_shape)
    assert tuple(ours.event_shape) == tuple(theirs.event_shape)
    assert ours.has_rsample == theirs.has_rsample
    for name in ("mean", "variance", "stddev", "mode", "probs", "logits"):
        if kind == "Categorical" and name == "stddev":
            continue
        try:
            want = getattr(theirs, name)
        except (AttributeError, NotImplementedError):
            continue
        if hasattr(ours, name) or name not in ("mode",):
            against.same(getattr(ours, name), want, name)


@pytest.mark.parametrize(("kind", "parameters", "value"), CASES, ids=IDS)
def test_cdf_and_its_inverse(against, kind, parameters, value):
    theirs, _, make, _ = pair(kind, parameters)
    for name, given in (("cdf", value), ("icdf", UNIT)):
        try:
            want = getattr(theirs, name)(torch.tensor(given.copy()))
        except (AttributeError, NotImplementedError):
            continue
        against.same(getattr(make(), name)(tf.constant(given)), want, name)


@pytest.mark.parametrize(("kind", "parameters", "value"), CASES, ids=IDS)
def test_samples(kind, parameters, value):
    theirs, _, make, given = pair(kind, parameters)
    ours = make()
    for sizes in ((), (5,), (2, 4)):
        want, got = theirs.sample(sizes), ours.sample(sizes)
        assert tuple(got.shape) == tuple(want.shape) and got.dtype.name == str(want.dtype)[6:]
    many, wanted = ours.sample((20000,)).numpy(), theirs.sample((20000,)).numpy()
    spread = wanted.std(0) + 1e-3
    assert (np.abs(many.mean(0) - wanted.mean(0)) < 0.06 * spread + 0.02 * np.abs(wanted.mean(0))).all()
    assert np.allclose(many.std(0), wanted.std(0), rtol=0.12, atol=0.02) or kind in ("StudentT", "LogNormal")
    if theirs.has_rsample:
        watched = [v for v in given.values() if tf.is_tensor(v)]
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(watched)
            drawn, fixed = make().rsample((3,)), make().sample((3,))
        assert all(g is not None for g in tape.gradient(drawn, watched))
        assert all(g is None for g in tape.gradient(fixed, watched))
    else:
        with pytest.raises(NotImplementedError):
            ours.rsample()


def test_independent(against):
    theirs = torch.distributions.Independent(
        torch.distributions.Normal(torch.tensor(ANY), torch.tensor(POSITIVE)), 1
    )
    ours = OURS["Independent"](OURS["Normal"](tf.constant(ANY), tf.constant(POSITIVE)), 1)
    value = numbers(4, 2, 3)
    against.same(ours.log_prob(tf.constant(value)), theirs.log_prob(torch.tensor(value)))
    against.same(ours.entropy(), theirs.entropy())
    against.same(ours.mean, theirs.mean)
    against.same(ours.mode, theirs.mode)
    assert (ours.batch_shape, ours.event_shape) == ((2,), (3,))
    assert tuple(ours.rsample((5,)).shape) == (5, 2, 3)


SECOND = {
    "Normal": {"loc": numbers(2, 3, seed=9), "scale": OTHER},
    "Uniform": {"low": -4 * POSITIVE, "high": 4 * POSITIVE},
    "Laplace": {"loc": numbers(2, 3, seed=9), "scale": OTHER},
    "Exponential": {"rate": OTHER},
    "Gamma": {"concentration": OTHER, "rate": POSITIVE},
    "Beta": {"concentration1": OTHER, "concentration0": POSITIVE},
    "Dirichlet": {"concentration": OTHER + POSITIVE},
    "Bernoulli": {"probs": UNIT[::-1].copy()},
    "Poisson": {"rate": OTHER},
    "Categorical": {"logits": numbers(2, 3, seed=9)},
    "OneHotCategorical": {"logits": numbers(2, 3, seed=9)},
    "MultivariateNormal": {"loc": numbers(2, 3, seed=9), "scale_tril": TRIANGLE[::-1].copy()},
}


@pytest.mark.parametrize("kind", SECOND)
def test_kl_divergence(against, kind):
    first = next(p for k, p, _ in CASES if k == kind)
    (p, _, ours, _), (q, _, other, _) = pair(kind, first), pair(kind, SECOND[kind])
    got = distributions_joint.kl_divergence(ours(), other())
    against.same(got, torch.distributions.kl_divergence(p, q))


def test_divergence_between_other_kinds_is_refused():
    with pytest.raises(NotImplementedError):
        distributions_joint.kl_divergence(OURS["Normal"](0.0, 1.0), OURS["Laplace"](0.0, 1.0))


def test_in_a_graph_of_open_shapes(against):
    @tf.function(input_signature=[tf.TensorSpec([None, None]), tf.TensorSpec([None, None])])
    def scored(loc, scale):
        normal, choice = OURS["Normal"](loc, scale), OURS["Categorical"](logits=loc)
        drawn = choice.sample((2,))
        return normal.log_prob(normal.rsample()), choice.log_prob(drawn), normal.sample((3,))

    found = scored(tf.constant(ANY), tf.constant(POSITIVE))
    assert [tuple(f.shape) for f in found] == [(2, 3), (2, 2), (3, 2, 3)]
