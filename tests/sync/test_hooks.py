"""The hooks under the real pre-commit, in a real repository, at real commits."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("pre_commit")
ROOT = Path(__file__).parents[2]
Git = Callable[..., str]
LEFT = "import torch\n\n\ndef f(x):\n    return torch.no_such(x)\n"


NOTEBOOK = json.dumps(
    {
        "cells": [
            {"cell_type": "code", "source": LEFT, "metadata": {}, "outputs": [], "execution_count": None}
        ],
        "metadata": {}, "nbformat": 4, "nbformat_minor": 4,
    }
)  # fmt: skip


def pre_commit(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pre_commit", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def hooks_repository(folder: Path, files: list[str]) -> str:
    """A repository with the hooks as a user names it; its revision."""
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, folder / name)
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "hooks"]):
        subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)
    done = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def hooked(project: Path, git: Git, tmp_path: Path) -> Path:
    """The project with both hooks installed; they run this checkout, so that nothing is downloaded."""
    folder = tmp_path / "hooks"
    folder.mkdir()
    revision = hooks_repository(folder, [".pre-commit-hooks.yaml"])
    Path(".pre-commit-config.yaml").write_text(
        f"repos:\n- repo: {folder}\n  rev: {revision}\n  hooks:\n"
        "  - {id: transpile-check, language: unsupported, args: [--fail-on, warning]}\n"
        "  - {id: transpile-sync, language: unsupported}\n"
    )
    done = pre_commit("install")
    assert done.returncode == 0, done.stdout + done.stderr
    return project


def test_a_commit_waits_for_the_twin_and_then_goes_through(hooked: Path, git: Git) -> None:
    git("add", ".")
    refused = subprocess.run(["git", "commit", "-qm", "first"], capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "tf/common.py: written from models/common.py" in refused.stderr
    git("add", ".")
    git("commit", "-qm", "first")
    assert "tf/common.py" in git("ls-files")


def test_an_edit_by_hand_survives_the_hook(hooked: Path, git: Git) -> None:
    git("add", ".")
    pre_commit("run")
    git("add", ".")
    git("commit", "-qm", "first")
    twin, source = Path("tf/common.py"), Path("models/common.py")
    twin.write_text(twin.read_text().replace("A block.", "By hand."))
    git("commit", "-qam", "by hand")
    source.write_text(source.read_text().replace("torch.sum(x)", "torch.mean(x)"))
    git("add", ".")
    done = pre_commit("run")
    assert done.returncode == 1 and "with what was changed in it by hand" in done.stdout
    assert "By hand." in twin.read_text() and "reduce_mean(x)" in twin.read_text()
    git("add", ".")
    assert pre_commit("run").returncode == 0


def test_the_check_speaks_of_changed_files_alone(hooked: Path, git: Git) -> None:
    git("add", ".")
    pre_commit("run")
    Path("old.py").write_text(LEFT)
    git("add", ".")
    git("commit", "-qm", "first", "--no-verify")
    Path("new.py").write_text(LEFT)
    git("add", ".")
    done = pre_commit("run", "transpile-check")
    assert done.returncode == 1 and "new.py:5:12: API001" in done.stdout and "old.py" not in done.stdout
    Path("new.py").write_text("x = 1\n")
    git("add", ".")
    assert pre_commit("run", "transpile-check").returncode == 0
    Path("new.ipynb").write_text(NOTEBOOK)
    git("add", ".")
    assert "new.ipynb:cell 1:5:12: API001" in pre_commit("run", "transpile-check").stdout


@pytest.mark.slow
def test_the_hook_installs_itself(project: Path, git: Git, tmp_path: Path) -> None:
    """As a user has it: pre-commit clones this project, and installs it with its dependencies."""
    folder = tmp_path / "hooks"
    folder.mkdir()
    files = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    )
    revision = hooks_repository(
        folder, [name for name in files.stdout.split("\n") if name and (ROOT / name).is_file()]
    )
    Path(".pre-commit-config.yaml").write_text(
        f"repos:\n- repo: {folder}\n  rev: v0.1.0\n  hooks:\n  - id: transpile-check\n"
    )
    done = pre_commit("autoupdate", "--bleeding-edge")
    assert f"rev: {revision}" in Path(".pre-commit-config.yaml").read_text(), done.stdout + done.stderr
    Path("new.py").write_text(LEFT)
    git("add", ".")
    done = pre_commit("run", "--verbose")
    if "No matching distribution" in done.stdout or "Failed to establish" in done.stdout:
        pytest.skip("no package index here")
    assert "new.py:5:12: API001" in done.stdout, done.stdout + done.stderr
