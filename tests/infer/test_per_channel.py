"""What stands beside one number for each channel, (1, C, 1, 1), is an image, where nothing else says what it is."""

from __future__ import annotations

import pytest
from harness import Pair

from transpile import translate

SOURCE = """
import torch
from torch import nn


class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("shift", torch.Tensor([0.1, 0.2, 0.3])[None, :, None, None])
        self.register_buffer("scale", torch.tensor([0.4, 0.5, 0.6]).view(1, 3, 1, 1))

    def forward(self, x):
        return (x - self.shift) / self.scale


class Gated(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.g = nn.Parameter(torch.ones(1, dim, 1, 1))

    def forward(self, x):
        mean = torch.mean(x, dim=1, keepdim=True)
        return (x - mean) * self.g


class Volume(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.g = nn.Parameter(torch.ones(1, dim, 1, 1, 1))

    def forward(self, x):
        return x + self.g


class Heads(nn.Module):
    def __init__(self, heads):
        super().__init__()
        self.g = nn.Parameter(torch.ones(1, heads, 1, 1))

    def forward(self, q, k):
        return (torch.einsum("b h i d, b h j d -> b h i j", q, k) * self.g).softmax(dim=-1)
"""


@pytest.mark.parametrize(
    ("factory", "given"),
    [
        ("Scaled()", ["image[2,3,4,5]"]),
        ("Gated(3)", ["image[2,3,4,5]"]),
        ("Volume(3)", ["image[2,3,4,5,2]"]),
    ],
)
def test_an_image_stands_beside_it(factory: str, given: list[str]) -> None:
    pair = Pair(SOURCE, factory, given, data_format="channels_last", returns="image")
    pair.check()


def test_scores_stay_in_torch_order_beside_a_number_for_each_head() -> None:
    translation = translate(SOURCE)
    heads = translation.code.partition("class Heads(")[2]
    assert "k) * self.g" in heads and translation.signatures["Heads.call"]["return"] is None


def test_signatures_say_so() -> None:
    signatures = translate(SOURCE).signatures
    assert signatures["Scaled.call"] == {"x": "NHWC", "return": "NHWC"}
    assert signatures["Volume.call"]["x"] == "NDHWC"
    other = SOURCE.replace(".view(1, 3, 1, 1)", ".view(3, 1, 1)").replace(
        "[None, :, None, None]", "[:, None, None]"
    )
    assert translate(other).signatures["Scaled.call"]["x"] is None


OF_ANY_RANK = """
import torch
from torch import nn


class Scaled(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.gamma = nn.Parameter(torch.linspace(0.5, 2.0, dim).view(dim, 1, 1))

    def forward(self, x):  # transpile: x is channels_last
        return x * self.gamma


class Placed(nn.Module):
    def __init__(self):
        super().__init__()
        self.row = nn.Parameter(torch.linspace(0.5, 2.0, 5))
        self.map = nn.Parameter(torch.linspace(0.5, 2.0, 20).view(4, 5))
        self.maps = nn.Parameter(torch.linspace(0.5, 2.0, 20).view(1, 4, 5))

    def forward(self, x):  # transpile: x is channels_last
        x = x * self.row
        x = self.map + x
        return x * self.maps


class Unnamed(nn.Module):
    def __init__(self):
        super().__init__()
        self.maps = nn.Parameter(torch.linspace(0.5, 2.0, 20).view(1, 4, 5))

    def forward(self, x):  # transpile: x is channels_last
        return torch.relu(x) * self.maps
"""


@pytest.mark.parametrize(
    ("factory", "given"),
    [("Scaled(3)", "image[2,3,4,5]"), ("Placed()", "image[2,3,4,5]"), ("Placed()", "image[2,3,6,4,5]")],
)
def test_beside_an_image_of_any_rank_each_operand_keeps_its_axes(factory: str, given: str) -> None:
    Pair(OF_ANY_RANK, factory, [given], data_format="channels_last", returns="image").check()


def test_what_cannot_be_placed_beside_an_image_of_any_rank_is_said() -> None:
    found = [d for d in translate(OF_ANY_RANK).diagnostics if d.code == "LAY003"]
    assert [OF_ANY_RANK.split("\n")[d.line - 1].strip() for d in found] == [
        "return torch.relu(x) * self.maps"
    ]


UNDECIDED = """
import torch
from torch import nn


class Gated(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.conv = nn.Conv1d(1, 1, kernel_size=3, padding=1, bias=False)

    def forward(self, x):
        y = x.mean((2, 3)).view(x.shape[0], 1, -1)
        y = self.conv(y).view(x.shape[0], -1, 1, 1).sigmoid()
        return x * y.expand_as(x) + y
"""


def test_what_is_beside_it_is_placed_by_the_rank_that_it_has() -> None:
    """Nothing says that it is an image; the output takes it for one, and says so."""
    Pair(UNDECIDED, "Gated(3)", ["image[2,3,4,5]"], data_format="channels_last", returns="image").check()
    assert {d.code for d in translate(UNDECIDED).diagnostics} == {"LAY001", "LAY003"}
