"""What nn.Module gives every layer, asked of a class that derives from one of torch's layers."""

from __future__ import annotations

import pytest
from harness import FORMATS, Pair

from transpile import translate

SOURCE = """
import torch
import torch.nn.functional as F
from torch import nn


class Masked(nn.Linear):
    def __init__(self, degrees, features):
        super().__init__(len(degrees), features)
        mask, order = self.mask_of(degrees, features)
        self.register_buffer("mask", mask)
        self.register_buffer("order", order)
        self.register_parameter("scale", nn.Parameter(torch.ones(features)))
        self.add_module("norm", nn.LayerNorm(features))

    @classmethod
    def mask_of(cls, degrees, features):
        order = torch.arange(features) % 3
        return (order[..., None] >= degrees).float(), order

    def forward(self, x):
        y = F.linear(x, self.weight * self.mask, self.bias)
        return self.norm(y * self.scale) + sum(p.numel() for p in self.parameters())


class Smoothed(nn.Conv2d):
    def __init__(self, channels):
        super().__init__(channels, channels, 3, padding=1)
        self.register_buffer("gain", torch.full((1,), 0.5))

    def forward(self, x):
        return super().forward(x) * self.gain + len(list(self.named_buffers()))


class Held(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("gain", torch.full((1,), 0.5))
        self.linear = Masked(torch.arange(4), 5)

    def forward(self, x):
        return self.linear(x) * self.gain + len(list(self.parameters()))
"""


@pytest.mark.parametrize("data_format", FORMATS)
def test_equal(data_format: str) -> None:
    Pair(SOURCE, "Held()", ["f32[2,4]"], data_format=data_format).check()
    Pair(SOURCE, "Smoothed(3)", ["image[2,3,5,6]"], data_format=data_format).check()


def test_what_has_the_methods_itself_is_asked() -> None:
    model = translate(SOURCE).code.partition("class Held")[2]
    assert "list(self.parameters())" in model
