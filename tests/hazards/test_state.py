"""STA002 and STA003: the values of tensors inside a call, and state that a call writes. Near misses first."""

from __future__ import annotations

import pytest

from transpile import translate

MODULE = """import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    limit = 3

    def __init__(self, depth=2):
        super().__init__()
        self.depth = depth
        self.conv = nn.Conv2d(3, 8, 3)
        self.layers = nn.ModuleList([nn.ReLU() for _ in range(depth)])
        self.register_buffer("count", torch.zeros(1))
        self.scale = nn.Parameter(torch.ones(1))
        self.last = None
        self.kept = []

    def forward(self, x, mask=None, flag=False, others=()):
        x = self.conv(x)
{body}
        return x

    def configure(self, depth):
        self.depth = depth
        self.last = torch.zeros(1)
"""


def found(body: str, code: str, source: str = MODULE) -> list[str]:
    text = source.replace("{body}", "\n".join(" " * 8 + line for line in body.strip("\n").splitlines()))
    lines = text.splitlines()
    return [lines[d.line - 1].strip() for d in translate(text).diagnostics if d.code == code]


@pytest.mark.parametrize(
    "body",
    [
        "if flag: x = x + 1",
        "if mask is not None: x = x * mask",
        "if mask is None and x.dim() == 4: x = x + 1",
        "if not self.training: x = x + 1",
        "if self.depth > 1: x = x + 1",
        "if x.dtype == torch.float16: x = x.float()",
        "if x.is_cuda: x = x + 1",
        "if isinstance(others, torch.Tensor): x = x + 1",
        "if len(others) > 1: x = x + 1",
        "if x.shape[1] > 3: x = x + 1",
        "x = torch.where(x > 0, x, -x)",
        "x = x * (x > 0)",
        "for layer in self.layers: x = layer(x)",
        "for i, layer in enumerate(self.layers): x = layer(x)",
        "for part in x.chunk(2, dim=1): x = x + part.mean()",
        "for i in range(self.depth): x = x + 1",
        "a, b = x.chunk(2, 1)",
        "x = x + int(self.depth / 2)",
        "name = str(x.shape)",
        "assert self.depth > 1",
        "if x.sum() > 0: x = -x",
        "if (x > 0).all(): x = -x",
        "if flag and x.mean() > 0: x = -x",
        "if not torch.any(x > 0): x = -x",
        "if 0 < x.mean() and x.mean() < 1: x = -x",
        "if 0 < self.depth < 4: x = -x",
        "if torch.rand(1) < 0.5: x = -x",
        "if self.scale > 0: x = -x",
        "x = -x if x.max() > 1 else x",
        "while x.max() > 1: x = x / 2",
        "assert x.min() >= 0",
        "x = x * int(x.max())",
        "x = x * x.max().item()",
        "x = x * float(x.mean())",
        "parts = [y + 1 for y in others if y is not None]",
    ],
)
def test_no_value_is_asked_for_by(body: str) -> None:
    assert found(body, "STA002") == []


@pytest.mark.parametrize(
    "body",
    [
        "if x.sum() > 0: parts.append(x)",
        "if x.sum() > 0: self.scale = x",
        "if x.sum(): x = -x",
        "if 0 < x.mean() < 1: x = -x",
        "parts = [y for y in others if x.sum() > 0]",
        "x = x * x[0, 0].tolist()",
        "x = x * bool(x.max())",
        "for i in range(x.argmax()): x = x + 1",
        "for one in x: print(one)",
        "rows = [one for one in x]",
    ],
)
def test_the_value_of_a_tensor_is_reported(body: str) -> None:
    assert found(body, "STA002") == [body]


def test_a_training_loop_runs_in_python() -> None:
    loop = """import torch
import torch.nn.functional as F

def train(model, batches, optimizer):
    for x, y in batches:
        loss = F.cross_entropy(model(x), y)
        if loss.item() > 10 or torch.isnan(loss):
            raise ValueError
        optimizer.step()
"""
    assert found("", "STA002", loop) == []


@pytest.mark.parametrize(
    "body",
    [
        "last = x",
        "self.count += 1",
        "self.count = self.count + x.mean()",
        "self.count[0] = 1",
        "self.ready = True",
        "self.last = None",
        "self.mode = 'fast'",
        "others = self.kept",
        "x.requires_grad = False",
        "act = self.layers[0]",
        "self.act = self.layers[0]",
    ],
)
def test_no_state_is_written_by(body: str) -> None:
    assert found(body, "STA003") == []


@pytest.mark.parametrize(
    "body",
    [
        "self.seen += 1",
        "self.last = x",
        "self.kept[0] = x",
        "self.last, y = x, 1",
        "self.last = [x, x + 1]",
        "self.height = x.shape[2]",
        "self.extra = nn.Linear(8, 8)",
    ],
)
def test_state_that_a_call_writes_is_reported(body: str) -> None:
    assert found(body, "STA003") == [body]


def test_each_statement_is_reported_once() -> None:
    assert found("self.last, self.first = x, x + 1", "STA003") == ["self.last, self.first = x, x + 1"]


def test_an_object_that_is_no_layer_keeps_its_state() -> None:
    source = """import torch
import torch.nn as nn

class Cache:
    def store(self, x):
        self.last = x.sum()
        return x

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.cache = Cache()

    def forward(self, x):
        return self.cache.store(torch.relu(x))
"""
    assert found("", "STA003", source) == []


MAKING = """import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = None
        self.linear = self.make()

    def make(self):
        return nn.Linear(4, 4)

    def forward(self, x):
        x = F.relu(x)
{body}
        return x
"""


@pytest.mark.parametrize(
    "body",
    [
        "x = nn.ReLU()(x)",
        "x = nn.Softmax(dim=1)(x)",
        "x = nn.LayerNorm(4, elementwise_affine=False)(x)",
        "x = nn.InstanceNorm2d(4)(x)",
        "x = F.linear(x, self.linear.weight)",
        "if self.head is None: self.head = nn.Linear(4, 4)",  # kept: STA003 tells of it
    ],
)
def test_a_call_may_make_what_has_no_weights(body: str) -> None:
    assert found(body, "STA011", MAKING) == []


@pytest.mark.parametrize(
    "body",
    [
        "x = nn.Linear(4, 4)(x)",
        "x = x * nn.Parameter(torch.ones(4))",
        "layer = nn.Conv2d(3, 4, 1)",
        "x = nn.LayerNorm(4)(x)",
    ],
)
def test_a_call_that_makes_weights_is_told_of(body: str) -> None:
    assert found(body, "STA011", MAKING) == [body]
