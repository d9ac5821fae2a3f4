"""What comes in where an operand stands gets parentheses where Python would read it otherwise, and nowhere else."""

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


OPERANDS = """
import torch


def f(a: torch.Tensor, b: torch.Tensor):
    {statement}
    return y
"""
INSTEAD = [
    # near misses: what binds tightly enough, or stands alone, stays bare
    ("y = torch.add(a, b) - a", "y = a + b - a"),
    ("y = torch.mul(a, b) + a", "y = a * b + a"),
    ("y = torch.add(a, torch.add(a, b))", "y = a + (a + b)"),
    ("y = a - b * torch.exp(a)", "y = a - b * tf.exp(a)"),
    # the others
    ("y = b - torch.add(a, b)", "y = b - (a + b)"),
    ("y = b - torch.sub(a, b)", "y = b - (a - b)"),
    ("y = torch.add(a, b) * a", "y = (a + b) * a"),
    ("y = b / torch.mul(a, b)", "y = b / (a * b)"),
    ("y = -torch.add(a, b)", "y = -(a + b)"),
    ("y = torch.add(a, b) ** 2", "y = (a + b) ** 2"),
    ("y = torch.mul(a, b) ** 2", "y = (a * b) ** 2"),
    ("y = 2 * torch.div(a, b, rounding_mode='floor') / b", "y = 2 * (a // b) / b"),
    ("y = a % torch.remainder(a, b)", "y = a % (a % b)"),
    ("y = torch.add(a, b)[0]", "y = (a + b)[0]"),
    ("y = torch.add(a, b) < torch.add(b, b)", "y = a + b < b + b"),
]


@pytest.mark.parametrize(("statement", "wanted"), INSTEAD, ids=[statement for statement, _ in INSTEAD])
def test_an_operand_keeps_its_meaning(statement: str, wanted: str) -> None:
    code = translate(OPERANDS.format(statement=statement)).code
    assert wanted in [line.strip() for line in code.splitlines()]


@pytest.mark.parametrize("statement", [statement for statement, _ in INSTEAD])
def test_the_numbers_agree(statement: str) -> None:
    source = OPERANDS.format(statement=statement) + """

class Net(torch.nn.Module):
    def forward(self, a, b):
        return f(a, b)
"""
    Pair(source, "Net()", ["f32[3,4]", "f32[3,4]"], returns="plain").check()
