"""Attributes that are stored and read by computed names: any of those whose names fit."""

from __future__ import annotations

import pytest
from harness import FORMATS, Pair

from transpile import translate

SOURCE = """
import torch
from torch import nn


class Base(nn.Module):
    def scaled(self, x, i):
        return x * getattr(self, "edge_" + str(i))


class Net(Base):
    def __init__(self, n=2):
        super().__init__()
        self.n = n
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        for i in range(n):
            setattr(self, f"scale_{i}", nn.Parameter(torch.arange(4.0).view(1, 4, 1, 1) + i))
            self.register_parameter(f"shift_{i}", nn.Parameter(torch.arange(4.0).view(4, 1, 1) + i))
            self.register_buffer("mask%d" % i, torch.arange(4.0).view(1, 4, 1, 1) + i)
            setattr(self, f"conv_{i}_mix", nn.Conv2d(4, 4, 1))
        self.edge_0 = nn.Parameter(torch.arange(4.0).view(1, 4, 1, 1))
        self.edge_1 = nn.Parameter(torch.arange(4.0).view(1, 4, 1, 1) * 2)

    def forward(self, x):
        x = self.conv(x)
        for i in range(self.n):
            x = x * getattr(self, f"scale_{i}") + getattr(self, f"shift_{i}", 0.0)
            x = self.scaled(x, i) + getattr(self, "mask%d" % i)
            x = getattr(self, f"conv_{i}_mix")(x) * getattr(self, "edge_{}".format(i))
        return x
"""
NEAR_MISS = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.scale_a = nn.Parameter(torch.ones(1, 4, 1, 1))
        self.other_0 = nn.Parameter(torch.ones(1, 4, 1, 1))

    def forward(self, x, name):
        return self.conv(x) * getattr(self, {name})
"""
NAMES = {"name": False, 'f"{name}"': False, 'f"scale{name}0"': False, 'f"scale_{name}"': True}


@pytest.mark.parametrize("name", NAMES)
def test_near_misses(name: str) -> None:
    code = translate(NEAR_MISS.replace("{name}", name)).code
    assert (f"tf.transpose(getattr(self, {name}), (0, 2, 3, 1))" in code) is NAMES[name]


@pytest.mark.parametrize("data_format", FORMATS)
def test_equal(data_format: str) -> None:
    Pair(SOURCE, "Net()", ["image[2,3,5,6]"], data_format=data_format, returns="image").check()
