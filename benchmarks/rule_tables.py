"""What the rule tables cost: CPU time to load them, and to translate a file with ten times as many rules.

    python benchmarks/rule_tables.py [FILE...] [--repeat N]

Loading is measured in processes of their own, with the index that the first reading leaves behind, and without it.
The goals: less than 50 ms to load, at most 1.1 times as long to translate.
"""

from __future__ import annotations

import argparse
import gc
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from transpile import translate
from transpile.rulebook import load
from transpile.rulebook.store import packaged_tables

ROOT = Path(__file__).resolve().parents[1]
FIXTURES = ROOT / "fixtures"
COPIES = 9
LOADING = """
import time
from transpile.rulebook import load
start = time.process_time()
load()
print(time.process_time() - start)
"""


def renamed(text: str, number: int) -> str:
    """A table whose functions and methods have names of their own."""
    lines = []
    for line in text.splitlines():
        if line.startswith("  torch: "):
            line = f"{line}_{number}"
        elif line.startswith("  method: "):
            line = f"{line}_{number}_"
        elif line.startswith(("  aliases: [", "  lookalikes: [")):
            line = line.replace(",", f"_{number},").replace("]", f"_{number}]")
        lines.append(line)
    return "\n".join(lines) + "\n"


def copies(folder: Path) -> list[Path]:
    """The packaged tables nine times over, under other names: with the packaged ones, ten times as many rules."""
    tables = []
    for number in range(COPIES):
        for table in packaged_tables():
            text = table.read_text(encoding="utf-8").replace("id: TR", f"id: T{'ABCDEFGHI'[number]}")
            copy = folder / f"{table.stem}{number}.yaml"
            copy.write_text(renamed(text, number), encoding="utf-8")
            tables.append(copy)
    return tables


def loading(cache: str | None = None) -> float:
    """Seconds of CPU that one process needs to load the tables; `cache` is a cache folder of its own."""
    environment = {**os.environ, **({} if cache is None else {"XDG_CACHE_HOME": cache})}
    run = [sys.executable, "-c", LOADING]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, check=True, env=environment)
    return float(done.stdout)


def translating(source: str, rules: list[Path]) -> float:
    """Seconds of CPU that a translation takes."""
    gc.collect()
    start = time.process_time()
    translate(source, rules=rules)
    return time.process_time() - start


def ratios(sources: list[str], tables: list[Path], repeat: int) -> list[tuple[float, float]]:
    """(seconds with the packaged rules, seconds with all), the least of the repetitions, which take turns."""
    found = []
    for source in sources:
        translating(source, tables), translating(source, [])
        pairs = [(translating(source, []), translating(source, tables)) for _ in range(repeat)]
        found.append((min(few for few, _ in pairs), min(many for _, many in pairs)))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="*", type=Path, default=sorted(FIXTURES.glob("*.py")))
    parser.add_argument("--repeat", type=int, default=5)
    arguments = parser.parse_args()
    load()  # leaves its index behind
    with tempfile.TemporaryDirectory() as folder:
        tables = copies(Path(folder))
        print(f"rules: {len(load())}, with the copies: {len(load(tables))}")
        print(f"loading: {min(loading() for _ in range(5)) * 1e3:.1f} ms of CPU")
        with tempfile.TemporaryDirectory() as cache:
            print(f"the first reading of the YAML, once per machine: {loading(cache) * 1e3:.0f} ms of CPU")
        found = ratios([f.read_text(encoding="utf-8") for f in arguments.files], tables, arguments.repeat)
    print(f"{'ms':>8} {'10x ms':>8} {'ratio':>6}  file")
    for file, (few, many) in zip(arguments.files, found, strict=True):
        print(f"{few * 1e3:8.1f} {many * 1e3:8.1f} {many / few:6.3f}  {file.name}")
    total = sum(many for _, many in found) / sum(few for few, _ in found)
    print(f"all files: {total:.3f} times as long with ten times the rules")


if __name__ == "__main__":
    main()
