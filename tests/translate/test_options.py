"""`**options` of a dict that is written out: its names are bound as if they stood in the call."""

from __future__ import annotations

from harness import Pair

from transpile import translate

SOURCE = """
import torch
from torch import nn


class Scale(nn.Module):
    def __init__(self, n, dtype=None):
        options = {"device": None, "dtype": dtype}
        super().__init__()
        self.a = nn.Parameter(torch.ones(n, **options))
        self.b = nn.Parameter(0.5 * torch.ones(n, 2, **options))
        self.c = nn.Linear(n, n, **options)
        self.register_buffer("d", torch.zeros((n, 2), dtype=dtype))

    def forward(self, x):
        return self.c(x * self.a) @ (self.b + self.d)
"""
NEAR_MISSES = """
import torch


def f(n, options, name):
    a = torch.ones(n, **options)
    known = {"dtype": torch.float64}
    known[name] = "cpu"
    b = torch.ones(n, **known)
    fewer = {"dtype": torch.float64, "device": "cpu"}
    fewer.pop("device")
    c = torch.ones(n, **fewer)
    return a, b, c
"""


def test_equal() -> None:
    pair = Pair(SOURCE, "Scale(3)", ["f32[2,3]"], returns="plain")
    pair.check()
    pair.check_open()


def test_the_names_of_other_dicts_are_not_known() -> None:
    result = translate(NEAR_MISSES)
    assert [d.line for d in result.diagnostics if d.code == "API002"] == [6, 9, 12]
