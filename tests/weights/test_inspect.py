"""transpile inspect: the table, its options, and refusals in one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from transpile.cli import main
from transpile.weights.inspecting.groups import Group, group_of
from transpile.weights.inspecting.statistics import count_not_finite, statistics

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_table(capsys: Capture) -> None:
    module = nn.Sequential(nn.Embedding(3, 2), nn.Linear(2, 3))
    module[1].weight = module[0].weight
    torch.save({"model": module.state_dict(), "epoch": 3}, "a.pth")
    assert main(["inspect", "a.pth"]) == 0
    assert capsys.readouterr().out == (
        "name            shape   dtype    size\n"
        "model.0.weight  (3, 2)  float32  24 B\n"
        "model.1.weight  (3, 2)  float32  24 B  = model.0.weight\n"
        "model.1.bias    (3,)    float32  12 B\n"
        "epoch = 3\n"
        "torch checkpoint: 3 weights (60 B), 1 of them shared\n"
    )


def test_statistics_values_and_names(capsys: Capture) -> None:
    np.savez("a.npz", **{"x.weight": np.array([1.0, 2.0, np.nan, np.inf]), "x.bias": np.zeros(2)})
    assert main(["inspect", "a.npz", "--stats", "--values", "--name", "*.weight"]) == 0
    out = capsys.readouterr().out
    assert "x.bias" not in out
    assert "x.weight  (4,)   float64  32 B  1    1.5   2    1 NaN, 1 infinite\n" in out
    assert "x.weight =\n[ 1.  2. nan inf]\n" in out
    assert main(["inspect", "a.npz", "--stats", "--format", "json"]) == 0
    first = json.loads(capsys.readouterr().out)["entries"][0]
    assert (first["name"], first["shape"], first["min"], first["nan"]) == ("x.weight", [4], 1.0, 1)


def test_what_num_batches_tracked_is(capsys: Capture) -> None:
    torch.save(nn.BatchNorm1d(2).state_dict(), "a.pth")
    assert main(["inspect", "a.pth"]) == 0
    assert "num_batches_tracked is how many batches" in capsys.readouterr().out


def test_refusals_are_one_line(capsys: Capture) -> None:
    torch.save(nn.Linear(2, 2), "whole.pth")
    Path("a.txt").write_text("no")
    for name in ("whole.pth", "a.txt", "missing.pth"):
        assert main(["inspect", name]) == 2
        captured = capsys.readouterr()
        assert captured.out == "" and captured.err.count("\n") == 1
        assert captured.err.startswith(f"transpile: error: {name}: ")
    assert main(["inspect", "whole.pth", "--allow-pickle"]) == 0


def test_a_folder_that_is_no_one_checkpoint_says_what_it_has(capsys: Capture) -> None:
    Path("models").mkdir()
    assert main(["inspect", "models"]) == 2
    assert capsys.readouterr().err == "transpile: error: models: is a folder, and no one checkpoint\n"
    for name in ("a", "b"):
        Path("models", f"{name}.safetensors.index.json").write_text('{"weight_map": {}}')
    assert main(["inspect", "models"]) == 2
    wanted = "it has a.safetensors.index.json, b.safetensors.index.json, of which to name one\n"
    assert capsys.readouterr().err.endswith(wanted)


def test_a_pattern_that_no_name_matches_is_said(capsys: Capture) -> None:
    np.savez("a.npz", **{"x.weight": np.zeros(2), "x.bias": np.zeros(2)})
    assert main(["inspect", "a.npz", "--name", "y.*"]) == 0
    assert "none of the 2 names matches y.*\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("optimizer.weight", Group.SLOT),
        ("optimizer.state.0.exp_avg", Group.SLOT),
        ("optimizer_states.0.state.0.exp_avg", Group.SLOT),
        ("optimizer/_momentums/0/.ATTRIBUTES/VARIABLE_VALUE", Group.SLOT),
        ("conv/kernel/.OPTIMIZER_SLOT/optimizer/m/.ATTRIBUTES/VARIABLE_VALUE", Group.SLOT),
        ("conv/kernel/Adam_1", Group.SLOT),
        ("beta1_power", Group.SLOT),
        ("optimizer/vars/3", Group.SLOT),
        ("save_counter/.ATTRIBUTES/VARIABLE_VALUE", Group.OTHER),
        ("conv/kernel", Group.WEIGHT),
        ("my_optimizer_net.weight", Group.WEIGHT),
        ("Adam/kernel", Group.WEIGHT),
    ],
)
def test_groups(name: str, group: Group) -> None:
    assert group_of(name) is group


def test_statistics_in_pieces() -> None:
    array = np.random.default_rng(0).normal(size=(3, 1 << 20)).astype(np.float32)
    for view in (array, array.T):
        found = statistics(view)
        assert (found.minimum, found.maximum) == (array.min(), array.max())
        assert found.mean == pytest.approx(array.mean(dtype=np.float64))
    array[2, 5] = np.nan
    assert count_not_finite(array) == 1
    assert count_not_finite(np.full(10, 3e38, np.float32)) == 0
    assert count_not_finite(np.array([np.inf], np.float16)) == 1
    assert statistics(np.zeros(0)).mean is None


def test_without_numpy_help_works_and_the_command_says_what_it_needs() -> None:
    code = (
        "import sys; sys.modules['numpy'] = None\n"
        "from transpile.cli import main\n"
        "assert main(['--help']) == 0\n"
        "assert main(['inspect', 'a.pth']) == 2 and main(['weights', 'a.pth', '-o', 'b.npz']) == 2\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("needs numpy, which is not installed: pip install") == 2
