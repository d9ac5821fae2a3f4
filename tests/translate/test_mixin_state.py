"""A mixin that computes with what only its heirs have: layers, variables, methods, an image that it is called with."""

from __future__ import annotations

import pytest
from harness import FORMATS, Pair

SOURCE = """
import torch
from einops import pack, rearrange, repeat, unpack
from torch import nn


class Tokens:
    def forward(self, img):
        x = self.embed(img)
        b, n, _ = x.shape
        mark = repeat(self.mark, "n d -> b n d", b=b)
        x = torch.cat((mark, x), dim=1) + self.places[: n + 1]
        return self.finish(x)


class Net(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.conv = nn.Conv2d(3, dim, 4, 4)
        self.mark = nn.Parameter(torch.randn(1, dim))
        self.places = nn.Parameter(torch.randn(5, dim))

    def embed(self, img):
        return rearrange(self.conv(img), "b c h w -> b (h w) c")


class Marked(Tokens, Net):
    def finish(self, x):
        return x.mean(dim=1)


def unit(weight):
    packed, shapes = pack([weight], "o *")
    packed = packed / packed.norm(dim=-1, keepdim=True)
    return unpack(packed, shapes, "o *")[0]


def spread(t, count):
    shape = t.shape
    return t.reshape(*shape, *((1,) * count))


class Normed(nn.Module):
    def __init__(self, dim, scaled=True):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(dim, 3, 2, 2))
        self.gain = nn.Parameter(torch.ones(dim)) if scaled else 1
        self.scaled = scaled

    def forward(self, x):
        x = torch.nn.functional.conv2d(x, unit(self.weight), padding="same")
        gain = spread(self.gain, 2) if self.scaled else 1
        return x * gain
"""
CASES = {
    "mixin": ("Marked(6)", "image[2,3,8,8]", "plain"),
    "variables in a list": ("Normed(4)", "image[2,3,5,6]", "image"),
    "a number in place of a variable": ("Normed(4, False)", "image[2,3,5,6]", "image"),
}


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("name", CASES)
def test_state_of_heirs(name: str, data_format: str) -> None:
    factory, given, returned = CASES[name]
    pair = Pair(SOURCE, factory, [given], data_format=data_format, returns=returned)
    pair.check()
    pair.check_open()
