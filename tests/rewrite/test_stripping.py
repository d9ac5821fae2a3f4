"""Of two things that a module binds to one name the later is meant, also where the earlier came from torch."""

# ruff: noqa: E501 (sources under test keep their own lines)
from __future__ import annotations

from typing import Any

import pytest
from harness import Pair

from transpile import translate

BODY = """

class Net(nn.Module):
    def forward(self, x):
        return {call}
"""
NEAR_MISS = """
from torch import nn
from json import dumps as no_such_thing
from torch import no_such_thing
""" + BODY
SOURCES = {
    "imported again": ("from torch import einsum, nn\nfrom einops import einsum\n", "einsum(x, x, 'b n, b m -> b n m')"),
    "defined": ("from torch import nn, rand\n\n\ndef rand(x):\n    return x * 3\n", "rand(x)"),
}  # fmt: skip


def test_near_miss() -> None:
    code = translate(NEAR_MISS.format(call="no_such_thing(x)")).code
    assert "        from torch import no_such_thing\n" in code


@pytest.mark.parametrize("name", SOURCES)
def test_the_later_one(name: str) -> None:
    head, call = SOURCES[name]
    source = head + BODY.format(call=call)
    assert "from torch import" not in translate(source).code
    Pair(source, "Net()", ["f32[2,5]"], returns="plain").check()


SHADOWING = """
import torch
from torch.utils.data import Dataset


class Dataset(Dataset):
    def __init__(self, n):
        self.n = n


def make(n):
    return Dataset(n)
"""


def test_a_class_that_takes_the_name_of_its_base() -> None:
    code = translate(SHADOWING).code
    assert 'Dataset = Placeholder("torch.utils.data.Dataset")' in code
    assert "    from torch" not in code
    names: dict[str, Any] = {}
    exec(compile(code, "shadowing", "exec"), names)
    assert isinstance(names["Dataset"], type)
