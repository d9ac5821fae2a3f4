"""Strings that name the method forward, which is called `call` in the output."""

from __future__ import annotations

import pytest

import transpile

SOURCE = """\
from inspect import getattr_static
import torch
from torch import nn

class Net(nn.Module):
    def forward(self, x):
        return torch.relu(x)

class Other:
    def {method}(self):
        return 1

def ask(net, table, text):
    return {expression}
"""


def asked(expression: str, method: str = "run") -> str:
    code = transpile.translate(SOURCE.format(expression=expression, method=method)).code
    return code.rsplit("return ", 1)[1].strip()


@pytest.mark.parametrize(
    "expression",
    [
        'getattr(net, "backward")',
        'getattr(Other(), "forward", None)',
        '"forward" in text',
        'table["forward"]',
        'table.get("forward")',
        'print(net, "forward")',
    ],
)
def test_what_stays(expression: str) -> None:
    assert asked(expression) == expression


def test_nobody_knows_which_of_two() -> None:
    assert asked('getattr(net, "forward")', method="forward") == 'getattr(net, "forward")'


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('getattr(net, "forward", None)', 'getattr(net, "call", None)'),
        ('hasattr(Net, "forward")', 'hasattr(Net, "call")'),
        ('getattr_static(net, "forward")', 'getattr_static(net, "call")'),
        ('"forward" not in net.__dict__', '"call" not in net.__dict__'),
        ('net.__dict__["forward"]', 'net.__dict__["call"]'),
        ('vars(net).get("forward")', 'vars(net).get("call")'),
        ('"forward" in dir(Net)', '"call" in dir(Net)'),
    ],
)
def test_the_method_of_layers(expression: str, expected: str) -> None:
    assert asked(expression) == expected


def test_a_layer_is_known_beside_another_forward() -> None:
    assert asked('getattr(Net, "forward")', method="forward") == 'getattr(Net, "call")'
