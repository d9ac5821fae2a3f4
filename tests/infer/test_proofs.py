"""What tests of a rank and callers of a constructor prove."""

from __future__ import annotations

import pytest
from harness import FORMATS, Pair

COUNTED = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(3, 3, 1)

    def forward(self, x):
        if x.ndim != 3 or x.shape[1] != 3:
            raise ValueError(f"channels: {x.shape[1]}")
        return self.last(x), self.conv(x).mean(1)

    def last(self, x):
        assert len(x.shape) == 3
        return nn.functional.pad(x, (1, 2)).flatten(1)
"""
CASES = {
    "a counted rank": (COUNTED, "image[2,3,5]", "plain"),
}


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("name", CASES)
def test_equal(name, data_format):
    source, operand, returns = CASES[name]
    returns = ["plain", "plain"] if name == "a counted rank" else returns
    Pair(source, "Net()", [operand], data_format=data_format, returns=returns).check()


UNPACKED = """
from typing import Optional
import torch
from torch import nn


class Norm(nn.LayerNorm):
    def forward(self, input):
        x = input.transpose(1, 2)
        x = nn.functional.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)
        return x.transpose(1, 2)


class Block(nn.Module):
    def __init__(self, c, d, norm: Optional[nn.Module]):
        super().__init__()
        self.norm = norm
        self.conv = nn.Conv1d(c, d, 3)

    def forward(self, x, length):
        x = self.conv(x)
        if self.norm is not None:
            x = self.norm(x)
        return nn.functional.gelu(x), length - 2


class Blocks(nn.Module):
    def __init__(self, blocks: nn.ModuleList):
        super().__init__()
        self.blocks = blocks

    def forward(self, x, length):
        x = x.unsqueeze(1)
        for block in self.blocks:
            x, length = block(x, length)
        return x.transpose(1, 2)


def blocks(kind="group"):
    made = []
    c = 1
    for i in range(3):
        norm = None
        if kind == "group" and i == 0:
            norm = nn.GroupNorm(2, 4)
        elif kind == "layer":
            norm = Norm(4)
        made.append(Block(c, 4, norm))
        c = 4
    return Blocks(nn.ModuleList(made))


class Net(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.blocks = blocks(kind)
        self.linear = nn.Linear(4, 2)

    def forward(self, x):
        return self.linear(self.blocks(x, x.shape[1]))
"""


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("kind", ["group", "layer"])
def test_what_a_tuple_brings_keeps_its_layout(kind, data_format):
    Pair(UNPACKED, f"Net({kind!r})", ["f32[2,12]"], data_format=data_format, returns="plain").check()


STRETCHED = """
import torch
from torch import nn


class Stretch(nn.Module):
    def __init__(self, times):
        super().__init__()
        self.times = times

    def forward(self, x):
        return x.repeat_interleave(1, -2).repeat_interleave(self.times, -1)


class Net(nn.Module):
    def __init__(self, scales=(2, 3)):
        super().__init__()
        self.line = nn.Conv1d(3, 4, 3, padding=1)
        self.whole = Stretch(6)
        layers = []
        for scale in scales:
            stretch = Stretch(scale)
            conv = nn.Conv2d(1, 1, (1, scale * 2 + 1), padding=(0, scale), bias=False)
            layers.append(stretch)
            layers.append(conv)
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        if x.size(1) != 1:
            raise ValueError("one channel")
        x = x.squeeze(1)
        line = self.whole(self.line(x).unsqueeze(1)).squeeze(1)
        up = self.layers(x.unsqueeze(1)).squeeze(1)[:, :, 1:-1]
        return line.transpose(1, 2), up.transpose(1, 2)
"""


@pytest.mark.parametrize("data_format", FORMATS)
def test_one_function_of_two_layouts(data_format):
    Pair(STRETCHED, "Net()", ["image[2,1,3,5]"], data_format=data_format, returns=["plain", "plain"]).check()


JOINED = """
import torch
from einops import rearrange, repeat
from torch import nn


class Net(nn.Module):
    def __init__(self, axes=2):
        super().__init__()
        self.axes = axes
        self.linear = nn.Linear(5, 3)

    def forward(self, data):
        b, *axis, _ = data.shape
        assert len(axis) == self.axes
        marks = [torch.linspace(-1.0, 1.0, steps=size) for size in axis]
        marks = torch.stack(torch.meshgrid(*marks, indexing="ij"), dim=-1)
        marks = repeat(marks, "... -> b ...", b=b)
        data = torch.cat((data, marks), dim=-1)
        return self.linear(rearrange(data, "b ... d -> b (...) d"))
"""


@pytest.mark.parametrize("data_format", FORMATS)
def test_what_is_joined_shares_its_layout(data_format):
    Pair(JOINED, "Net()", ["f32[2,4,3,3]"], data_format=data_format, returns="plain").check()
