"""Tied weights are one variable after the translation, in every direction, and in the files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from harness import original, translated

from transpile.weights import load_state_dict, state_dict
from transpile.weights.files import open_checkpoint
from transpile.weights.keras_files import saver_for

tf = pytest.importorskip("tensorflow")

NET = """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(7, 6)
        self.head = nn.Linear(6, 7)
        {tie}

    def forward(self, x):
        return self.head(self.embed(x))
"""
LINEARS = """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(7, 6)
        self.first = nn.Linear(6, 6, bias=False)
        self.second = nn.Linear(6, 6)
        self.second.weight = self.first.weight

    def forward(self, x):
        return self.second(self.first(self.embed(x)))
"""
SOURCES = {
    "head": NET.format(tie="self.head.weight = self.embed.weight"),
    "embed": NET.format(tie="self.embed.weight = self.head.weight"),
    "linear": LINEARS,
}


@pytest.mark.parametrize("name", list(SOURCES))
def test_tied(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(1)
    module = original(SOURCES[name]).Net()
    model: Any = translated(SOURCES[name]).Net()
    load_state_dict(model, module.state_dict())
    assert len(model.trainable_variables) == len(list(module.parameters()))
    x = np.random.default_rng(0).integers(0, 7, (2, 4))
    wanted = module(torch.from_numpy(x))
    np.testing.assert_allclose(model(x), wanted.detach().numpy(), atol=1e-6)
    wanted.square().sum().backward()
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(model(x)))
    variables = model.trainable_variables
    for gradient, variable in zip(tape.gradient(loss, variables), variables, strict=True):
        variable.assign(
            gradient
        )  # the model as a place for its own gradients: they come back under torch's names
    found = state_dict(model)
    assert list(found) == list(module.state_dict()) or set(found) == set(module.state_dict())
    for key, parameter in module.named_parameters():
        np.testing.assert_allclose(found[key], parameter.grad.numpy(), rtol=1e-4, atol=1e-5)
    for path in ("a", "a.weights.h5"):
        saver_for(path).save(model, Path(path), None, None)
        entries = [entry for entry, _ in open_checkpoint(Path(path)).entries() if "save_counter" not in entry]
        assert len(entries) == len(variables) + (name == "linear" and path.endswith("h5"))
