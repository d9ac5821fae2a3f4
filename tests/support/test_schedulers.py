"""Schedulers against torch: the same rates over many epochs, alone, chained and one after the other."""

import numpy as np
import pytest
import tensorflow as tf
import torch

from transpile.support import schedulers

CASES = [
    ("LambdaLR", {"lr_lambda": lambda epoch: 0.95**epoch}),
    ("MultiplicativeLR", {"lr_lambda": lambda epoch: 0.9 if epoch % 2 else 1.05}),
    ("StepLR", {"step_size": 4, "gamma": 0.5}),
    ("MultiStepLR", {"milestones": [3, 8, 8, 15], "gamma": 0.3}),
    ("ConstantLR", {"factor": 0.25, "total_iters": 6}),
    ("ConstantLR", {}),
    ("LinearLR", {"start_factor": 0.2, "end_factor": 0.8, "total_iters": 7}),
    ("LinearLR", {}),
    ("ExponentialLR", {"gamma": 0.9}),
    ("CosineAnnealingLR", {"T_max": 6, "eta_min": 0.01}),
    ("CosineAnnealingLR", {"T_max": 50}),
    ("PolynomialLR", {"total_iters": 9, "power": 2.0}),
    ("PolynomialLR", {}),
    ("CosineAnnealingWarmRestarts", {"T_0": 3, "T_mult": 2, "eta_min": 0.001}),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 0.5, "step_size_up": 4, "cycle_momentum": False}),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 0.5, "step_size_up": 3, "step_size_down": 5, "mode": "triangular2",
                  "cycle_momentum": False}),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 0.5, "step_size_up": 4, "mode": "exp_range", "gamma": 0.97,
                  "cycle_momentum": False}),
    ("OneCycleLR", {"max_lr": 0.9, "total_steps": 31, "cycle_momentum": False}),
    ("OneCycleLR", {"max_lr": 0.9, "epochs": 8, "steps_per_epoch": 4, "anneal_strategy": "linear",
                    "three_phase": True, "cycle_momentum": False}),
]  # fmt: skip


def pair():
    """An optimizer of each library, with one rate."""
    weight = torch.nn.Parameter(torch.zeros(1))
    return torch.optim.SGD([weight], lr=0.4), tf.keras.optimizers.SGD(0.4)


def rates(theirs, ours, epochs=30, metrics=None):
    wanted, found = [theirs.get_last_lr()[0]], [ours.get_last_lr()[0]]
    for epoch in range(epochs):
        theirs.optimizer.step()
        given = () if metrics is None else (metrics[epoch],)
        theirs.step(*given), ours.step(*given)
        wanted.append(theirs.optimizer.param_groups[0]["lr"])
        found.append(float(tf.convert_to_tensor(ours.optimizer.learning_rate)))
        assert ours.get_last_lr() == [found[-1]]
    np.testing.assert_allclose(found, wanted, rtol=2e-5, atol=1e-7)


@pytest.mark.parametrize(("name", "options"), CASES, ids=lambda v: v if isinstance(v, str) else "-".join(v))
def test_rates(name, options):
    first, second = pair()
    rates(
        getattr(torch.optim.lr_scheduler, name)(first, **options),
        getattr(schedulers, name)(second, **options),
    )


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize(
    "options", [{"patience": 1}, {"patience": 2, "cooldown": 3, "threshold_mode": "abs", "min_lr": 0.01}]
)
def test_rates_by_what_is_watched(mode, options):
    first, second = pair()
    metrics = np.random.default_rng(0).normal(size=40).tolist()
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(first, mode, **options)
    rates(theirs, schedulers.ReduceLROnPlateau(second, mode, **options), metrics=metrics)


def test_one_after_the_other_and_chained():
    for kind in ("SequentialLR", "ChainedScheduler"):
        made = []
        for owner, optimizer in zip((torch.optim.lr_scheduler, schedulers), pair(), strict=True):
            members = [
                owner.LinearLR(optimizer, 0.1, total_iters=5),
                owner.CosineAnnealingLR(optimizer, 12),
                owner.StepLR(optimizer, 3),
                owner.PolynomialLR(optimizer, 9),
            ]
            if kind == "SequentialLR":
                made.append(owner.SequentialLR(optimizer, members, [5, 14, 20]))
            else:
                made.append(owner.ChainedScheduler(members))
        rates(*made)


def test_a_state_goes_on():
    _, optimizer = pair()
    first = schedulers.StepLR(optimizer, 3)
    for _ in range(4):
        first.step()
    second = schedulers.StepLR(pair()[1], 3)
    second.load_state_dict(first.state_dict())
    assert second.last_epoch == 4
