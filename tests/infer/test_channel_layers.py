"""Layers that work along axis 1 at any rank find their channels, whatever they are given."""

import numpy as np
import pytest
from harness import imported, without_torch

import transpile
from transpile.weights import load_state_dict

LAYERS = {
    "nn.BatchNorm1d(4)": (3, 4, 5),
    "nn.GroupNorm(2, 4)": (3, 4, 6),
    "nn.PReLU(4)": (3, 4, 5),
    "nn.LocalResponseNorm(3)": (3, 4, 5),
}
BEHIND_A_LINEAR = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = {layer}
        self.linear = nn.Linear({last}, 3)

    def forward(self, x):
        return self.layer(self.linear(x))
"""
BOTH = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = {layer}
        self.linear = nn.Linear({last}, 3)
        self.conv = nn.Conv1d(4, 4, 1)

    def forward(self, x):
        return self.conv(self.layer(self.linear(x))), self.layer(self.conv(x))
"""
UNKNOWN = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, make):
        super().__init__()
        self.first = make(3)
        self.norm = nn.GroupNorm(2, 4)

    def forward(self, x):
        return self.norm(self.first(x))


def build(make):
    return Net(make)
"""


@pytest.mark.parametrize("form", [BEHIND_A_LINEAR, BOTH], ids=["plain", "both"])
@pytest.mark.parametrize("layer", LAYERS)
def test_channels_are_found_in_what_is_of_unknown_rank(layer: str, form: str) -> None:
    import tensorflow as tf
    import torch

    shape = LAYERS[layer]
    source = form.format(layer=layer, last=shape[-1])
    names: dict[str, object] = {}
    exec(source, names)
    torch.manual_seed(0)
    model = names["Net"]().eval()  # type: ignore[operator]
    x = torch.randn(shape)
    translation = transpile.translate(source)
    signature = translation.signatures["Net.call"]
    assert not [d for d in translation.diagnostics if d.severity is not transpile.Severity.INFO]
    with without_torch():
        net = imported(translation.code).Net()
        load_state_dict(net, {k: v.numpy() for k, v in model.state_dict().items()})
        array = x.numpy()
        given = tf.constant(np.moveaxis(array, 1, -1) if signature["x"] else array)
        found = tf.nest.flatten(net(given))
    wanted = model(x)
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    marks = signature["return"] if isinstance(signature["return"], list) else [signature["return"]]
    for a, b, mark in zip(wanted, found, marks, strict=True):
        b = np.moveaxis(b.numpy(), -1, 1) if mark else b.numpy()
        np.testing.assert_allclose(a.detach().numpy(), b, rtol=1e-4, atol=1e-5)


def test_what_nothing_is_known_of_is_said() -> None:
    (found,) = [d for d in transpile.translate(UNKNOWN).diagnostics if d.code == "LAY003"]
    assert (found.line, found.severity) == (10, transpile.Severity.WARNING)


def test_an_axis_that_is_known_asks_for_no_other_order() -> None:
    source = BEHIND_A_LINEAR.format(layer="nn.BatchNorm1d(3)", last=5)
    source = source.replace("return", "b, c = x.shape\n        return")
    assert "self.layer = BatchNorm1d(3)\n" in transpile.translate(source).code
