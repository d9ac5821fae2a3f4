"""A convolution gives an image, also where nobody knows what it is given."""

from __future__ import annotations

import pytest
from harness import FORMATS, Pair

from transpile import translate

SOURCE = """
import torch
import torch.nn.functional as F
from torch import nn


class Trunk(nn.Module):
    def __init__(self):
        super().__init__()
        self.stages = nn.ModuleList([nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3)])

    def forward(self, x, many=False):
        outs = []
        for stage in self.stages:
            x = stage(x)
            outs.append(x)
        return x if not many else outs


class Net(nn.Module):
    def __init__(self, sizes=(6, 8)):
        super().__init__()
        self.trunk = Trunk()
        self.fuse = nn.ModuleList([nn.Sequential(nn.Conv2d(4, 5, 1), nn.UpsamplingNearest2d(9)) for _ in sizes])

    def forward(self, x):
        outs = self.trunk(x, many=True)
        fused = [f(out) for out, f in zip(outs, self.fuse)]
        pooled = [F.adaptive_avg_pool2d(out, 2) for out in outs]
        return torch.cat(fused, dim=1), torch.cat(pooled, dim=1).mean(1)
"""


@pytest.mark.parametrize("data_format", FORMATS)
def test_equal(data_format):
    Pair(SOURCE, "Net()", ["image[2,3,9,9]"], data_format=data_format, returns=["image", "plain"]).check()


# torch's rule of broadcasting beside an image, where the rank of neither is known
SCALED = """
import torch
from torch import nn


class Scale(nn.Module):
    def __init__(self, dim, maps=True):
        super().__init__()
        self.shape = (dim, 1, 1) if maps else (dim,)
        self.scale = nn.Parameter(torch.ones(dim))

    def forward(self, x):
        return x * self.scale.view(self.shape)


class Dense(nn.Module):
    def __init__(self, dim, maps):
        super().__init__()
        kind = nn.Conv2d if maps else nn.Linear
        options = {"kernel_size": 1} if maps else {}
        self.fc = kind(dim, dim, **options)

    def forward(self, x):
        return self.fc(x)


class Net(nn.Module):
    def __init__(self, scaled):
        super().__init__()
        self.stem = nn.Conv2d(3, 5, 1)
        self.a = Scale(5) if scaled else nn.Identity()
        self.b = Scale(5) if scaled else nn.Identity()
        self.dense = Dense(5, True)

    def forward(self, x):
        x = self.stem(x)
        return (self.a(x) + self.b(self.dense(x))).mean((2, 3))
"""


@pytest.mark.parametrize("scaled", [True, False])
@pytest.mark.parametrize("data_format", FORMATS)
def test_ranks_that_nobody_knows_are_placed_by_torchs_rule(data_format: str, scaled: bool) -> None:
    assert "LAY003" not in {d.code for d in translate(SCALED, data_format=data_format).diagnostics}
    Pair(SCALED, f"Net({scaled})", ["image[2,3,5,5]"], data_format=data_format, returns="plain").check()


LOSS = """
import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(4, 3)

    def forward(self, x, labels: torch.Tensor):
        scores = self.head({given})
        return F.cross_entropy(scores, labels, label_smoothing=0.1)
"""


@pytest.mark.parametrize(("given", "asked"), [("x", True), ("x.mean((2, 3))", True), ("x.flatten(1)", False)])
def test_the_target_of_flat_scores_is_no_image(given: str, asked: bool) -> None:
    said = [d.message for d in translate(LOSS.replace("{given}", given)).diagnostics if d.code == "LAY003"]
    assert any("cross_entropy" in message for message in said) == asked, said
