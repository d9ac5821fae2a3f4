"""Views whose sizes are unpacked out of a shape: one starred expression stands for several axes."""

# ruff: noqa: E501 (sources under test keep their own lines)
from __future__ import annotations

import pytest
from harness import FORMATS, Pair

HEAD = "import torch\nfrom torch import nn\n\n\n"
NET = "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.c = nn.Conv1d(4, 4, 1)\n        self.d = nn.Conv2d(4, 4, 1)\n\n    def forward(self, x):\n"


def net(forward: str) -> str:
    return HEAD + NET + "".join(f"        {line}\n" for line in forward.split("; "))


MAP, LINE = "image[2,4,3,5]", "image[2,4,6]"
# near misses first: sizes that are written out, a star that stands for the batch alone
CASES = {
    "sizes written out": (net("b, c, h, w = x.shape; return self.d(x).view(b, 2, c // 2, h, w).sum(1)"), MAP, "plain"),
    "the batch alone": (net("y = self.c(x); *b, c, n = y.shape; return y.reshape(*b, -1)"), LINE, "plain"),
    "all but the last": (net("*other, time = x.shape; y = torch.stack([x, x * 2], dim=-1); return self.c(x).sum((1, 2)), y.view(*other, -1).sum(2)"), LINE, ["plain", "plain"]),
    "a map with one axis more": (net("y = self.d(x); b, c, *hw = y.shape; return y.view(b, c, *hw, 1).sum((3, 4))"), MAP, "plain"),
    "split channels": (net("y = self.d(x); b, c, *hw = y.shape; return y.view(b, 2, c // 2, *hw)[:, 0].mean((2, 3))"), MAP, "plain"),
    "in a list": (net("y = self.d(x); b, c, *hw = y.shape; return y.reshape([b, 2, c // 2, *hw]).sum((2, 3))"), MAP, "plain"),
    "two stars": (net("y = self.d(x); *bc, h, w = y.shape; rest = (h, w); return y.view(*bc, *rest).mean((2, 3))"), MAP, "plain"),
}  # fmt: skip


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("name", CASES)
def test_equal(name, data_format):
    source, operand, returns = CASES[name]
    Pair(source, "Net()", [operand], data_format=data_format, returns=returns).check()
