"""What the tables cost: little to load, and nothing per rule while a file is translated."""

import subprocess
import sys
import time
from pathlib import Path

from transpile import translate
from transpile.rulebook import load
from transpile.rulebook.store import packaged_tables

ROOT = Path(__file__).parents[2]
LOADING = """
import time
from transpile.rulebook import load
start = time.process_time()
load()
print(time.process_time() - start)
"""
FILE = (ROOT / "fixtures" / "vit.py").read_text(encoding="utf-8")


def test_loading_takes_less_than_50_ms() -> None:
    load()  # the tables are kept as one index from the first reading on
    run = [sys.executable, "-c", LOADING]
    taken = [float(subprocess.run(run, cwd=ROOT, capture_output=True, check=True).stdout) for _ in range(3)]
    assert min(taken) < 0.05


def test_translation_costs_no_more_with_ten_times_the_rules(tmp_path: Path) -> None:
    tables = []
    for number in range(9):
        for table in packaged_tables():
            text = table.read_text(encoding="utf-8").replace("id: TR", f"id: T{'ABCDEFGHI'[number]}")
            copy = tmp_path / f"{table.stem}{number}.yaml"
            copy.write_text(renamed(text, number), encoding="utf-8")
            tables.append(copy)
    assert len(load(tables)) == 10 * len(load())

    def taken(rules: list[Path]) -> float:
        start = time.process_time()
        translate(FILE, rules=rules)
        return time.process_time() - start

    taken(tables), taken([])
    pairs = [(taken([]), taken(tables)) for _ in range(5)]
    assert min(many for _, many in pairs) < 1.1 * min(few for few, _ in pairs) + 0.02


def renamed(text: str, number: int) -> str:
    """A table whose functions and methods have names of their own."""
    lines = []
    for line in text.splitlines():
        if line.startswith("  torch: "):
            line = f"{line}_{number}"
        elif line.startswith("  method: "):
            line = f"{line}_{number}_"
        elif line.startswith("  aliases: ["):
            line = line.replace(",", f"_{number},").replace("]", f"_{number}]")
        lines.append(line)
    return "\n".join(lines) + "\n"
