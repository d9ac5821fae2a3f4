"""`self.conv = nn.Conv2d(...)` in the constructor of an nn.Sequential is its next member, as in torch."""

from __future__ import annotations

import pytest
from harness import Pair

from transpile import translate

# what is around them turns axes, so that a wrong order of axes gives other numbers, and raises nothing
SOURCE = """
import torch
from torch import nn


class Block(nn.Sequential):
    def __init__(self, dim, acts=True):
        super().__init__()
MEMBERS
OTHERS

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = Block(4)
        self.several = nn.ModuleList([Block(4) for _ in range(2)])

    def forward(self, x):
        x = self.first(x.reshape(2, 4, 4, 4).transpose(1, 3))
        for block in self.several:
            x = block(x.transpose(2, 3))
        return x.flatten(1)
"""
CASES = {
    "one after the other": "self.conv = nn.Conv2d(dim, dim, 3, 1, 1)\nself.norm = nn.BatchNorm2d(dim)",
    "beside what is none": "self.dim = dim\nself.conv = nn.Conv2d(dim, dim, 1)\nself.names = ['conv']",
    "mixed": "self.conv = nn.Conv2d(dim, dim, 1)\nself.add_module('last', nn.BatchNorm2d(dim))\nself.act = nn.ReLU()",
    "arms": (
        "self.conv = nn.Conv2d(dim, dim, 1)\n"
        "if acts:\n    self.act = nn.ReLU()\nelse:\n    self.act = nn.BatchNorm2d(dim)"
    ),
    "one arm": "self.conv = nn.Conv2d(dim, dim, 1)\nif not acts:\n    self.act = nn.ReLU()",
    "another order inside": (
        "self.conv = nn.Conv2d(dim, dim, 1)\nself.last = nn.Linear(dim, dim)\nself.norm = nn.BatchNorm2d(dim)"
    ),
    "setattr": "setattr(self, 'conv', nn.Conv2d(dim, dim, 1))\nself.norm = nn.BatchNorm2d(dim)",
    "setattr in a loop": "for i in range(2):\n    setattr(self, f'conv{i}', nn.Conv2d(dim, dim, 1))",
    "setattr in a loop, turned": "for i in range(2):\n    setattr(self, f'last{i}', nn.Linear(dim, dim))",
    "taken back": "self.conv = nn.Linear(dim, dim)\nself.conv = nn.Conv2d(dim, dim, 1)",
    "by its own class": "self.inner = nn.Sequential(nn.Conv2d(dim, dim, 1), nn.ReLU())",
}
# near misses: the class says itself what it runs, or changes a member later
FORWARD = """
    def forward(self, x):
        return self.conv(x) + x
"""
LATER = """
    def without_norm(self):
        self.norm = nn.Identity()
        return self
"""


def _source(members: str, others: str = "") -> str:
    lines = "\n".join(" " * 8 + line for line in members.split("\n"))
    return SOURCE.replace("MEMBERS", lines).replace("OTHERS", others)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("members", CASES.values(), ids=CASES)
def test_attributes_are_members(members: str, data_format: str) -> None:
    Pair(_source(members), "Net()", ["f32[2,64]"], data_format=data_format).check()


@pytest.mark.parametrize("others", [FORWARD, LATER], ids=["forward", "later"])
def test_near_misses(others: str) -> None:
    Pair(_source(CASES["one after the other"], others), "Net()", ["f32[2,64]"]).check()


def test_a_member_in_another_order_is_told_where_it_is_made() -> None:
    assert (
        "self.last = converting(Linear(dim, dim), channels_first)"
        in translate(_source(CASES["another order inside"])).code
    )
