"""Functions that decide by what they draw: they run while a graph is traced. Near misses first."""

from __future__ import annotations

import pytest
import tensorflow as tf
from harness import FORMATS, Pair, translated, without_torch

from transpile import translate

HEADER = """
import torch
from torch import nn

scale = torch.ones(3)
"""
MODEL = """

class Net(nn.Module):
    def __init__(self, p=0.0):
        super().__init__()
        self.p = p
        self.layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])

    def forward(self, x):
        for layer in kept(self.layers, self.p, x):
            x = layer(x)
        return x
"""
NEAR_MISSES = {
    "a tensor": "def kept(layers, p, x):\n    drop = x.mean(0) < p\n"
    "    return [layer for layer, d in zip(layers, drop) if not d]",
    "a global tensor": "def kept(layers, p, x):\n    drop = scale < p\n"
    "    return [layer for layer, d in zip(layers, drop) if not d]",
    "a layer that runs": "def kept(layers, p, x):\n    drop = layers[0](torch.ones(4)) < p\n"
    "    return [layer for layer, d in zip(layers, drop) if not d]",
    "no test": "def kept(layers, p, x):\n    drop = torch.rand(3) < p\n    return layers",
}
WITHOUT = MODEL.replace("self.p, x)", "self.p, None)")
KEPT = """
def kept(layers, p, _):
    drop = torch.rand(len(layers)) < p
    if all(drop):
        drop[0] = False
    return [layer for layer, d in zip(layers, drop) if not d]
"""


@pytest.mark.parametrize("name", NEAR_MISSES)
def test_near_miss(name: str) -> None:
    assert "untraced" not in translate(HEADER + NEAR_MISSES[name] + "\n" + MODEL).code


@pytest.mark.parametrize("data_format", FORMATS)
def test_equal_to_torch(data_format: str) -> None:
    pair = Pair(HEADER + KEPT + WITHOUT, "Net()", ["f32[2,4]"], data_format=data_format)
    pair.check()
    pair.check_open()


def test_the_choice_is_that_of_the_trace() -> None:
    source = HEADER + KEPT + WITHOUT
    net = translated(source).Net(1.0)
    with without_torch():
        x = tf.ones((2, 4))
        traced = tf.function(net, input_signature=[tf.TensorSpec((None, 4))])
        tf.debugging.assert_near(traced(x), net.layers[0](x))


def test_it_is_said() -> None:
    said = [d for d in translate(HEADER + KEPT + WITHOUT).diagnostics if d.code == "STA002"]
    assert len(said) == 2 and all("once, while a graph is traced" in d.message for d in said)
