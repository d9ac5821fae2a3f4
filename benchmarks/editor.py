"""What a keystroke costs the language server: findings for a file of 1,000 lines, after one line has changed.

    python benchmarks/editor.py [FILE] [--repeat N]

CPU milliseconds in one process: the first look, the look after a change (the median and the most of all repetitions),
and the full look when nobody types. Without a file: fixtures, one after the other, up to 1,000 lines. The goal is
100 ms for a change.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

from transpile.editor.analysis import Analysis
from transpile.editor.source import Settings

FIXTURES = Path(__file__).parents[1] / "fixtures"


def thousand_lines() -> str:
    """Fixtures in a row: definitions of one name replace each other, as they may in Python."""
    text = ""
    for file in sorted(FIXTURES.glob("*.py")):
        if text.count("\n") < 1000:
            text += file.read_text(encoding="utf-8")
    return text


def milliseconds(work: object, *arguments: object) -> float:
    assert callable(work)
    began = time.process_time()
    work(*arguments)
    return 1e3 * (time.process_time() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--repeat", type=int, default=15)
    arguments = parser.parse_args()
    text = thousand_lines() if arguments.file is None else arguments.file.read_text(encoding="utf-8")
    lines = text.split("\n")
    places = [at for at, line in enumerate(lines) if line.startswith("        ") and line.endswith(")")]
    analysis = Analysis(Settings("file.py"))
    print(f"{len(lines)} lines, {len(places)} places")
    print(f"first look        {milliseconds(analysis.update, text):6.0f} ms")
    changes, full = [], []
    for number in range(arguments.repeat):
        lines[places[number * len(places) // arguments.repeat]] += f"  # {number}"
        changes.append(milliseconds(analysis.update, "\n".join(lines)))
        full.append(milliseconds(analysis.settle))
    print(f"after a change    {statistics.median(changes):6.0f} ms, at most {max(changes):.0f} ms")
    print(f"when nobody types {statistics.median(full):6.0f} ms, at most {max(full):.0f} ms")


if __name__ == "__main__":
    main()
