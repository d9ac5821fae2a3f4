"""STA006: what is drawn in evaluation too. Near misses first."""

from __future__ import annotations

import pytest

from transpile import translate

MODULE = """import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.drop = nn.Dropout(0.5)

    def forward(self, x, flag=False):
        x = torch.relu(x)
        return {call}
"""


@pytest.mark.parametrize(
    ("call", "found"),
    [
        ("self.drop(x)", False),
        ("F.dropout(x, 0.5, self.training)", False),
        ("F.dropout(x, training=self.training)", False),
        ("F.dropout(x, 0.5, training=flag)", False),
        ("F.dropout(x, 0.5, False)", False),
        ("F.dropout(x)", True),
        ("F.dropout(x, p=0.1)", True),
        ("F.dropout(x, 0.5, True)", True),
        ("F.dropout(x, training=True, p=0.2)", True),
    ],
)
def test_dropout_that_is_always_on(call: str, found: bool) -> None:
    codes = {d.code for d in translate(MODULE.replace("{call}", call)).diagnostics}
    assert ("STA006" in codes) == found


DRAWING = """import torch
import torch.nn as nn
import torch.nn.functional as F


def default(value, make):
    return value if value is not None else make()


def noise(x, p):
    return torch.empty_like(x).uniform_() + p


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.start = nn.Parameter(torch.randn(4))
        self.p = 0.1

    def masked(self, x, training):
        if self.p == 0.0 or not training:
            return x
        return x * torch.bernoulli(x)

    def sampled(self):
        return torch.randn(3, 4)

    def forward(self, x, given=None):
        x = torch.relu(x)
BODY
"""


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("return x + self.start", False),
        ("return self.masked(x, self.training)", False),
        ("return x + torch.randn_like(x) if self.training else x", False),
        ("return noise(x, 1) if self.training else x", False),
        ("if not self.training: return x\n        return noise(x, 1)", False),
        ("if self.training:\n            x = F.dropout(x)\n        return x", False),
        ("skip = self.training and torch.rand(1) < self.p\n        return x if skip else x + 1", False),
        ("return x if not self.training or torch.rand(1) < self.p else x + 1", False),
        ("drops = self.p > 0 and self.training\n        return noise(x, 1) if drops else x", False),
        ("return x if torch.rand(1) < self.p else x + 1", False),
        ("return x * torch.rand(1).item()", False),
        ("return x + torch.randn_like(x)", True),
        ("drops = self.p > 0 or self.training\n        return noise(x, 1) if drops else x", True),
        ("return x if self.training else x + torch.randn_like(x)", True),
        ("if self.training: return x\n        return noise(x, 1)", True),
        ("given = default(given, lambda: torch.randn_like(x))\n        return x + given", True),
        ("given = default(given, lambda: noise(x, 1))\n        return x + given", True),
        (
            "if self.training:\n            given = default(given, lambda: noise(x, 1))\n        return x",
            False,
        ),
        ("return noise(x, 1)", True),
        ("return x + self.sampled()", True),
        ("return x.normal_()", True),
    ],
)
def test_numbers_drawn_in_evaluation(body: str, found: bool) -> None:
    codes = [d.code for d in translate(DRAWING.replace("BODY", "        " + body)).diagnostics]
    assert codes.count("STA006") == found
