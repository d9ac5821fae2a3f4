"""A method that nn.Module gives every layer, handed on without being called."""

from __future__ import annotations

import transpile

SOURCE = """\
import torch
from torch import nn

def count(modules):
    return len(list(modules()))

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 4)
        self.size = count(self.{name})

    def forward(self, x):
        return self.linear(x)
"""


def test_a_plain_layer_for_what_is_no_method_of_a_module() -> None:
    assert "class Net(tf.keras." in transpile.translate(SOURCE.format(name="linear")).code


def test_a_handed_method_is_there() -> None:
    namespace: dict[str, object] = {}
    exec(compile(transpile.translate(SOURCE.format(name="modules")).code, "net.py", "exec"), namespace)
    assert namespace["Net"]().size == 2  # type: ignore[operator]
