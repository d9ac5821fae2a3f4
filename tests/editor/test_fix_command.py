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
    assert "nothing to translate or to fix there" in capsys.readouterr().err
    assert main(["fix", "net.py", "--line", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["edits"] == []
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"x = 1\n")))
    assert main(["fix", "-", "--line", "1", "--apply"]) == 0
    assert capsys.readouterr().out == "x = 1\n"


PORTED = """import tensorflow as tf


def head(b):
    if not b:
        return tf.keras.Sequential()
    return tf.keras.Sequential(tf.keras.layers.Dense(8), tf.keras.layers.Dense(b))


def swapped(x):
    return tf.reshape(x, [x.shape[1], x.shape[0]])
"""
HEAD = "    return tf.keras.Sequential([tf.keras.layers.Dense(8), tf.keras.layers.Dense(b)])\n"
SWAPPED = "    return tf.reshape(x, [x.shape[1], tf.shape(x)[0]])\n"


@pytest.mark.parametrize(
    ("words", "new", "code"),
    [
        (["--line", "6"], [], []),
        (["--line", "7"], [HEAD], ["SEQ001"]),
        (["--line", "4", "--scope", "function"], [HEAD], ["SEQ001"]),
        (["--scope", "file"], [HEAD, SWAPPED], ["SEQ001", "SHP002"]),
    ],
)
def test_a_finding_in_tensorflow_source_is_fixed(
    capsys: Capture, words: list[str], new: list[str], code: list[str]
) -> None:
    Path("ported.py").write_text(PORTED)
    assert main(["fix", "ported.py", *words, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [found["code"] for found in report["diagnostics"]] == code
    assert report["title"] == ("Fix " + ", ".join(code) if code else None)
    assert main(["fix", "ported.py", *words, "--apply"]) == 0
    lines = Path("ported.py").read_text().splitlines(keepends=True)
    assert [line for line in lines if line not in PORTED.splitlines(keepends=True)] == new


def test_a_comment_that_suppresses_nothing_is_taken_away() -> None:
    text = SOURCE.replace("import torch\n", "import torch  # transpile: ignore[API001]\n")
    Path("net.py").write_text(text)
    assert main(["fix", "net.py", "--line", "1", "--apply"]) == 0
    assert Path("net.py").read_text() == SOURCE


def test_a_comment_that_is_needed_stays() -> None:
    text = SOURCE.replace("torch.neg(x)", "torch.no_such(x)  # transpile: ignore[API001]")
    Path("net.py").write_text(text)
    assert main(["fix", "net.py", "--line", "5", "--apply"]) == 0
    assert Path("net.py").read_text() == text


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
