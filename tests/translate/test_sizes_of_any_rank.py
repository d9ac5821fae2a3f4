"""The sizes of what is kept with its channels last at any rank, and of what only a method's parameter tells."""

from __future__ import annotations

import pytest
from harness import FORMATS, Pair

from transpile import translate

SOURCE = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.GroupNorm(1, 3)

    def forward(self, x):
        y = self.norm(x)
        n, c = x.shape[0], x.shape[1]
        z = torch.arange(x.shape[-1]).float() + torch.ones(n, 1, *x.shape[2:])
        if y.shape[-1] != x.size(-1):
            raise ValueError(f"{x.shape}")
        return y + z, torch.zeros(x.shape), torch.tensor(x.size()), c * x.size(-1)
"""
# of `x` in `cropped` nothing is known but that its sizes are asked for
CROPPED = """
import torch
import torch.nn.functional as F
from torch import nn


class Block(nn.Module):
    def __init__(self, up, weight=None):
        super().__init__()
        self.up = up
        self.sizes = None if weight is None else weight.shape

    def forward(self, skip, x):
        x = self.up(x)
        skip = self.cropped(skip, x)
        return torch.cat((skip, x), dim=1)

    def cropped(self, skip, x):
        crop = torch.tensor(skip.shape)[2:] - torch.tensor(x.shape)[2:]
        half = (crop / 2).int()
        pad = -torch.stack((half, half)).t().flatten()
        return F.pad(skip, pad.tolist())


def block():
    return Block(nn.Upsample(scale_factor=2))


def sizes(array):
    return array.shape
"""


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("image", ["image[2,3,5,6]", "image[2,3,4,5,6]"])
def test_equal(image: str, data_format: str) -> None:
    Pair(SOURCE, "Net()", [image], data_format=data_format, returns="signed").check()


@pytest.mark.parametrize("data_format", FORMATS)
def test_cropped(data_format: str) -> None:
    inputs = ["image[2,3,12,12]", "image[2,4,4,4]"]
    Pair(CROPPED, "block()", inputs, data_format=data_format).check()


def test_near_misses() -> None:
    code = translate(CROPPED).code
    assert "weight.shape" in code and "return array.shape" in code
