"""Bases that are no modules themselves and whose heirs are: abstract interfaces, mixins."""

from __future__ import annotations

import pytest
from harness import Pair

from transpile import translate

NEAR_MISS = """
import torch
from abc import ABC, abstractmethod


class Step(ABC):
    @abstractmethod
    def forward(self, name, layers):
        self.layers = layers


class Real(Step):
    def forward(self, name, layers):
        return torch.relu(name), self.layers


class Module(torch.nn.Module):
    pass
"""
SOURCE = """
import torch
from abc import ABC, abstractmethod
from torch import nn


class Encoder(ABC):
    @abstractmethod
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pass

    @abstractmethod
    def infer(self, x: torch.Tensor) -> torch.Tensor:
        pass


class Scaled:
    def scale(self, factor):
        self.output = factor

    def forward(self, x):
        return self.layer(x) * self.output


class Plain(nn.Module, Encoder):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 3)

    def forward(self, x):
        return self.layer(x)

    def infer(self, x):
        return self.forward(x) * 2


class Mixed(Scaled, nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 3)
        self.scale(3.0)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = Plain(), Mixed()

    def run(self, encoder: Encoder, x):
        return encoder.forward(x)

    def forward(self, x):
        return self.a.infer(x) + self.b(x) + self.run(self.a, x)
"""


def test_near_misses_stay():
    code = translate(NEAR_MISS).code
    assert code.count("def forward(self, name, layers)") == 2 and "self.layers, " not in code


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_equal(data_format):
    pair = Pair(SOURCE, "Net()", ["f32[2,3]"], data_format=data_format)
    pair.check()
    pair.check_open()
