"""torch promotes dtypes, TensorFlow does not: integers handed in, floats of two precisions, padded sequences."""

from __future__ import annotations

import pytest
from harness import FORMATS, Pair

from transpile import translate

NEAR_MISS = """
import torch
from torch import nn


class Scale(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(n))

    def forward(self, x, keep):
        return x * self.weight + x * keep.float() + x * 2.0
"""
SOURCE = """
from functools import partial
import math
import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence


class Frequencies(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.dim = dim

    def forward(self, steps):
        rates = torch.exp(torch.arange(self.dim) * -(math.log(100.0) / self.dim))
        angles = steps[:, None] * rates[None, :]
        return torch.cat((angles.sin(), angles.cos()), dim=-1)


def doubled(n, low=0.5):
    t = torch.linspace(0, n, n + 1, dtype=torch.float64) / n
    edge = torch.tensor(low / 2).sigmoid()
    return (t.sigmoid() + edge) / (edge + 1 - t)


class Decay(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.rate = nn.Parameter(torch.rand(n) + 0.5)

    def forward(self, x):
        rates, one = [self.rate.sigmoid() * x, 1]
        return (one - rates) ** torch.arange(3, 0, -1) + rates**2


padded = partial(pad_sequence, batch_first=True)


def lengths(x, y):
    return padded([x, y]), pad_sequence([x, y], padding_value=-1)
"""
CASES = {
    "steps of time": ("Frequencies(4)", ["i64[3]:int5"], None),
    "steps that are floats": ("Frequencies(4)", ["f32[3]"], None),
    "float64 beside a float32 scalar": ("lambda x: doubled(5)", ["f32[6]"], None),
    "to the power of integers": ("Decay(3)", ["f32[2,3]"], "plain"),
    "padded integers": ("lengths", ["i64[3]", "i64[2]"], ["plain", "plain"]),
    "padded floats": ("lengths", ["f32[2,3]", "f32[4,3]"], ["plain", "plain"]),
}


def test_near_miss() -> None:
    code = translate(NEAR_MISS).code
    assert "x * self.weight + x * tf.cast(keep, tf.float32) + x * 2.0" in code


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("name", CASES)
def test_promoted(name: str, data_format: str) -> None:
    factory, inputs, returns = CASES[name]
    pair = Pair(SOURCE, factory, inputs, data_format=data_format, returns=returns)
    pair.check()


BITS = """
import torch
from torch import nn


class Bits(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mask", 2 ** torch.arange(4))
        self.register_buffer("keep", torch.tensor([True, False, True, False]))

    def forward(self, x):
        i = torch.arange(8)[:, None]
        narrow = (i.int() & self.mask) != 0
        flag = (x[0, :4] > 0) & self.keep
        return narrow, self.mask & 6, self.mask | x[0, :4].long(), i ^ self.mask, (i > 3) & i, flag, self.keep | flag
"""


def test_bits_of_integers_and_of_variables_are_bits() -> None:
    code = translate(BITS).code
    assert "& self.keep" in code and "self.keep | flag" in code  # near misses: truths are Keras' own
    Pair(BITS, "Bits()", ["f32[2,5]"]).check()


ANGLES = """
import torch
from torch import nn


class Angles(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.register_buffer("rates", 1.0 / 10 ** (torch.arange(dim).float() / dim))

    def forward(self, x):
        steps = torch.arange(x.shape[1])
        angles = torch.einsum("i, j -> i j", steps, self.rates)
        listed = torch.einsum("i,j->ij", [self.rates, steps])
        alike = torch.einsum("i,j->ij", self.rates, self.rates)
        return angles.sin(), listed, alike, torch.einsum("i,j->ij", steps, steps)
"""


def test_the_operands_of_einsum_are_promoted() -> None:
    model = translate(ANGLES).code.partition("class Angles")[2]
    assert model.count("tf.einsum(") == 2  # near misses: all operands of one dtype
    Pair(ANGLES, "Angles(4)", ["f32[2,3]"]).check()
