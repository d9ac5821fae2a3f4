"""Functions called with different kinds of arguments, callables as values: in both data formats, against torch."""

# ruff: noqa: E501 (sources under test keep their own lines)
from __future__ import annotations

import pytest
from harness import FORMATS, Pair

from transpile import translate

HEAD = """
from functools import partial
import torch
import torch.nn.functional as F
from torch import nn


def exists(v):
    return v is not None


def default(v, d):
    return v if exists(v) else d() if callable(d) else d


def pair(t):
    return t if isinstance(t, tuple) else (t, t)


"""
TOKENS = "f32[2,4,6]"
MAP = "image[2,6,4,4]"


def net(init: str, forward: str, inputs: str = "x", before: str = "") -> str:
    setup = "".join(f"        {line}\n" for line in init.split("; ") if line)
    body = "".join(f"        {line}\n" for line in forward.split("; "))
    return (
        f"{HEAD}{before}class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n{setup}\n"
        f"    def forward(self, {inputs}):\n{body}"
    )


# near misses first: a helper that does something with its argument has one body for all callers
CASES = {
    "a helper that reduces": (net("self.c = nn.Conv2d(6, 6, 1)", "return f(self.c(x)), f(x.mean((2, 3)))", before="def f(t):\n    return t.mean(1)\n\n\n"), [MAP], ["plain", "plain"]),
    "a number here, a tensor there": (net("self.n = default(None, 6); self.l = nn.Linear(self.n, default(5, 6))", "y = default(None, x); return self.l(y).transpose(1, 2)"), [TOKENS], "plain"),
    "an image here, tokens there": (net("self.c = nn.Conv2d(6, 6, 1); self.l = nn.Linear(6, 6)", "y = default(None, lambda: self.c(x)); t = default(self.l(x.flatten(2).transpose(1, 2)), x); return y.mean(1), t.mean(1)"), [MAP], ["plain", "plain"]),
    "pairs": (net("h, w = pair(3); k = pair((1, 1)); self.c = nn.Conv2d(6, 4, (h, w)); self.d = nn.Conv2d(4, 2, k)", "return self.d(self.c(x))"), [MAP], "image"),
    "map over a lambda": (net("self.l = nn.Linear(6, 18)", "q, k, v = map(lambda t: t.reshape(t.shape[0], -1, 2, 3).transpose(1, 2), self.l(x).chunk(3, dim=-1)); return (q @ k.transpose(-1, -2)).softmax(-1) @ v"), [TOKENS], "plain"),
    "map over two": (net("", "a, b = map(lambda s, t: torch.cat((s, t), dim=-1), (x, x * 2), (x, x)); return a.sum(-1) + b.sum(-1)"), [TOKENS], "plain"),
    "zip of known items": (net("", "a, b = map(lambda p: p[0] * p[1], zip((x, x), (x, 2 * x))); return a.transpose(1, 2) + b.transpose(1, 2)"), [TOKENS], "plain"),
    "partial of a layer": (net("make = partial(nn.Linear, bias=False); self.a, self.b = make(6, 5), make(5, 3)", "return self.b(self.a(x)).transpose(1, 2)"), [TOKENS], "plain"),
    "partial of a function": (net("", "f = partial(torch.clamp, min=-0.5, max=0.5); g = partial(torch.cat, dim=-1); return g((f(x), x))"), [TOKENS], "plain"),
    "one of several layers": (net("self.a, self.b = Wrap(nn.Linear(6, 6)), Wrap(Double())", "return self.b(self.a(x)).transpose(1, 2)", before="class Double(nn.Module):\n    def forward(self, x):\n        return x * 2\n\n\nclass Wrap(nn.Module):\n    def __init__(self, fn):\n        super().__init__()\n        self.fn = fn\n\n    def forward(self, x, **kwargs):\n        return self.fn(x, **kwargs) + x\n\n\n"), [TOKENS], "plain"),
    "a convolution in the place of a Linear": (net("self.a, self.b = Wrap(nn.Linear(6, 6)), Wrap(Mix())", "return self.b(self.a(x))", before="class Mix(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.c = nn.Conv1d(4, 4, 1)\n\n    def forward(self, x):\n        return self.c(x)\n\n\nclass Wrap(nn.Module):\n    def __init__(self, fn):\n        super().__init__()\n        self.fn = fn\n        self.norm = nn.LayerNorm(6)\n\n    def forward(self, x):\n        return self.fn(self.norm(x)) + x\n\n\n"), [TOKENS], "plain"),
    "a mask of unknown dtype": (net("", "return self.masked(x, x > 0)\n\n    def masked(self, x, mask=None):\n        mask = default(mask, x)\n        return x.masked_fill(~mask, 0.0)"), [TOKENS], "plain"),
    "keywords handed on": (net("self.a = Wrap(Add())", "return self.a(x, other=x.flip(1)).transpose(1, 2)", before="class Add(nn.Module):\n    def forward(self, x, other=None):\n        return x + default(other, x).transpose(1, 2).transpose(1, 2)\n\n\nclass Wrap(nn.Module):\n    def __init__(self, fn):\n        super().__init__()\n        self.fn = fn\n\n    def forward(self, x, **kwargs):\n        return self.fn(x, **kwargs)\n\n\n"), [TOKENS], "plain"),
}  # fmt: skip


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("name", CASES)
def test_equal(name, data_format):
    source, inputs, returns = CASES[name]
    Pair(source, "Net()", inputs, data_format=data_format, returns=returns).check()


def test_a_helper_that_hands_on_costs_no_transpose():
    source = CASES["an image here, tokens there"][0]
    assert "tf.transpose(x, (0, 3, 1, 2))" not in translate(source).code.split("class Net")[1]
