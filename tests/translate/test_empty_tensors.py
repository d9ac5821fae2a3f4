"""torch.cat leaves out tensors of shape (0,): what starts empty grows in a loop, or stays away."""

from __future__ import annotations

import pytest
from harness import FORMATS, Pair

from transpile import translate
from transpile.translate import Project, Text

NEAR_MISS = """
import torch


def f(x: torch.Tensor, n):
    return torch.cat([x, torch.zeros(n, 0), torch.empty(1)], 1)
"""
SOURCE = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)

    def forward(self, x, more=False):
        memory = x if more else torch.empty(0).to(x.device)
        y = self.conv(torch.cat([memory, x]))
        found = torch.tensor([])
        for i in range(3):
            found = torch.cat([found, y.mean((2, 3)) * i], dim=1)
        return y, found, torch.cat((torch.zeros(0), y), 1)
"""


def test_near_misses_stay():
    assert "tf.concat([x, tf.zeros([n, 0]), tf.zeros([1])], axis=1)" in translate(NEAR_MISS).code


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("more", [False, True])
def test_equal(data_format, more):
    pair = Pair(
        SOURCE, "Net()", ["image[2,3,4,5]"], keywords={"more": more}, data_format=data_format,
        returns=["image", "plain", "image"],
    )  # fmt: skip
    pair.check()
    pair.check_open()


def test_stack_leaves_nothing_out():
    source = (
        "import torch\n\nGRIDS = [torch.empty(0)]\n\n\n"
        "def grid(x: torch.Tensor, y: torch.Tensor):\n    return torch.stack((x, y), 2)\n"
    )
    assert (
        "tf.stack([to_torch_order(t) for t in (x, y)], axis=2)" in translate(source, support_module="_s").code
    )


LATE = """
import torch


def joined(boxes: torch.Tensor, scores: torch.Tensor):
    return torch.cat([boxes[:, :2], scores], 1)


def nothing():
    return torch.empty((0,), dtype=torch.int64)
"""


@pytest.mark.parametrize("data_format", FORMATS)
def test_whoever_stands_above_it_knows_too(data_format):
    """The one that makes it is run last, and is called by nobody."""
    code = translate(LATE, data_format=data_format).code
    assert "tf.concat" not in code.partition("def joined")[2].partition("def nothing")[0]


def test_where_it_turns_out_late_all_run_again_once():
    run = Project({"late": Text(LATE)}).infer()
    module = run.module = run.modules.known["late"]
    module.makes_empty = False
    for expected in (True, False):
        for function in module.functions:
            function.dirty = False
        before = run.progress()
        run.turns_out("makes_empty")
        assert [function.dirty for function in module.functions] == [expected] * 2
        assert (run.progress() > before) is expected
