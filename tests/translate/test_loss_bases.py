"""Losses that derive from the bases of torch's own."""

from __future__ import annotations

import pytest
from harness import FORMATS, Pair

from transpile import translate

SOURCE = """
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.modules.loss import _Loss, _WeightedLoss


class Dice(_Loss):
    def __init__(self, smooth=1.0, reduction="mean", ignore=None):
        super().__init__(reduction=reduction)
        self.smooth, self.ignore = smooth, ignore

    def forward(self, y_pred: torch.Tensor, y_true: torch.Tensor, scale=1.0) -> torch.Tensor:
        bs, n = y_true.size(0), y_pred.size(1)
        y_pred = y_pred.log_softmax(dim=1).exp().view(bs, n, -1)
        y_true = F.one_hot(y_true.view(bs, -1), n).permute(0, 2, 1)
        both = (y_pred * y_true).sum(dim=(0, 2))
        loss = 1 - (2 * both + self.smooth) / ((y_pred + y_true).sum(dim=(0, 2)) + self.smooth)
        return scale * (loss.mean() if self.reduction == "mean" else loss)


class Weighted(_WeightedLoss):
    def forward(self, x, target):
        loss = (x - target).abs()
        loss = loss if self.weight is None else loss * self.weight
        return loss.sum() if self.reduction == "sum" else loss


class Focal(nn.modules.loss._Loss):
    def forward(self, x, target):
        return (x - target).pow(2).mean()


def dice(x, y):
    return Dice()(x, y), Dice(reduction="none")(x, y, 2.0)


def weighted(x, y):
    weight = torch.tensor([1.0, 2.0, 3.0])
    return Weighted(weight)(x, y), Weighted(reduction="sum")(x, y), Weighted(size_average=False)(x, y), Focal()(x, y)


def is_one(loss):
    return isinstance(loss, _Loss)
"""


@pytest.mark.parametrize("data_format", FORMATS)
def test_equal(data_format: str) -> None:
    Pair(
        SOURCE, "dice", ["image[2,3,4,5]", "i64[2,4,5]:int3"], data_format=data_format, returns="plain"
    ).check()
    Pair(SOURCE, "weighted", ["f32[2,3]", "f32[2,3]"], data_format=data_format, returns="plain").check()


def test_bases_are_support_classes() -> None:
    code = translate(SOURCE).code
    assert "class Dice(LossBase)" in code and "class Weighted(WeightedLossBase)" in code
    assert "class Focal(LossBase)" in code and "isinstance(loss, LossBase)" in code
