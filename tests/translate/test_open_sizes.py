"""Sizes of an open graph, where Python asks for numbers; tensors and variables that are iterated."""

from __future__ import annotations

import pytest
from harness import FORMATS, Pair

from transpile import translate

NEAR_MISS = """
import math
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, dim):
        super().__init__()
        assert dim % 2 == 0 and dim > 2, "even"
        self.dim = int(math.sqrt(dim))
        self.conv = nn.Conv2d(3, dim, 1)

    def forward(self, x, scale=None):
        x = self.conv(x)
        assert x.shape[1] % 2 == 0
        assert scale is None or x.shape[2] > 1
        return x / math.sqrt(x.shape[1])
"""
SOURCE = """
import math
from math import sqrt
import torch
from torch import nn


def divides(n, d):
    return n % d == 0


class Checked(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.conv = nn.Conv2d(3, dim, 1)

    def forward(self, x):
        x = self.conv(x)
        height, width, two = *x.shape[-2:], 2
        assert height % two == 0 and divides(width, two), f"{height} and {width} are odd"
        assert all([divides(n, 2) for n in x.shape[-2:]]), "odd"
        assert x.shape[1:] == (4, 4, 6)
        half, longer = math.ceil(height / 2), max(height, width)
        return x[:, :, :half, : longer - min(height, width) + round(width / 4)]


class Squared(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.conv = nn.Conv2d(3, dim, 2, 2)

    def forward(self, x):
        tokens = self.conv(x).flatten(2).transpose(1, 2)
        side = int(sqrt(tokens.shape[1]))
        return tokens.reshape(tokens.shape[0], side, side, 4).permute(0, 3, 1, 2)


def at_most(x, n, axis):
    return min(n, x.size(axis)), max(n, x.shape[axis])


class Chosen(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.linear = nn.Linear(dim, dim)

    def forward(self, x):
        x = self.linear(x)
        few, many = at_most(x, 2, 0)
        columns, _ = at_most(x, 3, 1)
        return x[:few, :columns, :many]


class Memories(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.kv = nn.Parameter(torch.randn(2, dim))

    def forward(self, x):
        b, n, d = x.shape
        k, v = map(lambda t: t[None] * 2, self.kv)
        first, last = [row.mean(0) for row in x.transpose(0, 1)]
        return x[:, 0] * k + x[:, 1] * v + first + last
"""
CASES = {
    "assertions and rounding": ("Checked(4)", "image[2,3,4,6]", "image"),
    "a side of a square": ("Squared(4)", "image[2,3,8,8]", "image"),
    "an axis known at run time": ("Chosen(5)", "f32[3,2,5]", "plain"),
    "variables and tensors": ("Memories(5)", "f32[3,2,5]", "plain"),
}


def test_near_miss() -> None:
    code = translate(NEAR_MISS, data_format="channels_first").code
    for line in ('assert dim % 2 == 0 and dim > 2, "even"', "int(math.sqrt(dim))", "assert scale is None or"):
        assert line in code
    assert "check(" not in code


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("name", CASES)
def test_open_sizes(name: str, data_format: str) -> None:
    factory, given, returned = CASES[name]
    pair = Pair(SOURCE, factory, [given], data_format=data_format, returns=returned)
    pair.check()
    pair.check_open()
