"""Reductions of images along axes that only the run knows: a number, several, or none."""

import pytest
from harness import Pair, translated, translation

POOL = """\
import torch
from torch import nn


def space(order):
    if order == "plain":
        return (2, 3)
    if order == "last":
        return [1, 2]
    return None if order == "all" else -1


class Pool(nn.Module):
    def __init__(self, order, keep):
        super().__init__()
        self.conv, self.dim, self.keep = nn.Conv2d(3, 4, 3), space(order), keep

    def forward(self, x):
        x = torch.relu(self.conv(x))
        return x.mean(self.dim, keepdim=self.keep)
"""
NUMBER = """\
from torch import nn


class Pool(nn.Module):
    def __init__(self, dim: int):
        super().__init__()
        self.conv, self.dim = nn.Conv2d(3, 4, 3), dim

    def forward(self, x):
        return self.conv(x).mean(self.dim)
"""


def test_a_number_needs_no_help():
    code = translation(NUMBER).code
    assert "axis=(0, 3, 1, 2)[self.dim]" in code
    assert "placed" not in code


@pytest.fixture(scope="module")
def module():
    return translated(POOL)


@pytest.mark.parametrize(
    ("order", "keep"), [("plain", False), ("plain", True), ("last", True), ("all", False), ("-", True)]
)
def test_equal(module, order, keep):
    pair = Pair(POOL, f"Pool({order!r}, {keep})", ["image[2,3,6,7]"], module=module)
    pair.check()
    pair.check_open()
