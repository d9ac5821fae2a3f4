"""What inference finds about the tensors of functions and classes, seen through the signatures of a translation."""

# ruff: noqa: E501 (sources under test keep their own lines)
from __future__ import annotations

import textwrap

import pytest

from transpile import translate

HEAD = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\nfrom typing import Dict, List, Optional, Tuple\n\n\n"
N = "NHWC"

# source: {function: {parameter or "return": layout}}. Near misses first: what must not be taken for an image.
FOUND = {
    "a matrix is no image": (
        "def f(x: torch.Tensor):\n    b, d = x.shape\n    return x @ x.t()\n",
        {"f": {"x": None, "return": None}},
    ),
    "tokens are none": (
        "class A(nn.Module):\n"
        "    def __init__(self):\n        super().__init__()\n        self.fc = nn.Linear(4, 4)\n        self.norm = nn.LayerNorm(4)\n\n"
        "    def forward(self, x):\n        B, N, C = x.shape\n        return self.norm(self.fc(x))\n",
        {"A.call": {"x": None, "return": None}},
    ),
    "scores of attention have rank 4 too": (
        "class A(nn.Module):\n"
        "    def __init__(self):\n        super().__init__()\n        self.qkv = nn.Linear(4, 12)\n\n"
        "    def forward(self, x):\n        B, N, C = x.shape\n"
        "        q, k, v = self.qkv(x).reshape(B, N, 3, 2, C // 2).permute(2, 0, 3, 1, 4).unbind(0)\n"
        "        return (q @ k.transpose(-2, -1)).softmax(-1)\n",
        {"A.call": {"x": None, "return": None}},
    ),
    "a number is none": (
        "def f(n: int, ratio=0.5):\n    return torch.zeros(n) * ratio\n",
        {"f": {"n": None, "ratio": None, "return": None}},
    ),
    "ids are none": (
        "class A(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.e = nn.Embedding(9, 4)\n\n"
        "    def forward(self, ids):\n        return self.e(ids)\n",
        {"A.call": {"ids": None, "return": None}},
    ),
    "the argument of a convolution": (
        "class A(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.c = nn.Conv2d(3, 4, 3)\n\n"
        "    def forward(self, x):\n        return self.c(x)\n",
        {"A.call": {"x": N, "return": N}},
    ),
    "of one in one and in three dimensions": (
        "class A(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.one, self.three = nn.Conv1d(3, 4, 3), nn.Conv3d(3, 4, 3)\n\n"
        "    def forward(self, x, y):\n        return self.one(x), self.three(y)\n",
        {"A.call": {"x": "NLC", "y": "NDHWC", "return": ["NLC", "NDHWC"]}},
    ),
    "of a functional one": (
        "def f(x, weight):\n    return F.max_pool2d(F.conv2d(x, weight), 2)\n",
        {"f": {"x": N, "weight": None, "return": N}},
    ),
    "through an elementwise function and a condition": (
        "class A(nn.Module):\n    def __init__(self, act=True):\n        super().__init__()\n        self.c = nn.Conv2d(3, 3, 3)\n"
        "        self.act = nn.SiLU() if act is True else act if isinstance(act, nn.Module) else nn.Identity()\n\n"
        "    def forward(self, x):\n        y = torch.relu(x) * 2\n        return self.act(self.c(y))\n",
        {"A.call": {"x": N, "return": N}},
    ),
    "through another class": (
        "class A(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.c = nn.Conv2d(3, 4, 3)\n\n"
        "    def forward(self, x):\n        return self.c(x)\n\n\n"
        "class B(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.a = A()\n\n"
        "    def forward(self, image):\n        return self.a(image)\n",
        {"B.call": {"image": N, "return": N}},
    ),
    "through a Sequential made by a method": (
        "class A(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.body = self.make(3)\n\n"
        "    def make(self, n):\n        layers = []\n        for i in range(n):\n            layers += [nn.Conv2d(3, 3, 3), nn.ReLU()]\n"
        "        return nn.Sequential(*layers)\n\n"
        "    def forward(self, x):\n        return self.body(x)\n",
        {"A.call": {"x": N, "return": N}},
    ),
    "through a ModuleList": (
        "class A(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.m = nn.ModuleList(nn.Conv2d(3, 3, 3, padding=1) for _ in range(3))\n\n"
        "    def forward(self, x):\n        for m in self.m:\n            x = m(x)\n        return x\n",
        {"A.call": {"x": N, "return": N}},
    ),
    "from a parent": (
        "class A(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.c = nn.Conv2d(3, 4, 3)\n\n\n"
        "class B(A):\n    def forward(self, x):\n        return self.c(x)\n",
        {"B.call": {"x": N, "return": N}},
    ),
    "from the callers of a function": (
        "def double(x):\n    return x + x\n\n\n"
        "class A(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.c = nn.Conv2d(3, 4, 3)\n\n"
        "    def forward(self, x):\n        return double(self.c(x))\n",
        {"double": {"x": N, "return": N}, "A.call": {"return": N}},
    ),
    "a channel mean is an image if it keeps its dims": (
        "def f(x):\n    x = F.max_pool2d(x, 2)\n    return x.mean(1, keepdim=True), x.mean(1), x.mean((2, 3))\n",
        {"f": {"x": N, "return": [N, None, None]}},
    ),
    "flattened": (
        "def f(x):\n    x = F.max_pool2d(x, 2)\n    return x.flatten(1), x.flatten(2).transpose(1, 2)\n",
        {"f": {"x": N, "return": None}},
    ),
    "back from tokens": (
        "class A(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.c = nn.Conv2d(4, 4, 1)\n\n"
        "    def forward(self, tokens, H: int, W: int):\n        B, N, C = tokens.shape\n"
        "        return self.c(tokens.transpose(1, 2).reshape(B, C, H, W))\n",
        {"A.call": {"tokens": None, "H": None, "W": None, "return": N}},
    ),
    "a tuple and a dict of results": (
        "class A(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.c = nn.Conv2d(3, 4, 3)\n\n"
        "    def forward(self, x):\n        y = self.c(x)\n        return {'map': y, 'vector': y.mean((2, 3))}\n",
        {"A.call": {"x": N}},
    ),
    "a list by index": (
        "class A(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.m = nn.ModuleList([nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1)])\n\n"
        "    def forward(self, xs):\n        return [self.m[i](xs[i]) for i in range(2)]\n",
        {"A.call": {"xs": [N], "return": [N]}},
    ),
    "a list that is joined": (
        "class A(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.c = nn.Conv2d(6, 3, 1)\n\n"
        "    def forward(self, xs: List[torch.Tensor]):\n        return self.c(torch.cat(xs, 1))\n",
        {"A.call": {"xs": [N], "return": N}},
    ),
    "halves that go into a convolution": (
        "class A(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.c = nn.Conv2d(3, 3, 1)\n\n"
        "    def forward(self, x):\n        a, b = x.chunk(2, dim=1)\n        return torch.cat((a, self.c(b)), 1)\n",
        {"A.call": {"x": N, "return": N}},
    ),
    "a statistic that goes into a convolution": (
        "class A(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.c = nn.Conv2d(2, 1, 7, padding=3)\n\n"
        "    def forward(self, x):\n        y = torch.cat([x.mean(1, keepdim=True), x.max(1, keepdim=True)[0]], 1)\n"
        "        return x * self.c(y).sigmoid()\n",
        {"A.call": {"x": N, "return": N}},
    ),
    "members unpacked in a loop": (
        "class A(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.m = nn.ModuleList([nn.ModuleList([nn.Conv2d(3, 3, 1), nn.ReLU()]) for _ in range(2)])\n\n"
        "    def forward(self, x):\n        for conv, act in self.m:\n            x = x + act(conv(x))\n        return x\n",
        {"A.call": {"x": N, "return": N}},
    ),
    "the forward of a Sequential": (
        "class A(nn.Sequential):\n    def __init__(self):\n        super().__init__(nn.Conv2d(3, 4, 3), nn.ReLU())\n\n"
        "    def forward(self, x):\n        return super().forward(x).sigmoid()\n",
        {"A.call": {"x": N, "return": N}},
    ),
    "an optional image": (
        "class A(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.c = nn.Conv2d(3, 3, 1)\n\n"
        "    def forward(self, x, skip: Optional[torch.Tensor] = None):\n        x = self.c(x)\n"
        "        if skip is not None:\n            x = x + self.c(skip)\n        return x\n",
        {"A.call": {"x": N, "skip": N, "return": N}},
    ),
    "a static method, and one that is called through the class": (
        "class A(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.c = nn.Conv2d(3, 3, 1)\n\n"
        "    @staticmethod\n    def twice(y):\n        return y * 2\n\n"
        "    def forward(self, x):\n        return A.twice(self.twice(self.c(x)))\n",
        {"A.call": {"x": N, "return": N}, "A.twice": {"y": N, "return": N}},
    ),
    "a recursive function": (
        "def f(x, n):\n    if n == 0:\n        return F.avg_pool2d(x, 2)\n    return f(F.relu(x), n - 1)\n",
        {"f": {"x": N, "n": None, "return": N}},
    ),
    "a closure": (
        "class A(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.c = nn.Conv2d(3, 3, 1)\n\n"
        "    def forward(self, x):\n        def run(y):\n            return self.c(y)\n        return run(x)\n",
        {"A.call": {"x": N, "return": N}},
    ),
}


@pytest.mark.parametrize("what", FOUND)
def test_channels_last(what):
    source, expected = FOUND[what]
    signatures = translate(HEAD + textwrap.dedent(source), support_module="_s").signatures
    for function, parameters in expected.items():
        found = {k: v for k, v in signatures[function].items() if k in parameters}
        assert found == parameters


@pytest.mark.parametrize("what", FOUND)
def test_channels_first_has_no_layouts(what):
    source, expected = FOUND[what]
    signatures = translate(HEAD + source, data_format="channels_first", support_module="_s").signatures
    assert set(expected) <= set(signatures)
    text = repr(signatures)
    assert not any(name in text for name in ("NHWC", "NLC", "NDHWC"))


def test_one_function_for_both_layouts_is_specialised_or_said():
    """The same function called with an image and with tokens: never silently one of them."""
    source = HEAD + textwrap.dedent("""
        def last(x, n):
            return x.softmax(1)[:, :n]


        class A(nn.Module):
            def __init__(self):
                super().__init__()
                self.c = nn.Conv2d(3, 4, 3)
                self.fc = nn.Linear(4, 4)

            def forward(self, x, tokens):
                b, n, c = tokens.shape
                return last(self.c(x), 2), last(self.fc(tokens), 2)
        """)
    result = translate(source, support_module="_s")
    specialised = result.code.count("def last") >= 2 or "to_torch_order(x)" in result.code  # by its rank
    assert specialised or any(d.code.startswith("LAY") for d in result.diagnostics)
