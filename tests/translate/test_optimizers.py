"""Optimizers and schedulers as they are constructed: the translation takes the same steps at the same rates."""

import numpy as np
import pytest
from harness import imported, without_torch

import transpile

SOURCE = """
import torch
from torch import optim
from torch.optim.lr_scheduler import CosineAnnealingLR, StepLR


def made(parameters, wd=0.1):
    return {optimizer}


def scheduled(optimizer):
    return {scheduler}
"""
OPTIMIZERS = [
    "torch.optim.SGD(parameters, lr=0.05)",
    "optim.SGD(parameters, 0.05, 0.9, weight_decay=1e-2, nesterov=True)",
    "optim.Adam(parameters)",
    "optim.Adam(parameters, lr=1e-2, betas=(0.8, 0.99), weight_decay=wd)",
    "optim.Adam(parameters, lr=1e-2, weight_decay=0.1, decoupled_weight_decay=True)",
    "optim.AdamW(params=parameters, lr=1e-2)",
    "optim.SGD(parameters, lr=0.05, momentum=0.9)",
    "optim.RMSprop(parameters)",
    "optim.RMSprop(parameters, weight_decay=wd)",
    "optim.Adagrad(parameters, lr_decay=0.1)",
    "optim.Adadelta(parameters, weight_decay=wd)",
    "optim.Adamax(parameters, weight_decay=wd)",
    "optim.NAdam(parameters, weight_decay=wd)",
    "optim.RAdam(parameters, betas=(0.9, 0.95))",
    "optim.Rprop(parameters)",
    "optim.ASGD(parameters, lambd=0.1)",
]
SCHEDULERS = [
    "StepLR(optimizer, step_size=3)",
    "CosineAnnealingLR(optimizer, 5, eta_min=1e-3, verbose=False)",
    "torch.optim.lr_scheduler.LambdaLR(optimizer, lr_lambda=lambda e: 0.9 ** e)",
    "optim.lr_scheduler.SequentialLR(optimizer, [StepLR(optimizer, 2), CosineAnnealingLR(optimizer, 4)], [3])",
]


def pair(optimizer, scheduler="None", exact_training=False):
    source = SOURCE.format(optimizer=optimizer, scheduler=scheduler)
    names = {}
    exec(source.replace(", verbose=False", ""), names)
    translation = transpile.translate(source, exact_training=exact_training)
    assert not [d for d in translation.diagnostics if d.severity is not transpile.Severity.INFO]
    with without_torch():
        return names, imported(translation.code)


@pytest.mark.parametrize("call", OPTIMIZERS)
def test_five_steps(call):
    import tensorflow as tf
    import torch

    source, output = pair(call)
    start = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    weight = torch.nn.Parameter(torch.tensor(start))
    theirs = source["made"]([weight])
    variable = tf.keras.Variable(start)
    ours = output.made([variable])
    for _ in range(5):
        theirs.zero_grad()
        (0.5 * weight.square()).sum().backward()
        theirs.step()
        ours.apply_gradients([(tf.convert_to_tensor(variable), variable)])
    np.testing.assert_allclose(np.asarray(variable), weight.detach().numpy(), rtol=1e-4, atol=1e-5)


DRIFTING = [
    "optim.SGD(parameters, lr=0.05, momentum=0.9)",
    "optim.Adam(parameters, lr=0.05, eps=1e-3)",
    "optim.AdamW(parameters, lr=0.05, eps=1e-3, amsgrad=True)",
    "optim.RMSprop(parameters, lr=0.05, eps=1e-3)",
    "optim.Adagrad(parameters, lr=0.05, eps=1e-3)",
    "optim.Adamax(parameters, lr=0.05, eps=1e-3)",
]


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("call", DRIFTING)
def test_exact_training(call, exact):
    """Gradients as large as epsilon, and a learning rate that changes: only torch's own formulas follow."""
    import tensorflow as tf
    import torch

    source, output = pair(call, exact_training=exact)
    start = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    weight = torch.nn.Parameter(torch.tensor(start))
    theirs = source["made"]([weight])
    variable = tf.keras.Variable(start)
    ours = output.made([variable])
    for rate in (0.05, 0.05, 0.01, 0.03):
        theirs.param_groups[0]["lr"] = rate
        ours.learning_rate = rate
        theirs.zero_grad()
        (0.5 * 1e-3 * weight.square()).sum().backward()
        theirs.step()
        ours.apply_gradients([(1e-3 * tf.convert_to_tensor(variable), variable)])
    moved = np.asarray(variable) - start
    wanted = weight.detach().numpy() - start
    assert bool(np.abs(moved - wanted).max() <= 1e-4 * np.abs(wanted).max()) is exact


def test_optimizers_that_train_alike_stay_plain():
    source = SOURCE.format(optimizer="optim.SGD(parameters, lr=0.05)", scheduler="None")
    assert "tf.keras.optimizers.SGD(" in transpile.translate(source, exact_training=True).code


@pytest.mark.parametrize("call", SCHEDULERS)
def test_rates(call):
    import tensorflow as tf
    import torch

    source, output = pair(OPTIMIZERS[0], call)
    theirs = source["made"]([torch.nn.Parameter(torch.zeros(1))])
    ours = output.made([])
    first, second = source["scheduled"](theirs), output.scheduled(ours)
    for _ in range(8):
        theirs.step()
        first.step(), second.step()
        rate = float(tf.convert_to_tensor(ours.learning_rate))
        assert rate == pytest.approx(theirs.param_groups[0]["lr"], rel=1e-5)


@pytest.mark.parametrize("call", ["optim.SGD(parameters, maximize=True)", "optim.LBFGS(parameters)"])
def test_what_would_take_other_steps_stays_and_is_said(call):
    source = SOURCE.format(optimizer=call, scheduler="None")
    translation = transpile.translate(source)
    assert {d.code for d in translation.diagnostics} & {"API002", "API005"}
    assert "torch" in translation.code.partition("def made")[2]
