"""`self._modules`: the children by name, which torch's containers are often walked by."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
import torch

import transpile
from transpile.weights import load_state_dict

SOURCE = """\
import torch
from torch import nn

class Steps(nn.Sequential):
    def forward(self, x):
        kept = []
        for name, step in self._modules.items():
            x = step(x)
            kept.append(x)
        return kept

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.steps = Steps()
        self.steps.add_module("first", nn.Conv2d(2, 3, 3))
        same = nn.ReLU()
        self.steps.add_module("second", same)
        self.steps.add_module("third", nn.Conv2d(3, 2, 2))
        self.steps.add_module("fourth", same)

    def forward(self, x):
        return self.steps(x)[-1] * len(self.steps._modules) + len(self._modules)
"""


def both(data_format: str):
    namespaces = [{}, {}]
    texts = SOURCE, transpile.translate(SOURCE, data_format=data_format).code
    for namespace, text in zip(namespaces, texts, strict=True):
        exec(compile(text, "net.py", "exec"), namespace)
    return [namespace["Net"]() for namespace in namespaces]


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_every_member_in_order(data_format: str) -> None:
    ours, translated = both(data_format)
    x = np.random.default_rng(0).normal(size=(1, 2, 6, 7)).astype("float32")
    last = data_format == "channels_last"
    given = tf.constant(x.transpose(0, 2, 3, 1) if last else x)
    translated(given)
    load_state_dict(translated, {k: v.numpy() for k, v in ours.state_dict().items()})
    got = translated(given).numpy()
    want = ours(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(got.transpose(0, 3, 1, 2) if last else got, want, atol=1e-5)


def test_storing_in_it_is_no_silent_loss() -> None:
    _, translated = both("channels_last")
    with pytest.raises(TypeError):
        translated._modules["more"] = None
