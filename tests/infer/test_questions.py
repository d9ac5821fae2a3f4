"""Which open questions of layout are worth a warning, and which are answered by what a tensor is made of or for."""

from __future__ import annotations

import pytest

from transpile import translate

HEAD = "import torch\n\n\n"
SCORES = HEAD + """
def scores(x: torch.Tensor):
    b, h, n, d = x.shape
    return x.softmax(dim=1)
"""
JOINED = HEAD + """
def joined(x: torch.Tensor):
    b, c, n, m = x.shape
    y = x.view(b, c, -1)
    return torch.cat([y, x.flatten(2)], dim=1)
"""
SUMMED = HEAD + """
def summed(x: torch.Tensor):
    return x.sum(1)
"""
WINDOWS = HEAD + """
def windows(x: torch.Tensor, size: int):
    b, c, n = x.shape
    y = x.view(b, c, -1, size)
    return torch.cat([y, y], dim=1)
"""


@pytest.mark.parametrize(("source", "code"), [(SCORES, "LAY002"), (JOINED, "LAY002"), (SUMMED, "LAY003")])
def test_what_callers_bring_is_asked_for(source: str, code: str) -> None:
    assert code in [d.code for d in translate(source).diagnostics]


def test_what_is_made_of_an_undecided_tensor_is_decided_with_it() -> None:
    done = translate(WINDOWS)
    assert [d.code for d in done.diagnostics] == []
    assert "tf.concat([y, y], axis=1)" in done.code


@pytest.mark.parametrize(
    ("call", "written"),
    [
        ("torch.diag(x)", "diag(x, 0)"),
        ("torch.mm(x, y)", "tf.matmul(x, y)"),
        ("x.bmm(y)", "tf.matmul(x, y)"),
        ("torch.outer(x, y)", "tf.tensordot(x, y, 0)"),
    ],
)
def test_what_has_too_few_axes_for_an_image_is_not_asked_for(call: str, written: str) -> None:
    done = translate(HEAD + f"\ndef f(x: torch.Tensor, y: torch.Tensor):\n    return {call}\n")
    assert [d.code for d in done.diagnostics] == []
    assert written in done.code
