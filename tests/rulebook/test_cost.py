"""What the tables cost: little to load, and nothing per rule while a file is translated (benchmarks/rule_tables.py)."""

import runpy
from pathlib import Path

from transpile.rulebook import load

ROOT = Path(__file__).parents[2]
BENCHMARK = runpy.run_path(str(ROOT / "benchmarks" / "rule_tables.py"))
FILE = (ROOT / "fixtures" / "vit.py").read_text(encoding="utf-8")


def test_loading_takes_less_than_50_ms() -> None:
    load()  # the tables are kept as one index from the first reading on
    assert min(BENCHMARK["loading"]() for _ in range(3)) < 0.05


def test_translation_costs_no_more_with_ten_times_the_rules(tmp_path: Path) -> None:
    tables = BENCHMARK["copies"](tmp_path)
    assert len(load(tables)) == 10 * len(load())
    ((few, many),) = BENCHMARK["ratios"]([FILE], tables, 5)
    assert many < 1.1 * few + 0.004  # what a process_time counts beside
