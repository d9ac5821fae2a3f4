"""Sequentials of lists that loops and branches have filled: members run in order, each on what the one before gives."""

from __future__ import annotations

import pytest
from harness import FORMATS, Pair

HEAD = """
import torch
from einops import rearrange
from torch import nn


class Tokens(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.linear = nn.Linear(dim, dim)

    def forward(self, x):
        return x + self.linear(self.norm(x)) - x.mean(1, keepdim=True)


class ToTokens(nn.Module):
    def forward(self, x):
        return x.flatten(2).transpose(1, 2)


class ToImage(nn.Module):
    def forward(self, x):
        return rearrange(x, "b (h w) c -> b c h w", h=int(x.shape[1] ** 0.5))


class Grid(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.mix = nn.Linear(4, 4)
        self.norm = nn.LayerNorm([dim, 4, 4])

    def forward(self, x):
        return self.mix(self.norm(x)) + x


"""


def net(body: str) -> str:
    lines = "".join(f"        {line}\n" for line in body.strip().splitlines())
    return (
        f"{HEAD}class Net(nn.Module):\n    def __init__(self, n=2, deep=True):\n        super().__init__()\n{lines}"
        "        self.net = nn.Sequential(*layers)\n\n    def forward(self, x):\n        return self.net(x)\n"
    )


CASES = {
    "images all the way": (net("""
layers = [nn.Conv2d(3, 4, 3, padding=1)]
for i in range(n):
    layers.append(nn.Conv2d(4, 4, 3, padding=1))
    if deep:
        layers.append(nn.BatchNorm2d(4))
    else:
        layers.append(nn.InstanceNorm2d(4))
    layers += [nn.ReLU(), nn.MaxPool2d(2)]
layers.extend([nn.AdaptiveAvgPool2d(1), nn.Flatten(1), nn.Linear(4, 2)])
"""), "plain"),
    "tokens after an image": (net("""
layers = [nn.Conv2d(3, 4, 2, 2)]
layers.append(ToTokens())
for i in range(n):
    layers.append(Tokens(4))
layers.append(ToImage())
layers.append(nn.Conv2d(4, 2, 1))
"""), "image"),
    "a plain map in a loop after a convolution": (net("""
layers = [nn.Conv2d(3, 4, 2, 2)]
for i in range(n):
    layers.append(Grid(4))
layers.append(nn.Conv2d(4, 2, 1))
"""), "image"),
    "a plain layer of torch in a loop after a convolution": (net("""
layers = [nn.Conv2d(3, 4, 2, 2)]
for i in range(n):
    layers.append(nn.Linear(4, 4))
layers.append(nn.Conv2d(4, 2, 1))
"""), "image"),
    "a list in the middle": (net("""
blocks = [nn.Sequential(Tokens(4), nn.GELU(), Tokens(4)) for _ in range(n)]
layers = [nn.Sequential(nn.Conv2d(3, 4, 2, 2), ToTokens(), *blocks, ToImage(), nn.Conv2d(4, 2, 1))]
"""), "image"),
    "loops in loops": (net("""
layers = []
for i in range(n):
    stage = []
    for j in range(2):
        stage.append(nn.Conv2d(3, 3, 3, padding=1))
        stage.append(nn.ReLU())
    layers.append(nn.Sequential(*stage))
    if i < n - 1:
        layers.append(nn.AvgPool2d(2))
layers.append(ToTokens())
layers.append(nn.LayerNorm(3))
"""), "plain"),
}  # fmt: skip


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("name", CASES)
def test_equal(name, data_format):
    source, returns = CASES[name]
    Pair(source, "Net()", ["image[2,3,8,8]"], data_format=data_format, returns=returns).check()
