"""Optimizers with torch's formulas: ten steps on a quadratic, gradients of 1e-6 among them, every option."""

import numpy as np
import pytest
import tensorflow as tf
import torch

from transpile.support import optimizers, optimizers_more

CASES = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9, "dampening": 0.5, "weight_decay": 0.1}),
    ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("Adam", {}),
    ("Adam", {"betas": (0.8, 0.99), "eps": 1e-4, "weight_decay": 0.1, "amsgrad": True}),
    ("AdamW", {"weight_decay": 0.1}),
    ("RMSprop", {}),
    ("RMSprop", {"alpha": 0.9, "momentum": 0.5, "centered": True, "weight_decay": 0.1}),
    ("Adagrad", {}),
    ("Adagrad", {"lr_decay": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.2}),
    ("Adamax", {}),
    ("Adamax", {"betas": (0.8, 0.99), "eps": 1e-4, "weight_decay": 0.1}),
    ("Adadelta", {}),
    ("Adadelta", {"rho": 0.8, "eps": 1e-4, "weight_decay": 0.1}),
    ("NAdam", {}),
    ("NAdam", {"betas": (0.8, 0.99), "weight_decay": 0.1, "momentum_decay": 0.02}),
    ("NAdam", {"weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("RAdam", {}),
    ("RAdam", {"betas": (0.8, 0.9), "weight_decay": 0.1}),
    ("RAdam", {"betas": (0.8, 0.9), "weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("Rprop", {}),
    ("Rprop", {"etas": (0.4, 1.5), "step_sizes": (1e-3, 0.05)}),
    ("ASGD", {"t0": 3}),
    ("ASGD", {"lambd": 0.1, "alpha": 0.5, "weight_decay": 0.1}),
]
NAMES = {"lr": "learning_rate", "eps": "epsilon"}


@pytest.mark.parametrize(("name", "options"), CASES, ids=lambda value: str(value))
def test_ten_steps(name, options):
    start = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    scales = np.array([1.0, 1e-3, 1e-6], np.float32)
    parameter = torch.nn.Parameter(torch.from_numpy(start.copy()))
    theirs = getattr(torch.optim, name)([parameter], lr=0.01, **options)
    names = NAMES | ({"alpha": "rho"} if name == "RMSprop" else {})
    given = {names.get(key, key): value for key, value in options.items() if key != "betas"}
    given |= dict(zip(("beta_1", "beta_2"), options.get("betas", ()), strict=False))
    owner = optimizers if hasattr(optimizers, name) else optimizers_more
    ours = getattr(owner, name)(learning_rate=0.01, **given)
    variable = tf.keras.Variable(start)
    for _ in range(10):
        theirs.zero_grad()
        (0.5 * torch.from_numpy(scales) * parameter.square()).sum().backward()
        theirs.step()
        ours.apply_gradients([(scales * tf.convert_to_tensor(variable), variable)])
    moved = np.abs(parameter.detach().numpy() - start)
    np.testing.assert_allclose(
        np.asarray(variable) - start,
        parameter.detach().numpy() - start,
        rtol=1e-3,
        atol=2e-7 + 1e-5 * moved.max(),
    )


def test_slots_are_those_of_keras():
    """A checkpoint of the plain optimizer fits: the same variables in the same order."""
    for name in ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad"):
        variables = [tf.keras.Variable(np.zeros(2, np.float32), name="w")]
        paths = []
        for owner in (optimizers, tf.keras.optimizers):
            options = {"momentum": 0.5} if name in ("SGD", "RMSprop") else {}
            optimizer = getattr(owner, name)(0.1, **options)
            optimizer.build(variables)
            paths.append([v.path.partition("/")[2] for v in optimizer.variables])
        assert paths[0] == paths[1]


def test_inside_a_function():
    variable, optimizer = tf.keras.Variable([1.0, 2.0]), optimizers.Adam(0.1)
    optimizer.build([variable])

    @tf.function
    def step():
        optimizer.apply_gradients([(tf.convert_to_tensor(variable), variable)])

    step()
    np.testing.assert_allclose(variable, [0.9, 1.9], rtol=1e-6)
