"""What a model makes of images and returns with three axes: points or tokens in torch's order, unless it is a part."""

from __future__ import annotations

import pytest
from harness import FORMATS, Pair

from transpile import translate

SOURCE = """
import torch
from torch import nn


class Decoder(nn.Module):
    def forward(self, x):
        b, c = x.shape[0], x.shape[1]
        h, w = x.shape[2:]
        flat = x.view(b, c, -1)
        scores, places = flat.max(dim=2, keepdim=True)
        return torch.cat(((places % w).float(), (places // w).float(), scores), dim=2)


class Pose(nn.Module):
    def __init__(self, points=5, decode=True):
        super().__init__()
        self.decode = decode
        self.conv = nn.Conv2d(3, points, 3, padding=1)
        self.decoder = Decoder()

    def forward(self, x):
        x = self.conv(x)
        if self.decode:
            return self.decoder(x)
        return x


class Embed(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 2, 2)

    def forward(self, x):
        return self.conv(x).flatten(2)


class Tokens(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = Embed()
        self.fc = nn.Linear(8, 4)
    def forward(self, x):
        return self.fc(self.embed(x).transpose(1, 2))


class Wave(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(3, 8, 3)
    def forward(self, x):
        return self.conv(x)
"""


@pytest.mark.parametrize("data_format", FORMATS)
def test_points_stand_as_torch_has_them(data_format: str) -> None:
    Pair(SOURCE, "Pose(5)", ["image[2,3,6,8]"], data_format=data_format, returns="plain").check()


@pytest.mark.parametrize("data_format", FORMATS)
def test_the_same_model_may_return_its_map(data_format: str) -> None:
    Pair(SOURCE, "Pose(5, False)", ["image[2,3,6,8]"], data_format=data_format, returns="image").check()


def test_a_part_hands_on_what_it_has() -> None:
    code = translate(SOURCE).code
    assert "return flatten(self.conv(x), 1, 2)" in code and "self.fc(self.embed(x))" in code
    Pair(SOURCE, "Tokens()", ["image[2,3,6,8]"], returns="plain").check()


def test_a_map_of_one_axis_is_none_of_them() -> None:
    Pair(SOURCE, "Wave()", ["image[2,3,9]"], returns="image").check()
