"""What tests of a rank and callers of a constructor prove."""

from __future__ import annotations

import pytest
from harness import FORMATS, Pair

COUNTED = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(3, 3, 1)

    def forward(self, x):
        if x.ndim != 3 or x.shape[1] != 3:
            raise ValueError(f"channels: {x.shape[1]}")
        return self.last(x), self.conv(x).mean(1)

    def last(self, x):
        assert len(x.shape) == 3
        return nn.functional.pad(x, (1, 2)).flatten(1)
"""
CASES = {
    "a counted rank": (COUNTED, "image[2,3,5]", "plain"),
}


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("name", CASES)
def test_equal(name, data_format):
    source, operand, returns = CASES[name]
    returns = ["plain", "plain"] if name == "a counted rank" else returns
    Pair(source, "Net()", [operand], data_format=data_format, returns=returns).check()
