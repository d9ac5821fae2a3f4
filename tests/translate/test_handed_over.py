"""Parts of a tuple that nobody can convert on the way, and an operand whose rank only a later use tells."""

from __future__ import annotations

import pytest
from harness import FORMATS, Pair

SOURCE = """
import torch
from einops import rearrange
from torch import nn


class Block(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.conv = nn.Conv2d(dim, dim, 3, padding=1)

    def forward(self, x, scale_shift=None):
        x = self.conv(x)
        if scale_shift is not None:
            scale, shift = scale_shift
            x = x * (scale + 1) + shift
        return x


class Conditioned(nn.Module):
    def __init__(self, dim, doubled=False):
        super().__init__()
        self.doubled = doubled
        self.first = nn.Conv2d(6 if doubled else 3, dim, 1)
        self.linear = nn.Linear(5, 2 * dim)
        self.block, self.last = Block(dim), Block(dim)

    def forward(self, x, time, before=None):
        assert all([n % 2 == 0 for n in x.shape[-2:]]), "even"
        if self.doubled:
            before = torch.zeros_like(x) if before is None else before
            x = torch.cat((before, x), dim=1)
        x = self.first(x)
        scale_shift = rearrange(self.linear(time), "b c -> b c 1 1").chunk(2, dim=1)
        return self.last(self.block(x, scale_shift=scale_shift))
"""


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("factory", ["Conditioned(4)", "Conditioned(4, True)"])
def test_conditioned(factory: str, data_format: str) -> None:
    pair = Pair(SOURCE, factory, ["image[2,3,4,6]", "f32[2,5]"], data_format=data_format, returns="image")
    pair.check()
    pair.check_open()
