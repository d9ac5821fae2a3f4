"""A helper that runs the layers it is given: maps for one caller, tokens for another, and neither tells the other."""

from __future__ import annotations

import pytest
from harness import FORMATS, Pair

from transpile import translate

SOURCE = """
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint


def run_in_parts(functions, x, every=1, flatten=False):
    def run_function(start, end, functions):
        def forward(_x):
            for j in range(start, end + 1):
                _x = functions[j](_x)
            return _x
        return forward

    if isinstance(functions, nn.Sequential):
        functions = functions.children()
    if not isinstance(functions, (tuple, list)):
        functions = tuple(functions)
    for start in range(0, len(functions), every):
        end = min(start + every - 1, len(functions) - 1)
        x = checkpoint(run_function(start, end, functions), x)
    return x


class Maps(nn.Module):
    def __init__(self, dim, in_parts=False):
        super().__init__()
        self.in_parts = in_parts
        self.stem = nn.Conv2d(3, dim, 3, padding=1)
        self.blocks = nn.Sequential(nn.Conv2d(dim, dim, 3, padding=1), nn.BatchNorm2d(dim), nn.ReLU())

    def forward(self, x):
        x = self.stem(x)
        if self.in_parts:
            x = run_in_parts(self.blocks, x)
        else:
            x = self.blocks(x)
        return x


class Merging(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.norm = nn.LayerNorm(4 * dim)
        self.reduction = nn.Linear(4 * dim, dim)

    def forward(self, x):
        B, H, W, C = x.shape
        x = x.reshape(B, H // 2, 2, W // 2, 2, C).permute(0, 1, 3, 4, 2, 5).flatten(3)
        return self.reduction(self.norm(x))


class Stage(nn.Module):
    def __init__(self, dim, in_parts=False):
        super().__init__()
        self.in_parts = in_parts
        self.downsample = Merging(dim)
        self.blocks = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, dim))

    def forward(self, x):
        x = self.downsample(x)
        if self.in_parts:
            x = run_in_parts(self.blocks, x)
        else:
            x = self.blocks(x)
        return x


class Windows(nn.Module):
    def __init__(self, dim, in_parts=False):
        super().__init__()
        self.patches = nn.Conv2d(3, dim, 2, stride=2)
        self.layers = nn.Sequential(Stage(dim, in_parts), Stage(dim, in_parts))

    def forward(self, x):
        x = self.patches(x).permute(0, 2, 3, 1)
        return self.layers(x)
"""


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("in_parts", [False, True])
@pytest.mark.parametrize(
    ("factory", "returns"), [("Maps(4, in_parts={})", "image"), ("Windows(4, in_parts={})", "plain")]
)
def test_each_caller_has_its_own_order(factory: str, returns: str, in_parts: bool, data_format: str) -> None:
    given = ["image[2,3,16,16]"]
    pair = Pair(SOURCE, factory.format(in_parts), given, data_format=data_format, returns=returns)
    pair.check()


def test_nothing_is_turned_for_one_that_needs_it_not() -> None:
    code = translate(SOURCE).code
    assert "run_in_parts(self.blocks, x)\n" in code and "by_rank(run_in_parts" not in code
