"""SHP001: sizes that may be unknown, where Python needs a number. Near misses first."""

from __future__ import annotations

import pytest

from transpile import translate

MODULE = """import math
import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self, rows=4):
        super().__init__()
        self.rows = rows
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.weight = nn.Parameter(torch.zeros(8, 3))
        self.grid = torch.zeros(1, 2, 4, 4)
        self.dynamic = False

    def forward(self, image, tokens):
        x = self.conv(image)
        b, c, h, w = x.shape
        batch, length, width = tokens.shape
        rows = []
{body}
        return x
"""


def found(body: str, source: str = MODULE, data_format: str = "channels_last") -> list[str]:
    """The lines of the source at which a size is reported, without their indentation."""
    text = source.replace("{body}", "\n".join(" " * 8 + line for line in body.strip("\n").splitlines()))
    lines = text.splitlines()
    said = translate(text, data_format=data_format).diagnostics
    return [lines[d.line - 1].strip() for d in said if d.code == "SHP001"]


NEAR_MISSES = [
    "for i in range(c): x = x + i",  # channels are fixed by the layer
    "for i in range(width): x = x + i",  # and so are features
    "for i in range(self.rows): x = x + i",
    "for i in range(len(x.shape)): x = x + i",
    "for i in range(x.dim()): x = x + i",
    "for i in range(self.weight.shape[0]): x = x + i",
    "weight = self.weight\nfor i in range(weight.shape[0]): x = x + i",
    "if c > 3: x = x + 1",
    "if x.shape != image.shape: x = x + 1",
    "if self.dynamic or self.grid.shape != x.shape: x = x + 1",
    "if self.dynamic or self.grid.shape[2:4] != x.shape[2:4]: x = x + 1",
    "if x.dim() == 4 and x.shape[1] == 8: x = x + 1",
    "if tokens is None or h is None: x = x + 1",
    "if isinstance(h, int): x = x + 1",
    "x = x.view(b, c, h * w).view(b, c, h, w)",
    "x = x + torch.arange(w)",
    "x = x[:, :, : h // 2]",
    "x = F.interpolate(x, size=(h * 2, w * 2))",
    "x = F.pad(x, (0, w % 2, 0, h % 2))",
    "x = F.avg_pool2d(x, c)",
    "h = 3\nfor i in range(h): x = x + i",
    "rows = [0] * c",
    "x = x / math.sqrt(c)",
    "pool = nn.AvgPool2d(c)\nx = pool(x)",
    "def later():\n    return int(3)\nx = x + later()",
    "x = x.repeat(1, 1, 2, 2)[:, :, :h]",
    "assert length <= 16",  # the output asserts it, and computes what follows, with tensors
    "assert h % 2 == 0 and w % 2 == 0, 'even'",
    "assert x.numel() > 0",
    "x = x + int(h / 2)",
    "x = x + float(h / 2)",
    "x = x + math.ceil(w / 2)",
    "x = x + max(h, w)",
    "if h != w: x = x + 1",  # and makes these tests in the graph
    "if self.dynamic and not h > 4: x = x + 1",
    "if x.shape[2:] == (h, 4): x = x + 1",
    "x = x + 1 if b > 1 else x",
    "while h > 4: h = 4",
    "y = torch.zeros(3, 4)\nfor i in range(y.shape[0]): x = x + i",
]


@pytest.mark.parametrize("body", NEAR_MISSES)
def test_nothing_is_said_of(body: str) -> None:
    assert found(body) == []


HAZARDS = [
    "for i in range(b): x = x + i",
    "for i in range(h // 2): x = x + i",
    "for i in range(length): x = x + i",
    "for i in range(x.shape[-1]): x = x + i",
    "for i in range(x.size(0)): x = x + i",
    "for i in range(len(x)): x = x + i",
    "rows = [x[i] for i in range(b)]",
    "if h % 2: x = x + 1",
    "if 2 < h < 4: x = x + 1",
    "if h != w: rows.append(x)",  # a graph would append whatever the test gives
    "x = x + math.log(w)",
    "x = nn.AvgPool2d(h)(x)",
    "x = F.avg_pool2d(x, x.shape[2:])",
    "x = F.avg_pool2d(x, (h, w))",
    "rows = [0] * b",
    "rows = h * [None]",
]


@pytest.mark.parametrize("body", HAZARDS)
def test_a_size_that_may_be_unknown_is_reported(body: str) -> None:
    assert found(body) == [body]


@pytest.mark.parametrize("body", ["for i in range(c): x = x + i", "if x.shape != image.shape: x = x + 1"])
def test_nothing_is_said_in_channels_first_of(body: str) -> None:
    assert found(body, data_format="channels_first") == []


@pytest.mark.parametrize("body", ["for i in range(h): x = x + i", "if b % 2: x = x + 1"])
def test_the_order_of_axes_in_memory_does_not_matter(body: str) -> None:
    assert found(body, data_format="channels_first") == [body]


def test_a_size_keeps_its_nature_through_names_and_arithmetic() -> None:
    body = "half = h // 2\nrest, other = half - 1, c\nfor i in range(other): pass\nfor i in range(rest): pass"
    assert found(body) == ["for i in range(rest): pass"]


def test_a_number_that_was_reported_once_is_a_number_from_then_on() -> None:
    assert found("half = math.log(h)\nif half > 2: x = x + 1") == ["half = math.log(h)"]


def test_a_size_that_was_rounded_stays_a_size() -> None:
    body = "half = int(math.sqrt(h))\nfor i in range(half): x = x + i"
    assert found(body) == ["for i in range(half): x = x + i"]


FUNCTION = """import torch
import torch.nn as nn

def rows(x):
    b, c, h, w = x.shape
    return [x[i] for i in range(b)]
"""


def test_a_function_that_no_forward_reaches_runs_in_python() -> None:
    assert found("", FUNCTION) == []


def test_a_function_that_a_forward_calls_is_traced_with_it() -> None:
    caller = "\nclass Net(nn.Module):\n    def forward(self, x):\n        return rows(x)\n"
    assert found("", FUNCTION + caller) == ["return [x[i] for i in range(b)]"]


def test_a_constructor_runs_in_python() -> None:
    source = MODULE.replace("self.dynamic = False", "for i in range(self.grid.shape[0]): self.rows += 1")
    assert found("pass", source) == []


def test_a_size_in_a_list_is_followed_to_the_function_that_asks_for_it() -> None:
    # the function stands before its caller, where the size comes from
    source = "import torch\nimport torch.nn as nn\n" + """
def adapt(shift: list[int], size: list[int], window: list[int]):
    for i in range(2):
        if size[i] <= window[i]:
            window[i] = size[i]
            shift[i] = 0
    return window


class Windows(nn.Module):
    def __init__(self, window):
        super().__init__()
        self.window = window
        self.lin = nn.Linear(4, 4)

    def forward(self, x):
        _, h, w, _ = x.shape
        first, second = adapt([0, 0], SIZES, self.window.copy())
        return self.lin(x) * first * second
"""
    assert "SHP001" not in [d.code for d in translate(source.replace("SIZES", "[7, 7]")).diagnostics]
    said = [d for d in translate(source.replace("SIZES", "[h, w]")).diagnostics if d.code == "SHP001"]
    assert ["size[i]" in d.message for d in said] == [True]


def test_the_first_size_of_what_comes_in_nested_lists_may_be_unknown() -> None:
    source = "import torch\nimport torch.nn as nn\n" + """
class Images(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.channels = channels

    def forward(self, images: list[torch.Tensor] | list[list[torch.Tensor]]):
        if torch.is_tensor(images[0]):
            images = [images]
        for image in images:
            assert image.shape[PLACE] == self.channels
        return images
"""
    assert "SHP001" not in [d.code for d in translate(source.replace("PLACE", "-1")).diagnostics]
    assert "SHP001" in [d.code for d in translate(source.replace("PLACE", "0")).diagnostics]
