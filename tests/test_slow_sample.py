"""The choice of slow tests in conftest.py, on a folder of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """\
import pytest
@pytest.mark.slow
@pytest.mark.parametrize("i", range(12))
def test_slow(i): pass
def test_quick(): pass
"""


def chosen(folder: Path, *arguments: str, seed: str = "2026-01-01") -> set[str]:
    shutil.copy(Path(__file__).with_name("conftest.py"), folder)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = slow: slow\n")
    (folder / "test_it.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", *arguments]
    environment = {**os.environ, "TRANSPILE_TEST_SEED": seed, "PYTEST_ADDOPTS": ""}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    assert f"seed {seed}" in done.stdout
    return set(re.findall(r"::(\S+) PASSED", done.stdout))


def test_the_sample_follows_the_seed(tmp_path: Path) -> None:
    first = chosen(tmp_path)
    assert "test_quick" in first and len(first) == 4
    assert chosen(tmp_path) == first
    assert chosen(tmp_path, seed="2026-01-02") != first


@pytest.mark.parametrize(
    ("arguments", "count"),
    [(["--slow=all"], 13), (["--slow=none"], 1), (["test_it.py::test_slow"], 12), (["-m", "slow"], 12)],
)
def test_whoever_asks_gets_them(tmp_path: Path, arguments: list[str], count: int) -> None:
    assert len(chosen(tmp_path, *arguments)) == count
