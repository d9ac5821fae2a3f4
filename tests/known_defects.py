"""What is known to be wrong in the translation: the reason, and the tests that show it.

The tests of translate/, rewrite/ and infer/ that stand here are expected to fail; one that passes turns the run
red until its line is taken out. A name is `folder/file.py::test` or `folder/file.py::test[id]`, without tests/.
"""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent

DEFECTS: dict[str, list[str]] = {}

REASONS = {test: reason for reason, tests in DEFECTS.items() for test in tests}


def name(item: pytest.Item) -> str:
    """folder/file.py::test[id]"""
    return f"{item.path.parent.name}/{item.path.name}::{item.name}"


def mark(items: list[pytest.Item], folder: str) -> None:
    """Mark the tests of one folder that show a known defect."""
    for item in items:
        reason = REASONS.get(name(item)) if item.path.parent == HERE / folder else None
        if reason is not None:
            item.add_marker(pytest.mark.xfail(strict=True, reason=reason))


def is_known(test: str) -> bool:
    """Whether a test stands in the table."""
    return test in REASONS
