"""Training goes on as in torch: from the start, and from converted weights and optimizer state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from harness import translated
from weights.training import MODELS, STEPS, TorchRun, keras_model, keras_training

from transpile.weights.optimizer_state import keras_optimizer, load_optimizer_state

tf = pytest.importorskip("tensorflow")
TOLERANCE = 1e-4

OPTIMIZERS = {
    "SGD": "SGD(parameters, 0.05, momentum=0.9, weight_decay=0.01, nesterov=True)",
    "damped SGD": "SGD(parameters, 0.05, momentum=0.9, dampening=0.3)",
    "Adam": "Adam(parameters, 0.01)",
    "AdamW": "AdamW(parameters, 0.01, weight_decay=0.1, amsgrad=True)",
    "RMSprop": "RMSprop(parameters, 0.01, momentum=0.5, centered=True)",
    "Adagrad": "Adagrad(parameters, 0.01, lr_decay=0.1)",
}


def theirs(kind: str) -> Callable[[Any], Any]:
    return lambda parameters: eval(
        f"optim.{OPTIMIZERS[kind]}", {"optim": torch.optim, "parameters": parameters}
    )


def ours(kind: str) -> Any:
    """What the translation makes of the same call."""
    source = f"from torch import optim\n\n\ndef made(parameters):\n    return optim.{OPTIMIZERS[kind]}\n"
    return translated(source, exact_training=True).made(None)


_RUNS: dict[tuple[str, str], tuple[TorchRun, TorchRun]] = {}


def runs(name: str, optimizer: str) -> tuple[TorchRun, TorchRun]:
    """Torch in float32, and in float64 from the same weights: where the two part, float32 has only noise."""
    if (name, optimizer) not in _RUNS:
        make = theirs(optimizer)
        single = TorchRun(name, make)
        torch.manual_seed(0)
        _RUNS[name, optimizer] = single, TorchRun(name, make, torch.float64)
    return _RUNS[name, optimizer]


def assert_follows(name: str, optimizer: str, first: int, losses: list[float], states: list[Any]) -> float:
    single, double = runs(name, optimizer)
    np.testing.assert_allclose(losses, single.losses[first:], rtol=TOLERANCE)
    worst = 0.0
    for i, state in enumerate(states, start=first + 1):
        assert set(state) == set(single.states[i])
        for key, wanted in single.states[i].items():
            wanted = wanted.double().numpy()
            noise = np.abs(wanted - double.states[i][key].double().numpy()).max()
            scale = np.abs(wanted).max()
            error = np.abs(state[key] - wanted).max()
            assert error <= max(TOLERANCE * scale, 3 * noise), (key, i, error, scale, noise)
            worst = max(worst, float(error / scale)) if noise <= TOLERANCE * scale and scale else worst
    return worst


QUICK = [("conv", "Adam"), ("lstm", "SGD"), ("tied", "AdamW")]
ALL = [(name, kind) for name in MODELS for kind in ("SGD", "Adam", "AdamW")]
ALL += [("conv", "damped SGD"), ("conv", "RMSprop"), ("conv", "Adagrad")]
CASES = [
    pytest.param(*case, marks=() if case in QUICK else pytest.mark.slow, id="-".join(case)) for case in ALL
]


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_ten_steps_from_the_start(name: str, kind: str) -> None:
    single, _ = runs(name, kind)
    model = keras_model(name, single.states[0])
    optimizer = ours(kind)
    losses, states = keras_training(name, model, optimizer, 0)
    assert_follows(name, kind, 0, losses, states)


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_resumed_at_step_five(name: str, kind: str) -> None:
    single, _ = runs(name, kind)
    model = keras_model(name, single.states[5])
    optimizer = ours(kind)
    optimizer.build(model.trainable_variables)
    load_optimizer_state(optimizer, model, single.optimizers[5], single.states[5], exact_training=True)
    losses, states = keras_training(name, model, optimizer, 5)
    assert len(losses) == STEPS - 5
    assert_follows(name, kind, 5, losses, states)


def test_the_state_matters() -> None:
    """Without the optimizer's state the same comparison fails: the test above can tell."""
    single, _ = runs("conv", "Adam")
    model = keras_model("conv", single.states[5])
    losses, states = keras_training("conv", model, ours("Adam"), 5)
    with pytest.raises(AssertionError):
        assert_follows("conv", "Adam", 5, losses, states)


@pytest.mark.parametrize("kind", ["SGD", "Adam"])
def test_plain_keras_resumes_up_to_its_own_epsilon_and_decay(kind: str) -> None:
    make = {
        "SGD": lambda p: torch.optim.SGD(p, 0.05, momentum=0.9),
        "Adam": lambda p: torch.optim.Adam(p, 0.01),
    }[kind]
    single = TorchRun("tied", make)
    model = keras_model("tied", single.states[5])
    optimizer, notes = keras_optimizer(model, single.optimizers[5], single.states[5])
    assert type(optimizer).__module__.startswith("keras.") and any("slots filled" in note for note in notes)
    losses, _ = keras_training("tied", model, optimizer, 5)
    np.testing.assert_allclose(losses, single.losses[5:], rtol=1e-3)


def test_slots_that_cannot_be_told_apart_are_refused() -> None:
    single, _ = runs("conv", "Adam")
    model = keras_model("conv", single.states[5])
    state = single.optimizers[5]
    fewer = {**state, "param_groups": [{**state["param_groups"][0], "params": [0, 1, 2]}]}
    with pytest.raises(ValueError, match="3 parameters and the weights have"):
        keras_optimizer(model, fewer, single.states[5])
    order = list(reversed(state["param_groups"][0]["params"]))
    turned = {**state, "param_groups": [{**state["param_groups"][0], "params": order}]}
    with pytest.raises(ValueError, match="cannot be told"):
        keras_optimizer(model, turned, single.states[5])
    named = {
        **turned,
        "param_groups": [{**turned["param_groups"][0], "param_names": _parameters(single.states[5])[::-1]}],
    }
    optimizer, _ = keras_optimizer(model, named, single.states[5])
    assert int(optimizer.iterations) == 5
    with pytest.raises(ValueError, match="only Adam, RMSprop, Adagrad, SGD are converted"):
        keras_optimizer(model, {"state": {}, "param_groups": [{"params": [], "rho": 1}]}, {})


def _parameters(state: dict[str, Any]) -> list[str]:
    return [name for name in state if "running" not in name and "num_batches" not in name]
