"""A module that stacks or concatenates what its branches return: of four or five axes, and summed along the first."""

from __future__ import annotations

import pytest
from harness import FORMATS, Pair

SOURCE = """
import torch
from torch import nn


class Branches(nn.Module):
    def __init__(self, stack):
        super().__init__()
        self.stack = stack
        self.a, self.b = nn.Conv2d(3, 4, 1), nn.Conv2d(3, 4, 1)

    def forward(self, x):
        out = [self.a(x), self.b(x)]
        if self.stack:
            out = torch.stack(out, dim=1)
        else:
            out = torch.cat(out, dim=1)
        return out


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.branches = Branches(True)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Conv2d(4, 2, 1)

    def forward(self, x):
        y = self.branches(x)
        u = y.sum(dim=1)
        return self.fc(self.pool(u)), self.fc(u)


class Joined(nn.Module):
    def __init__(self):
        super().__init__()
        self.branches = Branches(False)

    def forward(self, x):
        return self.branches(x).mean(1)
"""


@pytest.mark.parametrize("data_format", FORMATS)
def test_equal(data_format: str) -> None:
    Pair(SOURCE, "Net()", ["image[2,3,5,6]"], data_format=data_format).check()
    Pair(SOURCE, "Joined()", ["image[2,3,5,6]"], data_format=data_format, returns="plain").check()
