"""What nn.Module has and Keras layers have not: state dicts and hooks are reported where they are asked for."""

from __future__ import annotations

import pytest

from transpile import translate

SOURCE = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 4)

    def forward(self, x):
        return self.fc(x)

    {method}


def use(state, path, optimizer: torch.optim.Adam):
    model = Net()
    {use}
    return model
"""


def said(use: str, method: str = "") -> list[tuple[str, str]]:
    found = translate(SOURCE.replace("{use}", use).replace("{method}", method)).diagnostics
    return [(d.code, d.message.partition(":")[0]) for d in found if d.code == "API005"]


@pytest.mark.parametrize(
    ("use", "name"),
    [
        ("model.load_state_dict(state, strict=False)", "load_state_dict"),
        ("state.update(model.state_dict())", "state_dict"),
        ("model.fc.register_forward_hook(print)", "register_forward_hook"),
        ("model.register_forward_pre_hook(print)", "register_forward_pre_hook"),
    ],
)
def test_it_is_reported(use: str, name: str) -> None:
    assert said(use) == [("API005", name)]


def test_what_is_said_of_the_argument_is_not_said_twice() -> None:
    assert said("model.load_state_dict(torch.load(path))") == [("API005", "torch.load")]
    assert said("model.load_state_dict(Net().state_dict())") == [("API005", "state_dict")]


@pytest.mark.parametrize(
    ("use", "method"),
    [
        ("model.load_state_dict(state)", "def load_state_dict(self, state):\n        return state"),
        ("optimizer.load_state_dict(state)", ""),
        ("state.state_dict()", ""),
    ],
)
def test_what_is_no_layers_own_is_not(use: str, method: str) -> None:
    assert ("API005", "load_state_dict") not in said(use, method) and ("API005", "state_dict") not in said(
        use
    )
