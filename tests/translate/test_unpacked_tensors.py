"""`q, k, v = x`: each name is one item of the tensor's first axis, a tensor in torch's order."""

from __future__ import annotations

import pytest
from harness import FORMATS, Pair, translation

HEAD = "import torch\nfrom torch import nn\n\n\n"


def test_a_list_of_numbers_is_not_taken_for_tensors() -> None:
    code = translation(HEAD + "def f(pair):\n    a, b = [1, 2]\n    return a.bit_length(), b\n").code
    assert "a.bit_length()" in code


NET = HEAD + """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 1)

    def forward(self, x):
        {}
"""
CASES = {
    "a view": "q, k, v = x.reshape(2, 3, 5, 4).transpose(0, 1); return q.sigmoid() * k + v",
    "a map": "a, b = self.conv(x); return a.mean(0) + b.sigmoid().sum(dim=0)",
    "a map, moved": "a, b = self.conv(x); return a.permute(1, 2, 0), b.flatten(1)",
    "in a loop": "y = 0; for a, b in zip(x, self.conv(x)):;     y = y + a.mean(0) * b.sum(0); return y",
}


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("name", CASES)
def test_equal(name: str, data_format: str) -> None:
    source = NET.format(CASES[name].replace("; ", "\n        "))
    Pair(source, "Net()", ["image[2,3,4,5]"], data_format=data_format, returns="plain").check()
