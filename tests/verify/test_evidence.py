"""Facts from a run: what is seen, what it settles, and that proofs are not overruled."""

from __future__ import annotations

from pathlib import Path

import pytest

from transpile import translate
from transpile.cli import main
from transpile.infer.evidence import Seen
from transpile.translate import translate as translate_with
from transpile.verify.evidence import observed
from transpile.verify.spec import given, target

SOURCE = """import torch
import torch.nn as nn


def scaled(t, axis):
    return t / t.sum(axis, keepdim=True)


def weigh(scores):
    b, h, n, m = scores.shape
    return scores.sum(dim=(2, 3))


class Parts:
    def get(self, name):
        return torch.ones(3) if name == "scale" else 7


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.parts = Parts()

    def forward(self, x):
        x = self.conv(x)
        t = x.flatten(2)
        q = t.reshape(2, 2, 4, -1)
        return scaled(x, 1), weigh(q @ q.transpose(2, 3)), len(getattr(self.parts, "get")("scale").tolist())
"""
HELPERS = SOURCE[: SOURCE.index("class Parts")]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "net.py"
    path.write_text(SOURCE)
    return path


def place(part: str, inner: str) -> tuple[int, int, int, int]:
    number, line = next((i, one) for i, one in enumerate(SOURCE.splitlines(), 1) if part in one)
    column = line.index(part) + part.index(inner) + 1
    return number, column, number, column + len(inner)


def test_every_expression_is_seen_with_what_it_was(source: Path) -> None:
    seen = observed(target(f"{source}:Net()"), [given("2,3,8,9")])
    assert seen[place("t / t.sum", "t")] == Seen("tensor", 4, "float32", True)
    assert seen[place("return scores.sum", "scores")] == Seen("tensor", 4, "float32", False)
    assert seen[place("t.sum(axis", "axis")].kind == "int"
    assert seen[place("t = x.flatten(2)", "x.flatten(2)")].rank == 3


def test_a_run_answers_what_would_be_taken_by_convention() -> None:
    convention = {d.code for d in translate(HELPERS).diagnostics}
    assert "LAY002" in convention
    spans = {place("return scores.sum", "scores"): Seen("tensor", 4, "float32", False)}
    spans[place("= scores.shape", "scores")] = Seen("tensor", 4, "float32", False)
    found = translate_with(HELPERS, seen=spans)
    assert "LAY002" not in {d.code for d in found.diagnostics}
    assert "axis=(2, 3)" in found.code


def test_what_is_proven_is_not_overruled() -> None:
    code = """import torch.nn as nn

class N(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 3, 1)

    def forward(self, x):
        x = self.c(x)
        return x.sum(1)
"""
    lying = {(10, 16, 10, 17): Seen("tensor", 4, "float32", False)}
    assert translate_with(code, seen=lying).code == translate(code).code


def test_the_command_says_what_was_settled(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.py"
    assert main([str(source), "-o", str(out), "--example", "Net()", "--input", "2,3,8,9"]) == 0
    assert "the run settled" in capsys.readouterr().err
    assert out.exists()


def test_a_run_that_fails_ends_the_call(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.py"
    assert main([str(source), "-o", str(out), "--example", "Net(9)", "--input", "2,3,8,9"]) == 2
    assert not out.exists() and "build" in capsys.readouterr().err
