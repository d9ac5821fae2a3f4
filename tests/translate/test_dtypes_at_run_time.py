"""Dtypes that a function chooses, what they are asked for, and `to` of what may be a dtype, a tensor or a device."""

from __future__ import annotations

import pytest
from harness import FORMATS, Pair

from transpile import translate

NEAR_MISS = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, device="cpu", my_gpu=None):
        super().__init__()
        self.device, self.my_gpu = device, my_gpu

    def forward(self, x, where=None):
        x = x.to(self.device).to(self.my_gpu).to(x.device).to("cpu").to(self.device_of(x))
        return x

    def device_of(self, x):
        return x.device
"""
SOURCE = """
import torch
from torch import nn

_compiling = getattr(torch.compiler, "is_compiling", None) or getattr(torch._dynamo, "is_compiling", None)
tracing = torch.jit.is_tracing


def wide(dtype: torch.dtype, least=torch.float32):
    return dtype if dtype.is_floating_point and dtype.itemsize >= least.itemsize else least


def chosen(dtype):
    return dtype if dtype in (torch.float32, torch.float64) else torch.float64


class Net(nn.Module):
    def __init__(self, dtype=torch.float64):
        super().__init__()
        self.kind = dtype
        self.kinds = {"a": dtype}

    def forward(self, x, other):
        if x.is_floating_point() and not x.dtype.is_floating_point:
            return x
        if (_compiling is not None and _compiling()) or tracing():
            return x
        whole = x.long()
        y = x.to(wide(x.dtype)).exp().to(x.dtype)
        z = whole.to(chosen(whole.dtype)) / 3
        return x.to(self.kind), y, z, x.to(self.kinds["a"]), x.to(other), whole.to(wide(whole.dtype)) / 3
"""


def test_near_misses() -> None:
    assert "return x\n" in translate(NEAR_MISS).code
    assert "cast" not in translate(NEAR_MISS).code and "to(" not in translate(NEAR_MISS).code


@pytest.mark.parametrize("data_format", FORMATS)
def test_equal(data_format: str) -> None:
    Pair(SOURCE, "Net()", ["f32[2,3]", "i64[2]"], data_format=data_format).check()
