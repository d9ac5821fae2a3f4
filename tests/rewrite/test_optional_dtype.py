"""Tensors made with a dtype that may be None: torch takes its default then, TensorFlow takes no None."""

from __future__ import annotations

import pytest
from harness import Pair

from transpile import translate

NET = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, device=None, dtype=None):
        super().__init__()
        factory = {{"device": device, "dtype": dtype}}
        self.made = {made}

    def forward(self, x):
        return x * self.made.to(x.dtype), self.made


class Other(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = Net(dtype=torch.float64)

    def forward(self, x):
        return self.net(x)
"""

MADE = [
    "torch.tensor(0.5, **factory)",
    "torch.tensor([2], **factory)",
    "torch.tensor([0.5], dtype=dtype)",
    "torch.full((3,), 2.0, **factory)",
    "torch.eye(3, **factory)",
    "torch.ones(3, **factory)",
    "torch.zeros(3, dtype=dtype)",
    "torch.arange(3, **factory)",
    "torch.linspace(0, 1, 3, dtype=dtype)",
]


@pytest.mark.parametrize("dtype", ["torch.float16", "like.dtype"])
def test_a_dtype_that_is_written_stands_alone(dtype: str) -> None:
    source = (
        f"import torch\n\n\ndef made(like: torch.Tensor):\n    return torch.tensor([1.0], dtype={dtype})\n"
    )
    code = translate(source).code
    assert f"return tf.cast([1.0], {dtype.replace('torch', 'tf')})" in code


def test_a_parameter_that_is_given_its_dtype_first_stands_alone() -> None:
    source = (
        "import torch\n\n\ndef made(dtype=None):\n    if dtype is None:\n        dtype = torch.float64\n"
        "    return torch.tensor([1.0], dtype=dtype)\n"
    )
    assert "return tf.cast([1.0], dtype)" in translate(source).code


@pytest.mark.parametrize("net", ["Net()", "Other()"])
@pytest.mark.parametrize("made", MADE)
def test_none_is_the_default(made: str, net: str) -> None:
    pair = Pair(NET.format(made=made), net, ["f32[3,3]"])
    pair.check()
