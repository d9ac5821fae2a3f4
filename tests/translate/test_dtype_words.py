"""`dtype.is_floating_point`, which torch's dtypes have without a call."""

from __future__ import annotations

import pytest
from harness import Pair

from transpile import translate

NEAR_MISS = """
import torch


class Kind:
    is_floating_point = True


def f(x: torch.Tensor, kind: Kind):
    return x.is_floating_point(), torch.is_floating_point(x), Kind().is_floating_point
"""
SOURCE = """
from typing import Optional

import torch
from torch import nn


def wide(dtype: Optional[torch.dtype]):
    if dtype is None:
        dtype = torch.get_default_dtype()
    return torch.float64 if dtype.is_floating_point else dtype


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3))

    def forward(self, x):
        if self.scale.dtype.is_floating_point and not x.argmax(-1).dtype.is_floating_point:
            x = x * self.scale
        if torch.float16.is_floating_point and wide(torch.int32) == torch.int32:
            x = x + 1
        return x.to(wide(x.dtype)).float()
"""


def test_near_misses() -> None:
    code = translate(NEAR_MISS).code
    assert "Kind().is_floating_point" in code
    assert "as_dtype" not in code


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_equal(data_format: str) -> None:
    Pair(SOURCE, "Net()", ["f32[2,3]"], data_format=data_format).check()
