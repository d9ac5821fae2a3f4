"""CPU time and memory of a package that holds the same files once, twice and four times, under different names.

    python benchmarks/linear_cost.py [PACKAGE] [--times N ...] [--jobs N]

Each copy is a subpackage of its own whose imports of itself follow it. One process after the other, the children's
time and memory counted. Without PACKAGE: the fixtures. The goal is twice the time for twice the files, within 15 %.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
MEASURED = """
import json, resource, sys
from pathlib import Path
from transpile.project.job import Options
from transpile.project.plan import plan
from transpile.project.run import write_unit
source, out, jobs = sys.argv[1:]
files = [r for unit in plan([Path(source)], Path(out)) for r in write_unit(unit, Options(), jobs=int(jobs))]
own, children = (resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
print(json.dumps({
    "files": len(files),
    "seconds": own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime,
    "parent": own.ru_utime + own.ru_stime,
    "memory": max(own.ru_maxrss, children.ru_maxrss) / 1024,
}))
"""


def copied(package: Path, to: Path, times: int) -> int:
    """Write a package of so many copies; the number of its lines."""
    lines = 0
    to.mkdir()
    (to / "__init__.py").write_text("")
    own = re.compile(rf"\b(from|import)(\s+){re.escape(package.name)}\b")
    for copy in range(times):
        name = f"copy{copy}"
        for file in sorted(package.rglob("*.py")):
            target = to / name / file.relative_to(package)
            target.parent.mkdir(parents=True, exist_ok=True)
            text = own.sub(rf"\1\2{to.name}.{name}", file.read_text(encoding="utf-8", errors="replace"))
            target.write_text(text, encoding="utf-8")
            lines += text.count("\n")
        (to / name / "__init__.py").touch()
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("package", type=Path, nargs="?", default=ROOT / "fixtures")
    parser.add_argument("--times", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    print(f"{'copies':>6} {'files':>6} {'lines':>7} {'CPU s':>7} {'times the one before':>21} {'peak MB':>8}")
    before: tuple[int, float] | None = None
    for times in arguments.times:
        with tempfile.TemporaryDirectory() as folder:
            package = Path(folder, "many")
            lines = copied(arguments.package.resolve(), package, times)
            command = [
                sys.executable,
                "-c",
                MEASURED,
                str(package),
                str(Path(folder, "out")),
                str(arguments.jobs),
            ]
            done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        found = json.loads(done.stdout)
        ratio = f"{found['seconds'] / before[1]:.2f} for {times / before[0]:g}" if before else ""
        print(
            f"{times:6} {found['files']:6} {lines:7} {found['seconds']:7.2f} {ratio:>21} {found['memory']:8.0f}",
            flush=True,
        )
        before = times, found["seconds"]


if __name__ == "__main__":
    main()
