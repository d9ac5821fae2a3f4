"""The mask of an attention, of which nothing is known, is in torch's order: it stands beside a matrix product."""

from __future__ import annotations

import pytest
from harness import Pair

from transpile import translate

SOURCE = """
import torch
import torch.nn.functional as F
from torch import nn


class Table(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.arange(72.0).view(2, 6, 6).cos())

    def get_bias(self):
        return self.table[None]


class Other(nn.Module):
    def get_bias(self):
        return None


class Net(nn.Module):
    def __init__(self, bias=None):
        super().__init__()
        self.bias = bias() if bias else None
        self.qkv = nn.Conv2d(4, 12, 1)

    def forward(self, x):
        b, c, h, w = x.shape
        q, k, v = self.qkv(x).view(b, 2, 6, -1).chunk(3, dim=2)
        mask = None
        if self.bias is not None:
            mask = self.bias.get_bias()
        y = F.scaled_dot_product_attention(
            q.transpose(-1, -2), k.transpose(-1, -2), v.transpose(-1, -2), attn_mask=mask
        )
        return y.transpose(-1, -2).reshape(b, -1, h, w)
"""


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("bias", ["", "Table", "Other"])
def test_equal(bias: str, data_format: str) -> None:
    Pair(SOURCE, f"Net({bias})", ["image[2,4,2,3]"], data_format=data_format, returns="plain").check()


def test_nothing_is_decided_by_rank() -> None:
    text = translate(SOURCE).code
    assert "to_torch_order" not in text.split("class Net")[1]
