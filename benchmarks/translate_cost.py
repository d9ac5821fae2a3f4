"""CPU time of a translation, without black, as a multiple of `cst.parse_module(source)` and its `.code`.

    python benchmarks/translate_cost.py [FILE...] [--repeat N]

Both in one process, taking turns; the least of all repetitions of each. Without files: the fixtures.
The goal is at most 3.
"""

from __future__ import annotations

import argparse
import gc
import time
from pathlib import Path

import libcst

from transpile.translate import translate

FIXTURES = Path(__file__).parents[1] / "fixtures"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="*", type=Path, default=sorted(FIXTURES.glob("*.py")))
    parser.add_argument("--repeat", type=int, default=7)
    arguments = parser.parse_args()
    print(f"{'lines':>6} {'parse+code ms':>14} {'translate ms':>13} {'ratio':>6}  file")
    for file in arguments.files:
        source = file.read_text(encoding="utf-8")
        translate(source, filename=file.name, format_code=False)  # the tables and the modules are loaded
        base = cost = float("inf")
        for _ in range(arguments.repeat):
            gc.collect()
            began = time.process_time()
            code = libcst.parse_module(source).code
            base = min(base, time.process_time() - began)
            assert code == source
            gc.collect()
            began = time.process_time()
            translate(source, filename=file.name, format_code=False)
            cost = min(cost, time.process_time() - began)
        lines = source.count("\n")
        print(f"{lines:6} {base * 1e3:14.1f} {cost * 1e3:13.1f} {cost / base:6.2f}  {file.name}")


if __name__ == "__main__":
    main()
