"""CPU of the hooks on a repository of 300 Python files, as `python -c "import libcst"` and in seconds.

    python benchmarks/hook.py [--files N] [--repeat N]

Three files that import torch have changed, or three that do not; the least of all repetitions, the commands taking
turns. The goals: 1.5 s for the first, and twice the interpreter with libcst for the second.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from startup import THIRTY_LINES, cpu_seconds

PLAIN = '"""Nothing of torch."""\n\nimport os\n\n\ndef here():\n    return os.getcwd()\n'


def repository(folder: Path, files: int) -> None:
    """A package of so many files, a third of them torch's, and a pair for each of these."""
    package = folder / "package"
    package.mkdir()
    pairs = []
    for number in range(files):
        is_torch = number % 3 == 0
        (package / f"file_{number}.py").write_text(THIRTY_LINES if is_torch else PLAIN)
        if is_torch:
            pairs.append(f'"package/file_{number}.py" = "tf/file_{number}.py"\n')
    (folder / "pyproject.toml").write_text("[tool.transpile.pairs]\n" + "".join(pairs))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--repeat", type=int, default=7)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "repository")
        folder.mkdir()
        repository(folder, arguments.files)
        environment = {
            **os.environ,
            "PYTHONPYCACHEPREFIX": str(Path(name, "byte code")),
            "XDG_CACHE_HOME": name,
        }
        environment["PYTHONPATH"] = str(Path(__file__).resolve().parents[1])
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        os.chdir(folder)
        call = [sys.executable, "-m", "transpile.cli"]
        cpu_seconds([*call, "sync"], environment, check=False)
        torch = [f"package/file_{number}.py" for number in (0, 3, 6)]
        plain = [f"package/file_{number}.py" for number in (1, 4, 7)]
        commands = {
            "import libcst": [sys.executable, "-c", "import libcst"],
            "check, 3 of torch": [*call, "check", *torch],
            "check, 3 without": [*call, "check", *plain],
            "sync, 3 stale": [*call, "sync", *torch],
            "sync, none stale": [*call, "sync", *plain],
        }
        least = dict.fromkeys(commands, float("inf"))
        for repetition in range(arguments.repeat + 1):
            for title, command in commands.items():
                if "stale" in title:
                    for path in torch:  # a change that no translation looks at
                        Path(path).write_text(f"{THIRTY_LINES}# {repetition}\n")
                seconds = cpu_seconds(command, environment, check=False)
                if repetition:  # the first fills the caches of byte code and rules
                    least[title] = min(least[title], seconds)
    for title, seconds in least.items():
        print(f"{title:18} {seconds:.3f} s CPU, {seconds / least['import libcst']:.2f} of import libcst")


if __name__ == "__main__":
    main()
