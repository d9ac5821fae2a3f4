"""One function for images and for tokens, whose axis each of its owners sets: it tells them apart when it runs."""

from __future__ import annotations

import pytest
from harness import FORMATS, Pair

from transpile import translate

SOURCE = """
import torch
import torch.nn.functional as F
from einops import pack, rearrange, unpack
from torch import nn


class Norm(nn.Module):
    def __init__(self, dim, axis=2):
        super().__init__()
        self.g = nn.Parameter(torch.ones(dim))
        self.axis = axis

    def forward(self, x):
        g = self.g.reshape(-1, *((1,) * (x.ndim - self.axis - 1)))
        return F.normalize(x, dim=self.axis) * g * (x.shape[self.axis] ** 0.5)


class Block(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.proj = nn.Conv2d(dim, dim, 3, padding=1)
        self.norm = Norm(dim, axis=1)

    def forward(self, x):
        return self.norm(self.proj(x))


class Tokens(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.norm = Norm(dim)
        self.to_two = nn.Linear(dim, 2 * dim)

    def forward(self, x):
        x = self.norm(x)
        a, b = self.to_two(x).chunk(2, dim=-1)
        return a * b.softmax(dim=-2)


class Mixed(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.block = Block(dim)
        self.tokens = Tokens(dim)
        self.last = Block(dim)

    def forward(self, x):
        x = self.block(x)
        x = rearrange(x, "b c h w -> b h w c")
        x, sizes = pack([x], "b * c")
        x = self.tokens(x) + x
        x, = unpack(x, sizes, "b * c")
        x = rearrange(x, "b h w c -> b c h w")
        return self.last(x)
"""


@pytest.mark.parametrize("data_format", FORMATS)
def test_images_for_some_callers_and_tokens_for_others(data_format: str) -> None:
    Pair(SOURCE, "Mixed(4)", ["image[2,4,6,5]"], data_format=data_format, returns="image").check()


def test_tokens_alone_stay_in_torch_order() -> None:
    tokens = (
        SOURCE.replace("self.block(x)", "x")
        .replace("self.last(x)", "x")
        .replace("self.norm(self.proj(x))", "x")
    )
    code = translate(tokens).code
    assert "beside_open" in translate(SOURCE).code
    assert "beside_open" not in code and "open_axis" not in code


def test_a_parameter_that_is_bound_anew_says_nothing_of_the_rank() -> None:
    bound = SOURCE.replace("        g = self.g", "        x = x * 1\n        g = self.g")
    assert "beside_open" not in translate(bound).code
