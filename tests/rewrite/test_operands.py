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


# Parentheses that were an operand's, where the operand stands alone now; and those that have to stay.
PARENTHESES = [
    # near misses: the author's own around a whole value, a comment's, a generator's, a tuple's, a lambda's body's order
    ("y = torch.sum((a - b))", "y = tf.reduce_sum((a - b))"),
    ("y = [(a - b), torch.neg(a)]", "y = [(a - b), tf.negative(a)]"),
    ("y = (a - b)", "y = (a - b)"),
    ("y = a - (a + b).contiguous()", "y = a - (a + b)"),
    ("y = (a + b).contiguous() * b", "y = (a + b) * b"),
    ("y = (a - b) ** 2", "y = (a - b) ** 2"),
    ("y = torch.exp((a - b) * 2)", "y = tf.exp((a - b) * 2)"),
    # the others
    ("y = (a - b).sum()", "y = tf.reduce_sum(a - b)"),
    ("y = ((a - b)).abs()", "y = tf.abs(a - b)"),
    ("y = (a * b).abs().sum()", "y = tf.reduce_sum(tf.abs(a * b))"),
    ("y = (a - b).clamp(min=(a + b).min())", "y = clamp(a - b, min=tf.reduce_min(a + b))"),
    ("y = (a - b).contiguous()", "y = a - b"),
    ("y = [(a - b).contiguous(), a]", "y = [a - b, a]"),
    ("y = (a - b).contiguous(), (a + b).detach()", "y = a - b, tf.stop_gradient(a + b)"),
    ("y = (a * b).contiguous() + b", "y = a * b + b"),
    ("y = (a if b is None else b).sum()", "y = tf.reduce_sum(a if b is None else b)"),
    ("y = (a < b).float()", "y = tf.cast(a < b, tf.float32)"),
    ("return(a - b).contiguous()", "return a - b"),
    ("return (a - b).contiguous()", "return a - b"),
]


@pytest.mark.parametrize(
    ("statement", "wanted"), PARENTHESES, ids=[statement for statement, _ in PARENTHESES]
)
def test_parentheses_without_a_purpose_go(statement: str, wanted: str) -> None:
    code = translate(OPERANDS.format(statement=statement)).code
    assert wanted in [line.strip() for line in code.splitlines()]


LINES = """
import torch


def f(a: torch.Tensor, b: torch.Tensor):
    y = (  # the difference
        a - b
    ).sum()
    z = (
        a  # minuend
        - b  # subtrahend
    ).contiguous()
    return (
        (a + z)
        .contiguous()
    ), (y
        + b).abs()
"""


def test_no_comment_is_lost_and_no_line_left_open() -> None:
    code = translate(LINES).code
    compile(code, "net.py", "exec")
    for comment in ("# the difference", "# minuend", "# subtrahend"):
        assert comment in code
    assert "tf.abs(y + b)" in code


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
