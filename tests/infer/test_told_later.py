"""What a function has met before anybody said what it is: whoever met it runs again, and rounds come to an end."""

from __future__ import annotations

import pytest

from transpile import translate
from transpile.infer.facts import Tensor
from transpile.infer.layout import IMAGE, Open
from transpile.infer.sameness import as_it_stands, same

HEAD = "import torch\nfrom torch import nn\n\n\n"
BEFORE_ITS_USE = """\
class Film(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Linear(4, 4)

    def forward(self, x, cond):
        if x.ndim == 3 and cond.ndim == 2:
            cond = cond[:, None]
        return x * self.scale(cond)
"""
BY_ANOTHER_CALLER = """\
def each(fn, values):
    if isinstance(values, tuple):
        return tuple(map(fn, values))
    return fn(values)


class Net(nn.Module):
    def forward(self, x):
        return each(lambda t: t.square(), x)


class Other(nn.Module):
    def forward(self, x):
        return each(lambda t: torch.relu(t), (x, x))
"""


@pytest.mark.parametrize(
    ("source", "torch", "written"),
    [(BEFORE_ITS_USE, "cond.ndim", "len(cond.shape) == 2"), (BY_ANOTHER_CALLER, ".square()", "tf.square(t)")],
)
def test_what_is_told_behind_a_place_reaches_it(source: str, torch: str, written: str) -> None:
    code = translate(HEAD + source).code
    assert written in code and torch not in code


def test_a_method_of_what_was_none_is_said() -> None:
    source = (
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.kept = None\n\n"
        "    def forward(self, x):\n        return self.kept.to(x.device)\n"
    )
    found = translate(HEAD + source)
    assert "self.kept.to(" in found.code
    assert [d.code for d in found.diagnostics] == ["INF001"]


def test_two_layouts_that_are_open_are_no_news_but_one_that_was_decided_is() -> None:
    open_, other, image = (Tensor(4, None, None, layout) for layout in (Open(), Open(), IMAGE))
    assert not same(open_, other) and same(open_, other, still_open=True)
    assert not same(open_, image, still_open=True)
    kept = as_it_stands(open_)
    assert isinstance(open_.layout, Open)
    open_.layout.settle(IMAGE)  # what is kept is what it was then
    assert not same(kept, open_, still_open=True) and same(kept, other, still_open=True)
