"""`transpile fix`: diff, edits, writing, standard input."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from transpile.cli import main

Capture = pytest.CaptureFixture[str]
SOURCE = "import torch\n\n\ndef f(x: torch.Tensor):\n    return torch.neg(x)\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(SOURCE)
    return tmp_path


def test_a_diff_is_shown_and_nothing_written(capsys: Capture) -> None:
    assert main(["fix", "net.py", "--line", "5"]) == 0
    out = capsys.readouterr().out
    assert "-    return torch.neg(x)\n+    return tf.negative(x)\n" in out
    assert Path("net.py").read_text() == SOURCE


def test_edits_as_json(capsys: Capture) -> None:
    assert main(["fix", "net.py", "--line", "5", "--column", "14", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert set(report) == {"version", "path", "title", "range", "edits", "diagnostics"}
    assert report["title"] == "Translate to tf.negative(x)"
    assert report["range"] == {"start": {"line": 4, "character": 11}, "end": {"line": 4, "character": 23}}
    assert report["edits"][-1] == {
        "range": {"start": {"line": 4, "character": 11}, "end": {"line": 4, "character": 20}},
        "newText": "tf.negative",
    }
    assert Path("net.py").read_text() == SOURCE


def test_it_is_applied_in_the_file_s_own_newlines() -> None:
    Path("net.py").write_bytes(SOURCE.replace("\n", "\r\n").encode())
    assert main(["fix", "net.py", "--line", "5", "--apply"]) == 0
    data = Path("net.py").read_bytes()
    assert b"    return tf.negative(x)\r\n" in data and data.count(b"\n") == data.count(b"\r\n")


def test_standard_input_goes_to_standard_output(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(SOURCE.encode())))
    assert main(["fix", "-", "--line", "5", "--apply"]) == 0
    assert capsys.readouterr().out.endswith("    return tf.negative(x)\n")


def test_nothing_to_do_is_said_and_harmless(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["fix", "net.py", "--line", "2"]) == 0
    assert "nothing to translate there" in capsys.readouterr().err
    assert main(["fix", "net.py", "--line", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["edits"] == []
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"x = 1\n")))
    assert main(["fix", "-", "--line", "1", "--apply"]) == 0
    assert capsys.readouterr().out == "x = 1\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["net.py"], "--line"),
        (["net.py", "--line", "0"], "0"),
        (["net.py", "--line", "99"], "has 6 lines, and no line 99"),
        (["gone.py", "--line", "1"], "gone.py: no such file"),
        ([".", "--line", "1"], "is a folder"),
        (["broken.py", "--line", "1"], "broken.py:2:1: "),
    ],
)
def test_an_unusable_call_is_refused(capsys: Capture, words: list[str], said: str) -> None:
    Path("broken.py").write_text("import torch\ndef f(:\n")
    assert main(["fix", *words]) == 2
    captured = capsys.readouterr()
    assert said in captured.err and captured.err.count("\n") == 1 and captured.out == ""
