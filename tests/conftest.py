"""What every test shares: quiet frameworks, and the choice of slow tests.

Slow tests (`@pytest.mark.slow`) take seconds to minutes. `--slow=sample`, the default, runs a few of them, drawn
by a seed that changes by the day and stands in the header, so that all of them come up in time and a failure
can be repeated: `TRANSPILE_TEST_SEED=2026-01-31 pytest`. `--slow=all` and `--slow=none` do what they say. A test
that is named on the command line (`file.py::test`) always runs.
"""

from __future__ import annotations

import datetime
import os
import random

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("TRANSPILE_RAISE", "1")  # a defect fails the test that shows it

SEED = "TRANSPILE_TEST_SEED"
SAMPLE = 3


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--slow", choices=["sample", "all", "none"], default="sample", help="which slow tests run"
    )


def pytest_configure(config: pytest.Config) -> None:
    os.environ.setdefault(SEED, datetime.date.today().isoformat())  # by environment: workers draw the same


def pytest_report_header(config: pytest.Config) -> str:
    return f"slow tests: {config.getoption('--slow')}, seed {os.environ[SEED]} ({SEED})"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    choice = config.getoption("--slow")
    if choice == "all" or config.getoption("-m") or any("::" in argument for argument in config.args):
        return
    slow = sorted((item for item in items if item.get_closest_marker("slow")), key=lambda item: item.nodeid)
    count = min(SAMPLE, len(slow)) if choice == "sample" else 0
    drawn = {item.nodeid for item in random.Random(os.environ[SEED]).sample(slow, count)}
    left_out = {item.nodeid for item in slow} - drawn
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid in left_out])
    items[:] = [item for item in items if item.nodeid not in left_out]


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """`transpile.translate` replaced by tests/stand_in.py: what surrounds the translation is tested alone."""
    import sys

    import stand_in

    monkeypatch.setitem(sys.modules, "transpile.translate", stand_in)
