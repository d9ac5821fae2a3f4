"""docs/inference.md names files and functions: they exist."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "inference.md").read_text(encoding="utf-8")
FILES = sorted(set(re.findall(r"`((?:[\w]+/)*\w+\.py)`", TEXT)))


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_the_page_names_exists(name: str) -> None:
    assert (ROOT / "transpile" / "infer" / name).exists() or (ROOT / "transpile" / name).exists()


@pytest.mark.parametrize("name", ["want", "ask", "decide", "var"])
def test_a_method_of_run_that_the_page_names_exists(name: str) -> None:
    run = importlib.import_module("transpile.infer.run").Run
    assert re.search(rf"`[Rr]un\.{name}\b", TEXT) and hasattr(run, name)


@pytest.mark.parametrize("code", sorted(set(re.findall(r"\b(?:LAY|INF|SHP|STA)\d{3}\b", TEXT))))
def test_a_code_that_the_page_names_is_described(code: str) -> None:
    from transpile.report.codes import load

    assert code in load()
