"""CPU time of a translation, without black, as a multiple of `cst.parse_module(source)` and its `.code`.

    python benchmarks/translate_cost.py [FILE...] [--repeat N]

All three in one process, taking turns; the least of all repetitions of each. Without files: the fixtures.
The goal is at most 3.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Callable
from pathlib import Path

import black
import libcst

from transpile.translate import translate

FIXTURES = Path(__file__).parents[1] / "fixtures"


class BlackClock:
    """Counts the CPU seconds that are spent inside black's entry points."""

    def __init__(self) -> None:
        self.seconds = 0.0
        for name in ("format_str", "format_file_contents"):
            setattr(black, name, self.timed(getattr(black, name)))

    def timed(self, function: Callable[..., str]) -> Callable[..., str]:
        def run(*args: object, **kwargs: object) -> str:
            began = time.process_time()
            try:
                return function(*args, **kwargs)
            finally:
                self.seconds += time.process_time() - began

        return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="*", type=Path, default=sorted(FIXTURES.glob("*.py")))
    parser.add_argument("--repeat", type=int, default=7)
    arguments = parser.parse_args()
    clock = BlackClock()
    print(f"{'lines':>6} {'parse+code ms':>14} {'translate ms':>13} {'black ms':>9} {'ratio':>6}  file")
    for file in arguments.files:
        source = file.read_text(encoding="utf-8")
        translate(source, filename=file.name)
        base = cost = formatting = float("inf")
        for _ in range(arguments.repeat):
            gc.collect()
            began = time.process_time()
            code = libcst.parse_module(source).code
            base = min(base, time.process_time() - began)
            assert code == source
            gc.collect()
            clock.seconds, began = 0.0, time.process_time()
            translate(source, filename=file.name)
            spent = time.process_time() - began
            cost = min(cost, spent - clock.seconds)
            formatting = min(formatting, clock.seconds)
        lines = source.count("\n")
        row = f"{lines:6} {base * 1e3:14.1f} {cost * 1e3:13.1f} {formatting * 1e3:9.1f} {cost / base:6.2f}"
        print(f"{row}  {file.name}")


if __name__ == "__main__":
    main()
