"""--watch and completion, as a terminal and a shell have them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CALL = [sys.executable, "-m", "transpile.cli"]


def until(condition: object, seconds: float = 30) -> bool:
    assert callable(condition)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.1)
    return False


def test_a_change_is_translated(tmp_path: Path) -> None:
    source, out = tmp_path / "net.py", tmp_path / "out.py"
    source.write_text("import torch\n\n\ndef f(x: torch.Tensor):\n    return torch.abs(x)\n")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [*CALL, "net.py", "-o", "out.py", "--watch"], cwd=tmp_path, env=environment, text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        assert process.stderr.readline() == "watching; Ctrl-C ends it\n"
        assert "tf.abs(x)" in out.read_text()
        time.sleep(0.5)
        source.write_text("import torch\n\n\ndef f(x: torch.Tensor):\n    return torch.neg(x)\n")
        assert until(lambda: "tf.negative(x)" in out.read_text())
        source.write_text("import torch\ndef f(:\n")  # what cannot be read is said, and the waiting goes on
        assert until(lambda: "net.py:2:" in process.stderr.readline())  # type: ignore[union-attr]
        source.write_text("import torch\n\n\ndef f(x: torch.Tensor):\n    return torch.abs(x)\n")
        assert until(lambda: "tf.abs(x)" in out.read_text())
    finally:
        process.kill()
        process.wait()


def completions(words: list[str]) -> list[str]:
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "_TRANSPILE_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["transpile", *words]), "COMP_CWORD": str(len(words)),
    }  # fmt: skip
    done = subprocess.run(CALL, env=environment, capture_output=True, text=True, check=False)
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["ch"], {"check"}),
        (["--da"], {"--data-format"}),
        (["--data-format", ""], {"channels_last", "channels_first"}),
        (["check", "--fail"], {"--fail-on"}),
        (["check", "--fail-on", "w"], {"warning"}),
    ],
)
def test_a_shell_completes(words: list[str], expected: set[str]) -> None:
    assert expected <= set(completions(words))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_asks_this_command(shell: str) -> None:
    done = subprocess.run(
        [*CALL, "completion", shell],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0 and "_TRANSPILE_COMPLETE" in done.stdout
