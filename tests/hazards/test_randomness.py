"""STA006: dropout that is always on. Near misses first."""

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
