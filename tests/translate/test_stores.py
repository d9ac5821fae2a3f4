"""Stores into parts of images: what is written goes where it lies in memory."""

from __future__ import annotations

import pytest
from harness import FORMATS, Pair

FILLS = """
import torch
from torch import nn


class Fills(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x):
        y = self.conv(x)
        b, c, h, w = y.shape
        flat = y.flatten(2)
        whole = torch.zeros(b, c, h, w)
        for i in range(2):
            n = 2 + i
            whole[i, :, :n, :] = flat.view(b, c, h, w)[i][:, :n, :]
        whole[1, 1:3] = y[0, :2]
        return self.conv(whole[:, :3])
"""


@pytest.mark.parametrize("data_format", FORMATS)
def test_a_part_of_one_image_of_a_batch(data_format: str) -> None:
    Pair(FILLS, "Fills()", ["image[2,3,5,6]"], data_format=data_format).check()
