"""Images that become matrices: a matrix has no channels to keep behind, so it comes out in torch's order."""

from __future__ import annotations

import pytest
from harness import FORMATS, Pair

SOURCE = """
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.pool = nn.AvgPool2d(2)

    def forward(self, x):
        x = self.pool(x)
        return {}
"""
MADE = [
    "x.transpose(0, 1).flatten(1)",
    "x.permute(1, 0, 2, 3).flatten(1)",
    "x.permute(1, 0, 2, 3).reshape(x.shape[1], -1)",
    "x.transpose(0, 1).reshape(3, -1)",
    "x.transpose(0, 1).contiguous().view(x.size(1), -1).mean(1)",
    "x.mean((2, 3), keepdim=True).flatten(1)",
    "x.mean((2, 3), keepdim=True).reshape(x.shape[0], -1)",
    "x.flatten(2).mean(0)",
    "x.flatten(0, 1).flatten(1)",
]


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("made", MADE)
def test_in_torch_order(made, data_format):
    pair = Pair(SOURCE.format(made), "Net()", ["image[2,3,4,6]"], data_format=data_format, returns="plain")
    pair.check()
