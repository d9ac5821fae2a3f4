"""A function that returns the layer that it is given returns, at each call, the layer of that call."""

from __future__ import annotations

import pytest
from harness import Pair

SOURCE = """
import torch
from torch import nn
from torch.nn.utils import weight_norm


def normed(module: nn.Module, norm="none") -> nn.Module:
    if norm == "weight_norm":
        return weight_norm(module)
    return module


def bare(module):
    return module


class Wrapped(nn.Module):
    def __init__(self, *args, norm="none", **kwargs):
        super().__init__()
        self.conv = normed(nn.Conv1d(*args, **kwargs), norm)

    def forward(self, x):
        return self.conv(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = Wrapped(3, 4, 3, norm="weight_norm")
        self.second = Wrapped(4, 4, 2, stride=2)
        self.linear = bare(nn.Linear(4, 5))
        self.last = bare(nn.Conv1d(4, 2, 1))

    def forward(self, x):
        y = self.second(self.first(x))
        return self.linear(y.transpose(1, 2)), self.last(y).mean(2)
"""


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_equal(data_format):
    pair = Pair(SOURCE, "Net()", ["image[2,3,9]"], data_format=data_format, returns="plain")
    pair.check()
    pair.check_open()
