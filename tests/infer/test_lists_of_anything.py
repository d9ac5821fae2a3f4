"""`shared: List[Any]` says that there is a list, and no more: what is in it callers say, as without an annotation."""

from __future__ import annotations

import pytest
from harness import Pair

from transpile import translate

# each token's channels in heads, (B, heads, N, C): nothing in Scores itself says that this is no image
SOURCE = """
from typing import Any, List, Optional

import torch
from torch import nn


class Scores(nn.Module):
    def forward(self, q, v):
        B, h, N, C = q.shape
        return q[:, :, 1:, :] * v[:, :, 1:, :].reshape(B, h, N - 1, C)


class Attention(nn.Module):
    def __init__(self, dim, scores=None):
        super().__init__()
        self.qv = nn.Linear(dim, 2 * dim)
        self.scores = scores

    def forward(self, x):
        B, N, C = x.shape
        q, v = self.qv(x).reshape(B, N, 2, 2, C // 2).permute(2, 0, 3, 1, 4).unbind(0)
        return self.scores(q, v)


class Several(nn.Module):
    def __init__(self, dim, shared: ANNOTATION = None):
        super().__init__()
        self.first = Attention(dim, shared[0])
        self.second = Attention(dim, shared[1])

    def forward(self, x):
        return self.first(x) + self.second(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = Scores()
        self.b = Scores()
        self.several = Several(4, SHARED)

    def forward(self, x):
        return self.several(x)
"""


@pytest.mark.parametrize("annotation", ["Optional[List[Any]]", "List[Any]", "list[Any]", "Any", "object"])
@pytest.mark.parametrize("shared", ["[self.a, self.b]", "(self.a, self.b)"])
def test_what_a_list_holds_comes_from_its_callers(annotation: str, shared: str) -> None:
    source = SOURCE.replace("ANNOTATION", annotation).replace("SHARED", shared)
    assert not {"LAY002", "LAY003"} & {d.code for d in translate(source).diagnostics}
    Pair(source, "Net()", ["f32[2,5,4]"]).check()


LISTED = """
from typing import Any, List

import torch
from torch import nn


class Net(nn.Module):
    def joined(self, parts: List[Any]):
        return torch.cat(parts, 1)

    def forward(self, x):
        return self.joined([x, x * 2]), len([x])
"""


def test_a_list_of_anything_may_hold_tensors() -> None:
    Pair(LISTED, "Net()", ["f32[2,5,4]"]).check()
