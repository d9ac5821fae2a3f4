"""The part of a module that a keystroke infers, and that what is said of it is what a look at all of it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from transpile.editor.analysis import Analysis
from transpile.editor.incremental import Piecewise
from transpile.editor.relevance import Relevance
from transpile.editor.source import Settings

FIXTURES = Path(__file__).parents[2] / "fixtures"
TEXT = """import torch
from torch import nn

SIZE = scaled(3)


def scaled(n):
    return 2 * n


class Conv(nn.Module):
    def forward(self, x):
        return x[:SIZE]


class Block(Conv):
    pass


class Net(nn.Module):
    def __init__(self):
        self.block = Block()
        self.other = Other()


class Other(nn.Module):
    pass


def alone():
    return Net
"""


def names(pieces: Piecewise, *changed: str) -> list[str]:
    def name(node: Any) -> str:
        return node.name.value if hasattr(node, "name") else "-"

    nodes = [node for node in pieces.tree.body if name(node) in changed]
    return [name(node) for node in Relevance().of(nodes, pieces) if name(node) != "-"]


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ("Other", ["scaled", "Conv", "Block", "Net", "Other"]),  # Net names it, and needs the rest
        ("Conv", ["scaled", "Conv", "Block"]),  # through SIZE
        ("scaled", ["scaled"]),
        ("Block", ["scaled", "Conv", "Block", "Net", "Other"]),
        ("alone", ["scaled", "Conv", "Block", "Net", "Other", "alone"]),
    ],
)
def test_what_is_named_and_what_names_it_matters(changed: str, wanted: list[str]) -> None:
    assert names(Piecewise(TEXT), changed) == wanted


def test_other_statements_stay() -> None:
    pieces = Piecewise(TEXT)
    body = Relevance().of([pieces.tree.body[3]], pieces)
    assert [pieces.tree.code_for_node(node).split()[0] for node in body] == ["import", "from", "SIZE", "def"]


@pytest.mark.parametrize("fixture", ["gsconv.py", "yolo_blocks.py"])
def test_a_keystroke_says_what_a_look_at_all_says(fixture: str) -> None:
    text = (FIXTURES / fixture).read_text(encoding="utf-8")
    lines = text.split("\n")
    analysis = Analysis(Settings("x.py"))
    analysis.update(text)
    for at in [at for at, line in enumerate(lines) if line.startswith("        return ")][::3]:
        lines[at] = lines[at].replace("return ", "torch.no_such(); return ", 1)
        soon = analysis.update("\n".join(lines))
        assert any(found.code == "API001" and found.line == at + 1 for found in soon)
        whole = Analysis(Settings("x.py"))
        assert soon == whole.update("\n".join(lines))
