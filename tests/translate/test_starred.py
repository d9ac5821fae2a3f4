"""`f(x, *pair)` of a function of torch whose parameters have a place each."""

from __future__ import annotations

import pytest
from harness import Pair

from transpile import translate

NEAR_MISS = """
import torch


def f(x: torch.Tensor, *rest):
    return torch.clamp(x, *rest)


def g(x: torch.Tensor, limits):
    return torch.clamp(x, *limits())
"""
SOURCE = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)
        self.limits = (-0.5, 0.5)
        self.axes = [2, 3]

    def forward(self, x):
        x = self.conv(x)
        low = x.clamp(*self.limits)
        pair = (x, low)
        return torch.add(*pair) + torch.clamp(x, *self.limits) + torch.transpose(x, *self.axes).transpose(*self.axes)
"""


def test_near_misses() -> None:
    translation = translate(NEAR_MISS)
    assert "torch.clamp(x, *rest)" in translation.code and "torch.clamp(x, *limits())" in translation.code
    assert [d.code for d in translation.diagnostics] == ["API002", "API002"]


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_equal(data_format: str) -> None:
    Pair(SOURCE, "Net()", ["image[2,3,4,5]"], data_format=data_format).check()
