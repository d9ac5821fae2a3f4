"""A partial of a torch function becomes a lambda, which stands in parentheses where it is an operand."""

from __future__ import annotations

import pytest
from harness import FORMATS, Pair

from transpile import translate

SOURCE = """
from functools import partial
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self, soft):
        super().__init__()
        self.plain = partial(F.softmax, dim=-1)
        self.chosen = partial(F.softmax, dim=-1) if soft else nn.ReLU()
        self.either = soft and partial(F.relu) or nn.Tanh()

    def forward(self, x):
        return self.plain(x) + self.chosen(x) * 2 + self.either(x) + partial(F.softmax, dim=-1)(x)
"""


def test_bare_where_it_is_all_that_is_assigned() -> None:
    assert "self.plain = lambda input: tf.nn.softmax" in translate(SOURCE).code


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("soft", [True, False])
def test_equal(soft: bool, data_format: str) -> None:
    Pair(SOURCE, f"Net({soft})", ["f32[2,5]"], data_format=data_format, returns="plain").check()
