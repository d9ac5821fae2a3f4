"""Time of a package's translation by one process and by two, start to finish.

    python benchmarks/two_processes.py PACKAGE [PACKAGE...] [--repeat N]

The command as it is called, taking turns; the least of all repetitions of each. Nothing else may run beside it: both
take what the machine has. The goal is 1.6 times for packages of 20,000 lines and more.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]


def seconds(package: Path, jobs: int) -> float:
    """How long the command takes."""
    with tempfile.TemporaryDirectory() as folder:
        # under the same name: renaming what a package imports of itself is no part of this
        command = [sys.executable, "-m", "transpile", str(package), "-o", str(Path(folder, package.name))]
        began = time.perf_counter()
        done = subprocess.run([*command, "--jobs", str(jobs)], cwd=ROOT, check=False, capture_output=True)
        taken = time.perf_counter() - began
    if done.returncode > 1:
        sys.exit(done.stderr.decode())
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("packages", type=Path, nargs="+")
    parser.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()
    print(f"{'lines':>7} {'one s':>7} {'two s':>7} {'times':>6}  package")
    for package in (given.resolve() for given in arguments.packages):
        files = package.rglob("*.py")
        lines = sum(file.read_text(encoding="utf-8", errors="replace").count("\n") for file in files)
        best = {1: float("inf"), 2: float("inf")}
        for _ in range(arguments.repeat):
            for jobs in best:
                best[jobs] = min(best[jobs], seconds(package, jobs))
        print(f"{lines:7} {best[1]:7.2f} {best[2]:7.2f} {best[1] / best[2]:6.2f}  {package.name}", flush=True)


if __name__ == "__main__":
    main()
