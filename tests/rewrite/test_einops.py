"""einops over images and tokens, functions and layers, in both data formats, against torch."""

# ruff: noqa: E501 (sources under test keep their own lines)
from __future__ import annotations

import pytest
from harness import FORMATS, Pair

HEAD = """
import torch
from torch import nn
from einops import rearrange, repeat, reduce, einsum, pack, unpack
from einops.layers.torch import Rearrange, Reduce
"""
MAP = "image[2,6,8,8]"
CONV = "    def __init__(self):\n        super().__init__()\n        self.c = nn.Conv2d(6, 6, 1)\n\n"


def net(body: str, inputs: str = "x", init: str = CONV) -> str:
    lines = "".join(f"        {line}\n" for line in body.split("; "))
    return f"{HEAD}\n\nclass Net(nn.Module):\n{init}    def forward(self, {inputs}):\n{lines}"


# name: (source, inputs, layout of the result); near misses first: what stays in torch's order
CASES = {
    "tokens": (net("return rearrange(self.l(x), 'b n (h d) -> b h n d', h=2)", init=CONV.replace("self.c = nn.Conv2d(6, 6, 1)", "self.l = nn.Linear(6, 6)")), ["f32[2,5,6]"], "plain"),
    "a parameter": (net("return repeat(self.p, '1 d -> b d', b=x.shape[0]) + x", init=CONV.replace("self.c = nn.Conv2d(6, 6, 1)", "self.p = nn.Parameter(torch.randn(1, 6))")), ["f32[2,6]"], "plain"),
    "a parameter or what callers give": (net("p = self.p if p is None else p; return repeat(p, '1 d -> b d', b=x.shape[0]) + x", inputs="x, p=None", init=CONV.replace("self.c = nn.Conv2d(6, 6, 1)", "self.p = nn.Parameter(torch.randn(1, 6))")), ["f32[2,6]"], "plain"),
    "an operand of open rank beside an image, and back": (net("y = rearrange(x, 'b c h w -> b h (w c)'); y = y.view(*y.shape[:2], *[2, 3, 8]) if y.shape[0] > 2 else y.view(*y.shape[:1], *[6, 8, 8]); return rearrange(y + self.c(x), 'b h n d -> b n (h d)')"), [MAP], "plain"),
    "an image to tokens": (net("return rearrange(self.c(x), 'b c h w -> b (h w) c')"), [MAP], "plain"),
    "and back into a convolution": (net("y = rearrange(self.c(x), 'b c h w -> b (h w) c'); return self.c(rearrange(y, 'b (h w) c -> b c h w', h=x.shape[2]))"), [MAP], "image"),
    "and back beside an image": (net("x = self.c(x); y = rearrange(x, 'b c h w -> b (h w) c'); return x + rearrange(y * 2, 'b (h w) c -> b c h w', h=8)"), [MAP], "image"),
    "windows": (net("return rearrange(self.c(x), 'b c (h p) (w q) -> (b h w) c p q', p=4, q=2)"), [MAP], "plain"),
    "attention over pixels": (net("q = rearrange(self.c(x), 'b (h d) ... -> b h (...) d', h=3); return self.c(rearrange(q.softmax(-1), 'b h (x y) d -> b (h d) x y', x=8))"), [MAP], "image"),
    "an ellipsis": (net("return rearrange(self.c(x), 'b c ... -> b (...) c')"), [MAP], "plain"),
    "an ellipsis at the end": (net("return rearrange(self.c(x), '... w -> w ...')"), [MAP], "plain"),
    "a mean over space": (net("return reduce(self.c(x), 'b c h w -> b c', 'mean')"), [MAP], "plain"),
    "names alone say image": (f"{HEAD}\n\nclass Net(nn.Module):\n    def forward(self, x):\n        return rearrange(x, 'b c (h p) (w q) -> b (h w) (p q c)', p=2, q=2)\n", [MAP], "plain"),
    "a computed pattern": (net("axis = 'h'; return rearrange(self.c(x), f'b c {axis} w -> b ({axis} w) c')"), [MAP], "plain"),
    "layers": (f"{HEAD}\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.s = nn.Sequential(Rearrange('b c (h p) (w q) -> b (h w) (p q c)', p=2, q=2), nn.Linear(24, 5), Reduce('b n d -> b d', 'max'))\n\n    def forward(self, x):\n        return self.s(x)\n", [MAP], "plain"),
    "a layer back to an image": (f"{HEAD}\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.s = nn.Sequential(nn.Conv2d(6, 4, 1), Rearrange('b c h w -> b (h w) c'), nn.Linear(4, 6), Rearrange('b (h w) c -> b c h w', h=8), nn.Conv2d(6, 3, 1))\n\n    def forward(self, x):\n        return self.s(x)\n", [MAP], "image"),
    "einsum by names": (net("y = rearrange(self.c(x), 'b c h w -> b (h w) c'); return einsum(y, y, 'b query dim, b key dim -> b query key')"), [MAP], "plain"),
    "packed and unpacked": (net("y = rearrange(self.c(x), 'b c h w -> b h w c'); y, shape = pack([y], 'b * c'); y = y * 2; y, = unpack(y, shape, 'b * c'); return y"), [MAP], "plain"),
    "a list is stacked": (net("return rearrange([x, x * 2], 'k b n -> b k n')", init=""), ["f32[2,6]"], "plain"),
    "a convolution over tokens": (net("return self.c(rearrange(x, 'b n d -> b d n'))", init=CONV.replace("Conv2d", "Conv1d")), ["f32[2,5,6]"], "signed"),
    "the rank is in an unpacked shape": (net("shape = x.shape; b, n, _, y, k = *shape, 2; return self.c(x).reshape(b, n, y * k, -1)"), [MAP], "plain"),
    "an ellipsis in a map": (net("a, b = map(lambda t: rearrange(t, 'b (h d) ... -> b h (...) d', h=3), self.c(x).chunk(2, dim=1)); return a - b"), [MAP], "plain"),
    "two maps in a loop": (f"{HEAD}\n\nclass Step(nn.Module):\n    def forward(self, x, y):\n        a, b = map(lambda t: rearrange(t, 'b c h w -> b (h w) c'), (x, y))\n        a, b = a + b, a - b\n        return rearrange(a, 'b (h w) c -> b c h w', h=8), rearrange(b, 'b (h w) c -> b c h w', h=8)\n\n\nclass Net(nn.Module):\n" + CONV.replace("self.c =", "self.s = nn.ModuleList([Step(), Step()])\n        self.c =") + "    def forward(self, x):\n        y = self.c(x)\n        for step in self.s:\n            x, y = self.c(x), self.c(y)\n            x, y = step(x, y)\n        return self.c(y)\n", [MAP], "image"),
}  # fmt: skip


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("name", CASES)
def test_equal(name, data_format):
    source, inputs, returns = CASES[name]
    if returns == "signed":
        pair = Pair(source, "Net()", inputs, data_format=data_format)
        if data_format == "channels_first":
            pair.check()
        return
    Pair(source, "Net()", inputs, data_format=data_format, returns=returns).check()


@pytest.mark.parametrize(
    "name", [n for n in CASES if CASES[n][2] != "signed" and "back" not in n and "w" not in n.split()]
)
def test_equal_in_an_open_graph(name):
    source, inputs, returns = CASES[name]
    Pair(source, "Net()", inputs, returns=returns).check_open()


def test_patterns_take_the_place_of_transposes():
    source, inputs, returns = CASES["and back into a convolution"]
    code = Pair(source, "Net()", inputs, returns=returns)
    code.check_open(transposes=0)
