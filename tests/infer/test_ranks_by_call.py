"""A function whose result has the rank that an argument asks for: each call has its own."""

from __future__ import annotations

import pytest
from harness import FORMATS, Pair

SOURCE = """
import torch
from torch import nn


def lifted(x: torch.Tensor, rank: int, axis: int):
    had = x.dim()
    if had == rank - 1:
        x = x.unsqueeze(axis)
    elif had != rank:
        raise ValueError(f"{x.shape}")
    return x, had


class Pool(nn.Module):
    def forward(self, x: torch.Tensor):
        x, had = lifted(x, 3, 1)
        b, n, c = x.shape
        return x.reshape(b, n * c) * had


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.pool = Pool()
        self.c = nn.Conv3d(3, 4, 1)

    def forward(self, x: torch.Tensor):
        x = self.c(lifted(x, 5, 2)[0])
        return self.pool(x.flatten(2).transpose(1, 2)).sum(1)
"""


@pytest.mark.parametrize("data_format", FORMATS)
def test_equal(data_format):
    Pair(SOURCE, "Net()", ["f32[2,3,4,5,6]"], data_format=data_format, returns="plain").check()
