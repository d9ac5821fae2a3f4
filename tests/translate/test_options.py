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
MADE = """
import torch
from torch import nn


def like(t):
    return {"device": t.device, "dtype": t.dtype}


def pick(t, wide):
    if wide:
        return dict(dtype=torch.float64)
    return dict(dtype=t.dtype)


class Net(nn.Module):
    def forward(self, x):
        options = dict(device=x.device, dtype=torch.float64)
        steps = torch.arange(5, **dict(options))
        edge = torch.zeros((x.shape[0], 2), **like(x))
        rest = x.new_ones(2, 3, **{"device": x.device, "dtype": torch.int64})
        full = torch.full((3,), **dict(fill_value=2.5, dtype=torch.float64))
        return steps, torch.cat((edge, x), dim=1), rest, full, torch.ones(2, **pick(x, True))
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
NOT_MADE = """
import torch


def like():
    return {"dtype": torch.float64, "fill_value": 2}


def either(wide):
    return {"dtype": torch.float64} if wide else {"device": "cpu"}


def f(wide):
    a = torch.full((3,), **like())
    more = dict(dict(dtype=torch.float64), device="cpu")
    return a, torch.ones(3, **either(wide)), torch.ones(3, **more)
"""


def test_equal() -> None:
    pair = Pair(SOURCE, "Scale(3)", ["f32[2,3]"], returns="plain")
    pair.check()
    pair.check_open()


def test_made_where_it_is_unpacked() -> None:
    Pair(MADE, "Net()", ["f32[2,3]"], returns=["plain"] * 5).check()


def test_what_makes_two_names_is_called_once() -> None:
    result = translate(NOT_MADE)
    assert [d.line for d in result.diagnostics if d.code == "API002"] == [14, 16, 16]


def test_the_names_of_other_dicts_are_not_known() -> None:
    result = translate(NEAR_MISSES)
    assert [d.line for d in result.diagnostics if d.code == "API002"] == [6, 9, 12]
