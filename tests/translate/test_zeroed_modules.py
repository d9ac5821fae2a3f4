"""Functions that change the parameters of whatever module they are given."""

from __future__ import annotations

import pytest
from harness import FORMATS, Pair

from transpile import translate

SOURCE = """
import torch
from torch import nn


class Wide(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)
        self.kept = {}

    def forward(self, x, scale=None, **more):
        return self.conv(x)


def zero_module(module):
    for p in module.parameters():
        p.detach().zero_()
    return module


def ones(module: nn.Module) -> nn.Module:
    for p in module.parameters():
        nn.init.ones_(p)
    return module


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = zero_module(Wide()), zero_module(Wide().conv)
        self.c, self.d = ones(Wide()), ones(Wide().conv)

    def forward(self, x):
        return self.a(x) + self.b(x) + self.c(x) + self.d(x)


def fresh(x):
    net = Net()
    return net(x), sum(p.numel() for p in net.parameters())
"""
# in torch its gradient stays: that is not written as a tensor whose gradient is stopped
NEAR_MISS = """
import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x):
        y = x * 1
        y.detach().add_(1)
        return y
"""


@pytest.mark.parametrize("data_format", FORMATS)
def test_equal(data_format: str) -> None:
    Pair(SOURCE, "fresh", ["image[2,3,4,5]"], data_format=data_format, returns="signed").check()


def test_near_miss() -> None:
    assert "STA001" in [d.code for d in translate(NEAR_MISS).diagnostics]
