"""Stores that stand beside others in one assignment: results of a call, swaps, chains."""

from __future__ import annotations

import pytest
from harness import FORMATS, Pair

from transpile import translate

NEAR_MISS = """
import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x):
        kept, rest = {}, [None, None]
        kept["a"], rest[0] = x.exp(), x.sin()
        rest[1] = kept["b"] = x + 1
        a, b = x[0], x[1]
        return kept["a"] + rest[0] + a + b + kept["b"] + rest[1]
"""
SOURCE = """
import torch
from torch import nn


def both(x, y):
    return x * 2, y.exp()


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)

    def forward(self, x):
        y, total = torch.zeros_like(x), torch.ones_like(x)
        inside = x > 0.1
        if torch.any(inside):
            (
                y[inside],
                total[inside],
            ) = both(x[inside], x[inside])  # both at once
        maps = self.conv(x)
        out = torch.zeros_like(maps)
        out[:, 0], (rest, out[:, 1:]) = maps[:, 1], (1, both(maps[:, :2], x)[0])
        flat = x.flatten(2) * 1.5
        flat[0] = last = flat[1] = flat[:1].mean(0)
        flat[..., 0], flat[..., 1] = flat[..., 1], flat[..., 0]
        flat[0, 0], other, flat[0, 1] = flat[0, 2], flat[0, 0].clone(), flat[0, 0]
        flat[1, 0], flat[1, 1] = flat[1, 1].clone(), flat[1, 0].clone()
        turned = torch.zeros(2, 5, 3, 4)
        turned[:, :3], turned[:, 3:] = both(x, x[:, :2])
        return y, total, out, flat, last, turned, out * rest, other
"""


def test_near_misses() -> None:
    code = translate(NEAR_MISS).code
    assert 'kept["a"], rest[0] = ' in code and 'rest[1] = kept["b"] = ' in code
    Pair(NEAR_MISS, "Net()", ["f32[2,3]"]).check()


@pytest.mark.parametrize("data_format", FORMATS)
def test_equal(data_format: str) -> None:
    Pair(SOURCE, "Net()", ["image[2,3,3,4]"], data_format=data_format, returns="signed").check()


def test_names_are_new_and_every_store_has_a_line() -> None:
    code = translate(
        SOURCE.replace("y, total =", "y, total, y_part =").replace("torch.ones_like(x)", "x, x")
    ).code
    assert "y_part_2,\n" in code and "= both(" in code
    assert ")  # both at once" in code
