"""A function that returns the layer that it is given returns, at each call, the layer of that call."""

from __future__ import annotations

import pytest
from harness import FORMATS, Pair

from transpile import translate

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


# a mixer of tokens and one of channels are handed to one wrapper: a convolution, and a Sequential of Linear layers
MIXED = """
import torch
from torch import nn


class Affine(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.g = nn.Parameter(torch.ones(1, 1, dim))

    def forward(self, x):
        return x * self.g


class Scaled(nn.Module):
    def __init__(self, dim, fn):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1, 1, dim))
        self.affine = Affine(dim)
        self.fn = fn

    def forward(self, x):
        return self.fn(self.affine(x)) * self.scale + x


def mixer(n, dim):
    wrap = lambda fn: Scaled(dim, fn)
    return nn.Sequential(
        nn.Linear(5, dim),
        wrap(nn.Conv1d(n, n, 1)),
        wrap(nn.Sequential(nn.Linear(dim, dim), nn.Sequential(nn.GELU(), nn.Linear(dim, dim)))),
        Affine(dim),
        nn.Linear(dim, 3),
    )


class Net(nn.Module):
    def __init__(self, n, dim):
        super().__init__()
        self.proj = nn.Linear(5, dim)
        self.one = Scaled(dim, nn.Conv1d(n, n, 1))
        self.two = Scaled(dim, nn.Sequential(nn.Linear(dim, dim), nn.GELU()))

    def forward(self, x):
        return self.two(self.one(self.proj(x)))
"""


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("factory", ["mixer(4, 6)", "Net(4, 6)"])
def test_a_convolution_and_a_sequential_of_linear_layers(factory: str, data_format: str) -> None:
    assert "called_in_torch_order(self.fn, " in translate(MIXED).code
    Pair(MIXED, factory, ["f32[2,4,5]"], data_format=data_format, returns="plain").check()
