"""Stores into parameters and buffers: the variable stays the same one, under its torch name."""

from __future__ import annotations

import numpy as np
import pytest
from harness import Pair, imported, without_torch

from transpile import translate

NEAR_MISS = """
import torch


def f(record, x: torch.Tensor):
    record.data = record.data + 1
    y = x * 2
    y[0] = 3
    return record, y
"""
SOURCE = """
import torch
from torch import nn


class Scale(nn.Module):
    def __init__(self, channels=4, init=0.5):
        super().__init__()
        self.scale = nn.Parameter(torch.zeros(channels))
        self.scale.data[:] = init
        self.other = nn.Parameter(torch.ones(3, 4))
        with torch.no_grad():
            self.other[0] = 5
            self.other.mul_(2)
            self.other.data = self.other.data * 3
            part = self.other
            part[1, 2] = 7

    def forward(self, x):
        return self.scale[:, None] * x + self.other.sum()
"""
PARTS = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 1)
        self.line = nn.Linear(4, 6)
        n = self.line.bias.numel() // 3
        self.line.bias[n : 2 * n].data.zero_()

    def forward(self, x):
        y = self.conv(x)
        y[:, 1:3, :, 0].mul_(2).add_(1)
        y[:, -1].clamp_(min=0)
        bias = self.line.bias.clone()
        n = bias.numel() // 3
        bias[n : 2 * n].zero_()
        bias[0].fill_(3.0)
        y[0][0].zero_()
        return y, nn.functional.linear(x.mean((2, 3)), self.line.weight, bias)
"""

FIXED = """
import torch
from torch import nn


class Shift(nn.Conv2d):
    def __init__(self, mean=(0.1, 0.2, 0.3), std=(1.0, 2.0, 3.0), sign=-1):
        super().__init__(3, 3, kernel_size=1)
        std = torch.Tensor(std)
        self.weight.data = torch.eye(3).view(3, 3, 1, 1)
        self.weight.data.div_(std.view(3, 1, 1, 1))
        self.bias.data = sign * torch.Tensor(mean)
        self.bias.data.div_(std)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.shift = Shift()
        self.mix = nn.Conv2d(3, 3, 1, 1, 0)
        self.mix.weight.data = torch.tensor([[1.0, 2, 3], [4, 5, 6], [7, 8, 9]]).view(3, 3, 1, 1)
        self.mix.bias.data = torch.Tensor([1, 2, 3])

    def forward(self, x):
        return self.mix(self.shift(x))
"""


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_parts_that_methods_change_are_stored(data_format):
    source = PARTS.replace("        y[0][0].zero_()\n", "")
    pair = Pair(source, "Net()", ["image[2,4,3,5]"], data_format=data_format, returns=["image", "plain"])
    pair.check()
    pair.check_open()
    told = translate(PARTS, data_format=data_format).diagnostics
    assert [d.line for d in told if d.code == "STA001"] == [PARTS[: PARTS.index("y[0][0]")].count("\n") + 1]


def test_near_misses_stay():
    code = translate(NEAR_MISS).code
    assert "record.data = record.data + 1" in code and ".assign(" not in code.partition("def f")[2]


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_the_variables_stay(data_format):
    pair = Pair(SOURCE, "Scale()", ["f32[2,4,3]"], data_format=data_format, returns="plain")
    pair.check()
    pair.check_open()
    assert len(pair.model.weights) == 2


def test_the_initial_values():
    import torch

    theirs: dict = {"__name__": "theirs"}
    exec(SOURCE, theirs)
    wanted = theirs["Scale"]()
    module = imported(translate(SOURCE).code)
    with without_torch():
        model = module.Scale()
    for name in ("scale", "other"):
        np.testing.assert_allclose(getattr(model, name), getattr(wanted, name).detach())
    assert isinstance(wanted.other, torch.nn.Parameter)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_a_weight_is_stored_in_the_order_of_torch(data_format):
    theirs: dict = {"__name__": "theirs"}
    exec(FIXED, theirs)
    wanted = theirs["Net"]()
    module = imported(translate(FIXED, data_format=data_format).code)
    with without_torch():
        model = module.Net()
    for ours, layer in ((model.shift, wanted.shift), (model.mix, wanted.mix)):
        np.testing.assert_allclose(ours.weight, layer.weight.detach(), rtol=1e-6)
        np.testing.assert_allclose(ours.bias, layer.bias.detach(), rtol=1e-6)


# Keras leaves `weights` and `metrics` free for nobody
RESERVED = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(3))
        self.metrics = {}
        nn.init.constant_(self.weights, 3.0)
        self.weights.data.mul_(2)

    def table(self, n: int):
        if n not in self.metrics:
            self.metrics[n] = self.weights * n
        return self.metrics[n]

    def forward(self, x):
        return x * self.weights + self.table(2)
"""


def test_a_store_goes_to_the_name_that_the_output_has():
    module = imported(translate(RESERVED).code)
    with without_torch():
        model = module.Net()
        np.testing.assert_allclose(model(np.ones((2, 3), "float32")), 18 * np.ones((2, 3)))
