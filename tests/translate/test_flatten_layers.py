"""nn.Flatten counts axes in torch's order: of an image, and of what is only known when the output runs."""

from __future__ import annotations

import pytest
from harness import FORMATS, Pair

from transpile import translate

NEAR_MISS = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))

    def forward(self, x):
        return self.body(x)
"""
SOURCE = """
import torch
from torch import nn


class Known(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
        self.whole = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(64, 3))
        self.flat, self.space = nn.Flatten(), nn.Flatten(2)

    def forward(self, x):
        y = self.conv(x)
        return self.head(y), self.flat(y), self.whole(x), self.space(y)


class Given(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
        self.flat = nn.Flatten()

    def forward(self, x):
        x = self.net(x)
        return self.head(x), self.flat(x)


class Bare(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(24, 3))

    def forward(self, x):
        return self.head(x)


def layer(dims, i, o):
    return getattr(nn, f"Conv{dims}d")(i, o, 3, 2, 1)


class Grown(nn.Module):
    def __init__(self, dims=2, channels=(4, 6)):
        super().__init__()
        self.net, c = nn.Sequential(), 3
        for i, n in enumerate(channels):
            self.net.add_module(f"layer_{i}", nn.Sequential(layer(dims, c, n), nn.ReLU()))
            c = n
        self.final = self.last(24)

    def last(self, n):
        return nn.Sequential(nn.Flatten(), nn.Linear(n, 2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.final(self.net(x))
"""
CASES = {
    "known": ("Known()", "image[2,3,6,6]"),
    "given": ("Given(nn.Conv2d(3, 4, 3))", "image[2,3,6,6]"),
    "bare": ("Bare()", "image[2,3,2,4]"),
    "bare, of rank 3": ("Bare()", "f32[2,3,8]"),
    "grown": ("Grown()", "image[2,3,8,8]"),
}


def test_near_miss() -> None:
    code = translate(NEAR_MISS).code
    assert "tf.transpose" not in code.partition("class Net")[2] and "converting" not in code
    Pair(NEAR_MISS, "Net()", ["image[2,3,6,6]"]).check()


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("name", CASES)
def test_equal(name: str, data_format: str) -> None:
    factory, image = CASES[name]
    source = (
        SOURCE if name != "given" else SOURCE + "\n\ndef given():\n    return Given(nn.Conv2d(3, 4, 3))\n"
    )
    factory = factory if name != "given" else "given()"
    Pair(source, factory, [image], data_format=data_format, returns="plain").check()


def test_what_is_not_known_is_said() -> None:
    diagnostics = translate(SOURCE).diagnostics
    assert sum(d.code == "LAY003" and "flattened" in d.message for d in diagnostics) >= 2
