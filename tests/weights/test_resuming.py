"""Training resumed as a user does: `transpile weights --optimizer`, then tf.train.Checkpoint(model, optimizer)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from harness import translated
from weights.test_training import assert_follows, ours, runs
from weights.training import MODELS, STEPS, batches, keras_training

from transpile.cli import main

tf = pytest.importorskip("tensorflow")
Capture = pytest.CaptureFixture[str]

QUICK = ("conv", "Adam")
CASES = [
    pytest.param(*case, marks=() if case == QUICK else pytest.mark.slow, id="-".join(case))
    for case in [
        *((name, kind) for name in MODELS for kind in ("SGD", "Adam", "AdamW")),
        ("conv", "damped SGD"),
    ]
]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def converted(name: str, kind: str, step: int) -> None:
    """Writes net.py, net.pth as a training script would at this step, and the checkpoint ckpt/net."""
    single, _ = runs(name, kind)
    Path("net.py").write_text(MODELS[name][0])
    torch.save({"model": single.states[step], "optimizer": single.optimizers[step], "epoch": 1}, "net.pth")
    call = ["weights", "net.pth", "--model", "net.py:Net()", "--optimizer", "--exact-training"]
    assert main([*call, "-o", "ckpt/net"]) == 0


def called(name: str) -> Any:
    """A new model of the translation, called once: its weights are chance."""
    model = translated(MODELS[name][0], exact_training=True).Net()
    x, _ = next(batches(name))
    model(np.moveaxis(x, 1, -1) if x.ndim == 4 else x)
    return model


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_five_steps_and_five_more_from_the_files(name: str, kind: str, capsys: Capture) -> None:
    converted(name, kind, 5)
    said = capsys.readouterr().out
    assert f"iterations {1 if 'SGD' in kind else 5}" in said  # torch's SGD counts none
    assert "not taken over" not in said  # the translation's own optimizer has it
    model, optimizer = called(name), ours(kind)
    optimizer.build(model.trainable_variables)
    status = tf.train.Checkpoint(model=model, optimizer=optimizer).restore("ckpt/net")
    status.assert_existing_objects_matched()
    status.assert_consumed()
    losses, states = keras_training(name, model, optimizer, 5)
    assert len(losses) == STEPS - 5
    assert_follows(name, kind, 5, losses, states)


def test_a_model_alone_says_that_the_optimizer_is_left_out(capsys: Capture) -> None:
    converted("conv", "Adam", 5)
    capsys.readouterr()
    call = ["weights", "net.pth", "--model", "net.py:Net()", "--exact-training", "-o", "ckpt/alone"]
    assert main(call) == 0
    assert "the state of an optimizer is left out (--optimizer converts it)" in capsys.readouterr().out
    model, optimizer = called("conv"), ours("Adam")
    optimizer.build(model.trainable_variables)
    both = tf.train.Checkpoint(model=model, optimizer=optimizer)
    with pytest.raises(AssertionError):
        both.restore("ckpt/alone").assert_existing_objects_matched()
    tf.train.Checkpoint(model=model).restore("ckpt/alone").assert_existing_objects_matched()


def test_running_variance_is_the_unbiased_one() -> None:
    single, _ = runs("conv", "SGD")
    model, optimizer = called("conv"), ours("SGD")
    from transpile.weights import load_state_dict

    load_state_dict(model, single.states[0])
    _, states = keras_training("conv", model, optimizer, 0)
    for key in ("bn1.running_var", "bn2.running_var"):
        before, wanted = (single.states[i][key].numpy() for i in (0, 1))
        np.testing.assert_allclose(states[0][key], wanted, rtol=1e-6)
        values = 8 * (64 if key.startswith("bn1") else 16)  # batch times the places of a map
        biased = before * 0.9 + (wanted - before * 0.9) * (values - 1) / values
        assert np.abs(biased / wanted - 1).max() > 1e-5  # the comparison can tell one from the other
        assert int(states[-1][key.replace("running_var", "num_batches_tracked")]) == STEPS
