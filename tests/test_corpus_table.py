"""The table of a scored corpus: what counts as a score, and as a transpose of a graph."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
STUBS = """
import sys
import types


def prepare(package, library):
    print("prepared", package)
    sys.modules[f"{package}_needs"] = types.ModuleType("needed")
"""
NETS = """
import keras
import pack_needs
import tensorflow as tf

try:
    import torch
except ImportError:
    torch = None


class Net(keras.Model):
    def __init__(self, kind):
        super().__init__()
        assert torch is None
        self.kind = kind

    def call(self, x, times=None):
        print("called")
        if self.kind == "moved":  # of one value, or by another operation: no transpose
            assert x.shape[-1] == 3
            return tf.reshape(x, [-1, 3]) * tf.cast(tf.linalg.adjoint([[1.0 + 1j]]), tf.float32)
        if self.kind == "loop":
            assert x.shape[1] == 3
            return tf.while_loop(lambda i, y: i < times, lambda i, y: (i + 1, tf.transpose(y)), (0, x[0, 0]))
        if self.kind == "sized" and x.shape[2] > 2:  # no size, no comparison
            return tf.transpose(tf.transpose(x))
        if self.kind == "leaves":
            raise SystemExit(2)
        return x
"""


def corpus(folder: Path, models: list[tuple[str, dict[str, Any]]]) -> Path:
    """Write a corpus of one package; a manifest with the factories, and a score with the rows that say a verdict."""
    for name in ("lib/pack", "out-channels_last/pack", "refs", "scores"):
        (folder / name).mkdir(parents=True)
    (folder / "lib" / "pack" / "__init__.py").write_text("import torch\n\nA = torch.relu\n")
    (folder / "lib" / "pack" / "notes.txt").write_text("no\nline\nof\nsource\n")
    (folder / "out-channels_last" / "pack" / "__init__.py").write_text(NETS)
    (folder / "stubs.py").write_text(STUBS)
    manifest, rows = [], []
    for index, (factory, row) in enumerate(models):
        own = {"index": index, "package": "pack", "factory": factory}
        manifest.append({**own, "imports": ["from pack import *"]})
        rows += [{**own, "factory": factory[:4], **row}] if row else []
    (folder / "models.json").write_text(json.dumps(manifest))
    (folder / "scores" / "pack.channels_last.json").write_text(json.dumps(rows))
    return folder


def table(folder: Path, *options: str) -> tuple[list[list[str]], str]:
    """The cells of what is printed, without the heads, and what is said beside it."""
    command = [sys.executable, str(ROOT / "benchmarks" / "corpus_table.py"), str(folder)]
    done = subprocess.run(
        [*command, "--manifest", str(folder / "models.json"), *options],
        capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    lines = [line.strip("| ").split(" | ") for line in done.stdout.splitlines() if line]
    heads = [at - 1 for at, cells in enumerate(lines) if set("".join(cells)) <= set("-:")]
    return [cells for at, cells in enumerate(lines) if at not in heads and at - 1 not in heads], done.stderr


def test_only_scores_of_the_manifest_and_the_format_count(tmp_path: Path) -> None:
    models: list[tuple[str, dict[str, Any]]] = [
        ("Net('a')", {"verdict": "equal", "graph": "open"}),
        ("Net('b' | 1)", {"verdict": "equal", "graph": "batch"}),
        ("Net('c')", {"verdict": "equal", "graph": "differs"}),
        ("Net('d')", {"verdict": "equal", "graph": "not tried"}),
        ("Net('e')", {"verdict": "differs", "graph": "open"}),  # a graph of what is not equal says nothing
        ("Net('f')", {"verdict": "failed"}),
        ("Net('g')", {"verdict": "no_reference"}),
        ("Net('h')", {}),
    ]
    folder = corpus(tmp_path, models)
    scores = folder / "scores"
    (scores / "pack.channels_first.json").write_text('[{"index": 7, "package": "pack", "verdict": "equal"}]')
    (scores / "pack.channels_last.diagnostics.json").write_text('{"files": []}')
    (scores / "half.channels_last.json").write_text('[{"index": 7, "package": "pack", "verd')
    (scores / "other.channels_last.json").write_text('[{"index": 7, "package": "other", "verdict": "equal"}]')
    rows, said = table(folder)
    assert rows == [[name, "8", "4", "1", "1", "1", "1", "1/1", "3"] for name in ("pack", "all")]
    assert said.splitlines() == [
        "half.channels_last.json: is no list of scores",
        "other: the manifest has no model 7",
    ]


def test_the_last_folder_that_has_a_model_counts(tmp_path: Path) -> None:
    folder = corpus(tmp_path, [("Net('a')", {"verdict": "equal"}), ("Net('b|c')", {"verdict": "failed"})])
    later = folder / "later"
    later.mkdir()
    (later / "pack.channels_last.json").write_text('[{"index": 1, "package": "pack", "verdict": "equal"}]')
    rows, _ = table(folder, "--models", "--scores", str(folder / "scores"), str(later))
    assert rows == [  # no graph was measured
        *([name, "2", "2", "0", "0", "0", "0", "–", "3"] for name in ("pack", "all")),
        ["0", "pack", "Net('a')", "equal", "–"],
        ["1", "pack", "Net('b\\|c')", "equal", "–"],
    ]
    rows, _ = table(folder, "--scores", str(later), str(folder / "scores"))
    assert rows[0][2:5] == ["1", "0", "1"]
    assert table(folder, "--packages", "other")[0] == [["all", *["0"] * 6, "–", "0"]]


@pytest.mark.slow
def test_transposes_are_those_of_the_graphs_of_equal_models(tmp_path: Path) -> None:
    models = [
        ("Net('moved')", {"verdict": "equal", "graph": "open", "layout": "(4, 5)"}),
        ("Net('loop')", {"verdict": "equal", "graph": "open", "layout": "()"}),
        ("Net('sized')", {"verdict": "equal", "graph": "failed"}),
        ("Net('sized')", {"verdict": "equal", "graph": "batch"}),
        ("Net('sized')", {"verdict": "differs"}),
        ("Net('leaves')", {"verdict": "equal"}),
        ("Net('sized')", {"verdict": "equal"}),  # without a reference
    ]
    folder = corpus(tmp_path, models)
    for index in range(len(models) - 1):
        data = {"args": (np.ones((1, 3, 4, 4), np.float32),), "kwargs": {"times": 2} if index == 1 else {}}
        (folder / "refs" / f"{index}.pkl").write_bytes(pickle.dumps(data))
    rows, _ = table(folder, "--transposes", "--speed", "--models")
    assert [row[8:-1] for row in rows[:2]] == [["1 × 0, 1 × 1, 2 × 2, 2 untraced", "3"]] * 2
    assert all(float(row[-1]) > 0 for row in rows[:2])
    assert [row[-1] for row in rows[2:5]] == ["0", "1", "2"]
    assert rows[6][3:] == ["differs", "–", "–"]
    assert "SystemExit" in rows[7][-1] and "FileNotFoundError" in rows[8][-1]
    rows, _ = table(folder, "--transposes", "open", "--models")
    assert rows[0][8] == "1 × 0, 1 × 1, 1 × 2, 3 untraced" and "TypeError" in rows[4][-1]
