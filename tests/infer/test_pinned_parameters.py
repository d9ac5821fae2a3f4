"""A name that goes round a loop in one layout: the parameter that it is at first takes that layout, too."""

from __future__ import annotations

import pytest
from harness import FORMATS, Pair

SOURCE = """
import torch
from einops import rearrange
from torch import nn


class Norm(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.g = nn.Parameter(torch.ones(1, dim, 1, 1))

    def forward(self, x):
        return (x - torch.mean(x, dim=1, keepdim=True)) * self.g


class Windows(nn.Module):
    def __init__(self, dim, kind, size):
        super().__init__()
        self.kind, self.size = kind, size
        self.norm = Norm(dim)
        self.out = nn.Conv2d(dim, dim, 1)

    def forward(self, x):
        *_, h, w, size = *x.shape, self.size
        x = self.norm(x)
        if self.kind == "short":
            x = rearrange(x, "b d (h s) (w t) -> (b h w) d s t", s=size, t=size)
        elif self.kind == "long":
            x = rearrange(x, "b d (s h) (t w) -> (b h w) d s t", s=size, t=size)
        x = self.out(x)
        if self.kind == "short":
            x = rearrange(x, "(b h w) d s t -> b d (h s) (w t)", h=h // size, w=w // size)
        elif self.kind == "long":
            x = rearrange(x, "(b h w) d s t -> b d (s h) (t w)", h=h // size, w=w // size)
        return x


class Stage(nn.Module):
    def __init__(self, dim, depth):
        super().__init__()
        self.layers = nn.ModuleList(
            [nn.ModuleList([Windows(dim, "short", 2), Windows(dim, "long", 4)]) for _ in range(depth)]
        )

    def forward(self, x):
        for short, long in self.layers:
            x = short(x) + x
            x = long(x) + x
        return x


class Net(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.embed = nn.Conv2d(3, dim, 1)
        self.stage = Stage(dim, 2)

    def forward(self, x):
        return self.stage(self.embed(x))
"""


@pytest.mark.parametrize("data_format", FORMATS)
def test_a_parameter_takes_the_layout_that_its_name_has_in_the_loop(data_format: str) -> None:
    pair = Pair(SOURCE, "Net(4)", ["image[2,3,8,8]"], data_format=data_format, returns="image")
    pair.check()
    pair.check_open()


def test_a_hint_decides_for_the_name() -> None:
    from transpile import translate

    hinted = SOURCE.replace(
        "        for short, long", "        # transpile: x is plain\n        for short, long"
    )
    assert translate(SOURCE).signatures["Stage.call"]["x"] == "NHWC"
    assert translate(hinted).signatures["Stage.call"]["x"] is None
