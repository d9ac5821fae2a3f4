"""Layers that are reached by other ways than their attribute: what they take is known all the same."""

from __future__ import annotations

import pytest
from harness import Pair

from transpile import translate

# what is around them turns axes, so that a wrong order of axes gives other numbers, and raises nothing
SOURCE = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
MADE

    def forward(self, x):
        # transpile: x is plain
        x = x.reshape(2, 4, 4, 4).transpose(1, 3)
CALLED
        return x.flatten(1)
"""
CONV = "nn.Conv2d(4, 4, 1)"
TWO = f"self.a = {CONV}\nself.b = {CONV}"
CASES = {
    "children": (TWO, "for layer in self.children():\n    x = layer(x)"),
    "named_children": (TWO, "for name, layer in self.named_children():\n    x = layer(x)"),
    "_modules": (TWO, "x = self._modules['b'](x)"),
    "values of _modules": (TWO, "for layer in self._modules.values():\n    x = layer(x)"),
    "get_submodule": (TWO, "x = self.get_submodule('a')(x)"),
    "children but the last": (
        f"whole = nn.Sequential({CONV}, {CONV}, nn.Flatten())\nself.a = nn.Sequential(*list(whole.children())[:-1])",
        "x = self.a(x)",
    ),
    "+=": (
        f"self.a = nn.ModuleList()\nself.a += [{CONV}, {CONV}]",
        "for layer in self.a:\n    x = layer(x)",
    ),
    "__call__": (TWO, "x = self.b.__call__(x)"),
    "an entry": (f"self.a = nn.ModuleDict()\nself.a['b'] = {CONV}", "x = self.a['b'](x)"),
    "update": (f"self.a = nn.ModuleDict()\nself.a.update({{'b': {CONV}}})", "x = self.a['b'](x)"),
    # near misses: what works along torch's last axis, and a buffer beside the layers
    "along the last axis": ("self.a = nn.Linear(4, 4)", "for layer in self.children():\n    x = layer(x)"),
    "beside a buffer": (
        f"self.register_buffer('scale', torch.ones(4))\nself.a = {CONV}\nself.n = 3",
        "for layer in self.children():\n    x = layer(x)",
    ),
}


def _source(made: str, called: str) -> str:
    def lines(text: str) -> str:
        return "\n".join(" " * 8 + line for line in text.split("\n"))

    return SOURCE.replace("MADE", lines(made)).replace("CALLED", lines(called))


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize(("made", "called"), CASES.values(), ids=CASES)
def test_layers_are_given_what_they_take(made: str, called: str, data_format: str) -> None:
    source = _source(made, called)
    assert "LAY003" not in {d.code for d in translate(source, data_format=data_format).diagnostics}
    Pair(source, "Net()", ["f32[2,64]"], data_format=data_format).check()


def test_a_submodule_by_an_unknown_path_is_left_open() -> None:
    source = _source(TWO, "x = self.get_submodule(self.path)(x)")
    assert "LAY003" in {d.code for d in translate(source).diagnostics}
