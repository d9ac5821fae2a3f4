"""A name that a branch leaves as an image, and that began as an einsum: its letters say the rank, or nobody does."""

from __future__ import annotations

import pytest
from harness import FORMATS, Pair

SOURCE = """
import torch
from torch import nn


def exists(v):
    return v is not None


class Scores(nn.Module):
    def __init__(self, mix):
        super().__init__()
        self.pre = nn.Conv2d(3, 3, 1) if mix else None

    def forward(self, q, bias=None, mask=None):
        sim = torch.einsum("{}", q, q)
        if exists(self.pre):
            sim = sim + self.pre(sim)
        if exists(bias):
            sim = sim + bias
        i, j = sim.shape[-2:]
        sim = sim.masked_fill(torch.ones(i, j).triu(1).bool(), -1e4)
        return sim.softmax(dim=-1)


class Net(nn.Module):
    def __init__(self, mix):
        super().__init__()
        self.scores = Scores(mix)

    def forward(self, x):
        q = x.flatten(1).reshape(2, 3, 4, 5)
        return self.scores(q).flatten(1)
"""
EQUATIONS = ["bhid,bhjd->bhij", "b h i d, b h j d -> b h i j", "...id,...jd->...ij"]


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("mix", [False, True])
@pytest.mark.parametrize("equation", EQUATIONS)
def test_equal(equation: str, mix: bool, data_format: str) -> None:
    source = SOURCE.format(equation)
    Pair(source, f"Net({mix})", ["f32[2,60]"], data_format=data_format, returns="plain").check()
