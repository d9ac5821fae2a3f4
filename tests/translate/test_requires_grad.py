"""Whether a tensor wants gradients: a parameter says so by trainable, any other tensor cannot say."""

from __future__ import annotations

from transpile import translate

SOURCE = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.p = nn.Parameter(torch.ones(3))

    def forward(self, x):
        kept = self.p.requires_grad
        y = x * self.p
        return y if kept or y.requires_grad else x
"""


def test_read() -> None:
    translation = translate(SOURCE)
    assert "kept = self.p.trainable" in translation.code
    assert "kept or False" in translation.code
    assert "API004" in {diagnostic.code for diagnostic in translation.diagnostics}
