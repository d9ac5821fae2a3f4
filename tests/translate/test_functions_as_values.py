"""Functions of torch that variables, arguments and attributes hold: called with options, and on images too."""

# ruff: noqa: E501 (one case a line)
from __future__ import annotations

import pytest
from harness import FORMATS, Pair, translation

HEAD = "import torch\nimport torch.nn.functional as F\nfrom torch import nn\n\n\n"


def net(init: str, forward: str, arguments: str = "") -> str:
    body = "".join(f"        {line}\n" for line in forward.split("; "))
    return (
        f"{HEAD}class Net(nn.Module):\n    def __init__(self{arguments}):\n        super().__init__()\n"
        f"        self.c = nn.Conv2d(3, 4, 3)\n        {init}\n\n    def forward(self, x):\n"
        f"        x = self.c(x)\n{body}"
    )


# near misses first: what takes each element for itself needs no order
CASES = {
    "elementwise": (net("self.f = f", "return self.f(x)", ", f=F.relu"), "image"),
    "elementwise with an option": (net("self.f = f", "return self.f(x, negative_slope=0.3)", ", f=F.leaky_relu"), "image"),
    "a reduction along channels": (net("self.mean = True", "f = torch.mean if self.mean else torch.sum; return f(x, dim=1)"), "plain"),
    "by position": (net("self.mean = False", "f = torch.mean if self.mean else torch.sum; return f(x, 1, True).flatten(1)"), "plain"),
    "a default": (net("self.f = f", "return self.f(x, dim=(2, 3))", ", f=torch.sum"), "plain"),
    "a pool": (net("self.f = F.avg_pool2d if mean else F.max_pool2d", "return self.f(x, kernel_size=2, stride=1)", ", mean=True"), "image"),
}  # fmt: skip


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("name", CASES)
def test_equal(name, data_format):
    source, returns = CASES[name]
    Pair(source, "Net()", ["image[2,3,6,7]"], data_format=data_format, returns=returns).check()


def test_the_plain_function_stays_the_plain_function():
    code = translation(CASES["elementwise"][0]).code
    assert "f=tf.nn.relu)" in code
    code = translation(CASES["a default"][0]).code
    assert "f=sum_of)" in code


def test_a_list_that_cannot_be_converted_is_said():
    source = net("self.f = f", "return self.f([x, x], dim=1)", ", f=torch.cat")
    assert [d.code for d in translation(source).diagnostics] == ["LAY003"]


EXTENDED = """from functools import partial

import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self, {options}):
        super().__init__()
        self.c = nn.Conv2d(3, 4, 3)
        f = partial(F.{function}, {first})
        self.f = partial(f, {second}) if further else f

    def forward(self, x):
        return self.f(self.c(x))
"""


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("further", [False, True])
@pytest.mark.parametrize("dim", [1, -1])
def test_a_partial_that_another_one_extends_takes_options(dim, further, data_format):
    source = EXTENDED.format(
        options="further", function="softmax", first=f"dim={dim}", second="dtype=torch.float64"
    )
    assert "lambda input" not in translation(source).code
    Pair(source, f"Net({further})", ["image[2,3,6,7]"], data_format=data_format, returns="plain").check()


def test_a_partial_that_takes_no_options_is_said():
    source = EXTENDED.format(
        options="further", function="hardtanh", first="min_val=-2.0", second="max_val=0.5"
    )
    done = translation(source)
    assert "API002" in [d.code for d in done.diagnostics] or "lambda input" not in done.code


VALUES = """from functools import partial

import torch
from torch import nn
from torch.amp import autocast
from torch.utils.checkpoint import checkpoint


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Linear(3, 4)

    def forward(self, x):
        run = partial(checkpoint, self.c, use_reentrant=False)
        context = partial(autocast, "cuda", enabled=False)
        with context():
            return run(x).sigmoid()
"""


def test_what_saves_memory_or_picks_a_precision_is_handed_on():
    assert "import torch" not in translation(VALUES).code
    Pair(VALUES, "Net()", ["f32[2,3]"]).check()
