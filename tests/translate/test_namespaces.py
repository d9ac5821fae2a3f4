"""Members of torch's modules that strings name."""

from __future__ import annotations

import textwrap

import pytest
from harness import Pair, imported, without_torch

from transpile import translate

NEAR_MISS = """
import torch


class nn:
    ReLU = 3


def f(config, name="ReLU"):
    return getattr(nn, name), getattr(config, name)
"""
SOURCE = """
import torch
from torch import nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self, activation="ELU", kind: str = 'LSTM', params={"alpha": 0.5}):
        super().__init__()
        act = getattr(nn, activation)
        self.act = nn.Sequential(act(**params), nn.Linear(4, 4))
        self.rnn = getattr(torch.nn, kind)(3, 4, 1, batch_first=True)
        self.gate = getattr(F, "relu")
        self.layer: nn.modules.Module = getattr(nn, "Linear")(4, 5)
        self.other = getattr(torch, "tanh")

    def forward(self, x):
        y, _ = self.rnn(x)
        return self.layer(self.gate(self.act(y))) + self.other(x).mean()
"""
UNNAMED = """
from torch import nn


class Act(nn.Module):
    def __init__(self, activation):
        super().__init__()
        self.act = getattr(nn, activation)()

    def forward(self, x):
        return self.act(x)
"""


def test_near_misses_stay():
    assert "getattr(nn, name), getattr(config, name)" in translate(NEAR_MISS).code


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_getattr(data_format):
    pair = Pair(SOURCE, "Net()", ["f32[2,5,3]"], data_format=data_format)
    pair.check()
    pair.check_open()
    assert not translate(SOURCE).diagnostics


def test_a_name_that_no_string_here_says_is_one_of_an_activation():
    Pair(UNNAMED, "Act('Tanh')", ["f32[2,5,3]"]).check()
    module = imported(translate(UNNAMED).code)
    with without_torch(), pytest.raises(AttributeError, match="NoSuchLayer"):
        module.Act("NoSuchLayer")


def test_code_that_evaluates_strings_finds_the_layers_that_they_name():
    source = """
        from torch import nn

        class Net(nn.Module):
            def __init__(self, kind="nn.ReLU"):
                super().__init__()
                self.act = eval(kind)()

            def forward(self, x):
                return self.act(x)
    """
    code = translate(textwrap.dedent(source), support_module="_s").code
    assert "nn = types.SimpleNamespace(ReLU=ReLU)" in code
