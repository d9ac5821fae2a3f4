"""Tensors made of sizes that are not written one by one: in both data formats, against torch."""

from __future__ import annotations

import pytest
from harness import FORMATS, Pair

HEAD = """
import torch
from torch import nn


class Pool(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.size = size

    def forward(self, x):
        made = torch.zeros((x.shape[0], 6) + self.size)
        made[:] = x.mean()
        return made


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(6, 5, 2)
        self.pool = Pool((4, 3))

    def forward(self, x):
        size = (x.shape[0], 6, 4, 3)
"""

# near misses first: sizes that are written apart are written in the order of the data format
CASES = {
    "apart": "made = x.new_ones((x.shape[0], 6, 4, 3)); return self.c(made * x.mean())",
    "a name": "return self.c(torch.ones(size) * x.mean())",
    "a starred name": "return self.c(torch.ones(*size) * x.mean())",
    "a sum": "return self.c(torch.ones((x.shape[0], 6) + (4, 3)) * x.mean())",
    "a sum with what a caller brings": "return self.c(self.pool(x))",
}


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("name", CASES)
def test_created(name: str, data_format: str) -> None:
    body = "".join(f"        {line}\n" for line in CASES[name].split("; "))
    source = HEAD + body
    pair = Pair(source, "Net()", ["image[2,6,5,4]"], data_format=data_format, returns="image")
    pair.check()
