"""A layer along rows for one caller and along columns for another, and a Sequential that is made to be imported."""

from __future__ import annotations

import pytest
from harness import FORMATS, Pair

from transpile import translate

SOURCE = """
from functools import partial

from einops.layers.torch import Rearrange, Reduce
from torch import nn


class Residual(nn.Module):
    def __init__(self, dim, fn):
        super().__init__()
        self.fn = fn
        self.norm = nn.LayerNorm(dim)

    def forward(self, x):
        return self.fn(self.norm(x)) + x


def Hidden(dim, hidden, dense=nn.Linear):
    return nn.Sequential(dense(dim, hidden), nn.GELU(), dense(hidden, dim))


def Mixer(patches, dim):
    rows = partial(nn.Conv1d, kernel_size=1)
    return nn.Sequential(
        Rearrange("b c (h p1) (w p2) -> b (h w) (p1 p2 c)", p1=2, p2=2),
        nn.Linear(12, dim),
        *[nn.Sequential(
            Residual(dim, Hidden(patches, 6, rows)),
            Residual(dim, Hidden(dim, 5)),
        ) for _ in range(2)],
        Reduce("b n c -> b c", "mean"),
        nn.Linear(dim, 3),
    )
"""


@pytest.mark.parametrize("data_format", FORMATS)
def test_either_of_two_layers_that_one_expression_makes(data_format: str) -> None:
    pair = Pair(SOURCE, "Mixer(16, 6)", ["image[2,3,8,8]"], data_format=data_format)
    pair.check()
    pair.check_open()


def test_layers_of_one_kind_need_no_telling_at_run_time() -> None:
    alike = SOURCE.replace("partial(nn.Conv1d, kernel_size=1)", "partial(nn.Linear, bias=False)")
    assert "in_torch_order" in translate(SOURCE).code
    assert "in_torch_order" not in translate(alike).code
    assert "in_torch_order" not in translate(SOURCE, data_format="channels_first").code


def test_what_a_function_returns_for_others_takes_images() -> None:
    assert '"b (h p1) (w p2) c -> b (h w) (p1 p2 c)"' in translate(SOURCE).code
