"""transpile inspect --against: what a model misses, and optimizer slots with the reason and the remedy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from transpile.cli import main

tf = pytest.importorskip("tensorflow")
Capture = pytest.CaptureFixture[str]

NET = """\
from torch import nn


class Net(nn.Module):
    def __init__(self, out=4):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
        self.head = nn.Linear(4, out)

    def forward(self, x):
        return self.head(self.body(x).mean((2, 3)))
"""

COMPILED = """\
import tensorflow as tf


def make(optimizer=True):
    model = tf.keras.Sequential([tf.keras.layers.Dense(3), tf.keras.layers.Dense(2)])
    model.build((None, 4))
    if optimizer:
        model.compile(tf.keras.optimizers.Adam())
    return model
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(NET)
    Path("made.py").write_text(COMPILED)


def module() -> Any:
    namespace: dict[str, Any] = {}
    exec(NET, namespace)
    return namespace["Net"]()


def test_torch_names(capsys: Capture) -> None:
    torch.save(module().state_dict(), "a.pth")
    assert main(["inspect", "a.pth", "--against", "net.py:Net()"]) == 0
    assert "against the model: 9 weights fit\n" in capsys.readouterr().out
    assert main(["inspect", "a.pth", "--against", "net.py:Net(5)", "--format", "json"]) == 1
    against = json.loads(capsys.readouterr().out)["against"]
    assert against["mismatched"] == [
        "head.weight: wanted (5, 4), given (4, 4)",
        "head.bias: wanted (5,), given (4,)",
    ]
    state = nn.Sequential(nn.Linear(2, 2)).state_dict()
    torch.save(state, "b.pth")
    assert main(["inspect", "b.pth", "--against", "net.py:Net()"]) == 1
    out = capsys.readouterr().out
    assert "  missing  head.weight" in out and "  extra  0.weight" in out


@pytest.mark.parametrize("name", ["a", "a.weights.h5", "saved/"])
def test_what_was_converted_fits(name: str, capsys: Capture) -> None:
    torch.save(module().state_dict(), "a.pth")
    assert main(["weights", "a.pth", "--model", "net.py:Net()", "-o", name]) == 0
    assert main(["inspect", name, "--against", "net.py:Net()"]) == 0
    assert "9 weights fit\n" in capsys.readouterr().out
    assert main(["inspect", name, "--against", "net.py:Net(5)"]) == 1
    assert "2 of another shape" in capsys.readouterr().out


def test_slots_that_are_missing_and_slots_that_are_extra(capsys: Capture) -> None:
    namespace: dict[str, Any] = {}
    exec(COMPILED, namespace)
    tf.train.Checkpoint(model=namespace["make"](False)).write("plain")
    assert main(["inspect", "plain", "--against", "made.py:make()"]) == 0
    out = capsys.readouterr().out
    assert "optimizer slots missing: " in out and "expect_partial()" in out and "--optimizer" in out
    trained = namespace["make"](False)
    optimizer = tf.keras.optimizers.Adam()
    optimizer.build(trained.trainable_variables)
    tf.train.Checkpoint(model=trained, optimizer=optimizer).write("both")
    assert main(["inspect", "both", "--against", "made.py:make(False)"]) == 0
    out = capsys.readouterr().out
    assert "10 optimizer slots extra: the checkpoint was saved with an optimizer" in out
    assert "4 weights fit\n" in out
