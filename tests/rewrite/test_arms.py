"""A name that an arm of `try` or `if` imports from torch stays bound where something reads it."""

from __future__ import annotations

import pytest
from harness import Pair

from transpile import translate

NET = """


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.act = {act}

    def forward(self, x):
        return {result}
"""
READ = """
import torch
from torch import nn

try:
    from torch import bmm, sigmoid
except ImportError:
    bmm = None

    def sigmoid(x):
        return 1 / (1 + torch.exp(-x))

try:
    from torch.nn.functional import softplus
    fast = True
except (ImportError, AttributeError):
    fast = False

    def softplus(x):
        return torch.log(1 + torch.exp(x))

try:
    from torch.nn import SiLU
except Exception:
    class SiLU(nn.Module):
        def forward(self, x):
            return x * torch.sigmoid(x)

table = {"softplus": softplus, "sigmoid": globals()["sigmoid"], "bmm": bmm}
sigmoid = sigmoid if fast else None
"""
CHOSEN = """
import torch
from torch import nn

if tuple(int(part) for part in torch.__version__.split(".")[:2]) >= (1, 8):
    from torch import relu as act, tanh
else:
    tanh = None

    def act(x):
        return torch.clamp(x, 0)
"""
INSIDE = """
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        try:
            from torch.nn import GELU
        except ImportError:
            GELU = nn.ReLU
        self.act = nn.Sequential(GELU(), nn.ReLU())

    def forward(self, x):
        return self.act(x)
"""
RESULT = 'bmm(self.act(x), sigmoid(x)) + table["bmm"](x, table["softplus"](x))'
SOURCES = {
    "read": READ + NET.format(act="SiLU()", result=RESULT),
    "chosen": CHOSEN + NET.format(act="act", result="self.act(x) + tanh(act(x))"),
    "another name of torch": INSIDE,
}  # fmt: skip
GONE = """
from torch import nn

try:
    from torch import sigmoid
except ImportError:
    def sigmoid(x):
        return x
""" + NET.format(act="None", result="sigmoid(x)")
NO_WORD = """
try:
    from torch.nn import no_such_thing
except ImportError:
    no_such_thing = None
"""
HANDED_ON = """
try:
    from .fast import fetch, load
except ImportError:
    from torch.hub import download_url_to_file as fetch, load_state_dict_from_url as load
"""


def test_near_misses() -> None:
    assert "try:\n    pass\n" in translate(GONE).code  # every use is rewritten
    assert 'no_such_thing = Placeholder("torch.nn.no_such_thing")' in translate(NO_WORD).code


def test_a_name_that_other_files_ask_for_stays_bound_and_is_told_of() -> None:
    made = translate(HANDED_ON)
    assert 'fetch = Placeholder("torch.hub.download_url_to_file")' in made.code
    assert (
        'load = Placeholder("torch.hub.load_state_dict_from_url")' in made.code
    )  # a rule says that it stays
    assert [(d.code, d.line) for d in made.diagnostics] == [("API001", 5), ("API001", 5)]


@pytest.mark.parametrize("name", SOURCES)
def test_equal(name: str) -> None:
    Pair(SOURCES[name], "Net()", ["f32[2,3,3]"], returns="plain").check()
