"""CPU of the hooks on a repository of 300 Python files, as `python -c "import libcst"` and in seconds.

    python benchmarks/hook.py [--files N] [--repeat N]

Three files that import torch have changed, or three that do not: plain ones, ones that name torch in their prose,
twins. The least of all repetitions, the commands taking turns. The goals: 1.5 s for the first, and twice the
interpreter with libcst for the others.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from startup import THIRTY_LINES, cpu_seconds

PLAIN = '"""Nothing of what the others do."""\n\nimport os\n\n\ndef here():\n    return os.getcwd()\n'
NAMES_TORCH = PLAIN.replace("what the others do", "torch")


def repository(folder: Path, files: int) -> None:
    """A package of so many files: one that imports torch, with a pair, one that does not, one that only names it."""
    package = folder / "package"
    package.mkdir()
    pairs = []
    for number in range(files):
        text = (THIRTY_LINES, PLAIN, NAMES_TORCH)[number % 3]
        (package / f"file_{number}.py").write_text(text)
        if text == THIRTY_LINES:
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
        names = [f"package/file_{number}.py" for number in (2, 5, 8)]
        twins = [f"tf/file_{number}.py" for number in (0, 3, 6)]
        commands = {
            "import libcst": [sys.executable, "-c", "import libcst"],
            "check, 3 of torch": [*call, "check", *torch],
            "check, 3 without": [*call, "check", *plain],
            "check, 3 that name it": [*call, "check", *names],
            "check, 3 twins": [*call, "check", *twins],
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
        print(f"{title:21} {seconds:.3f} s CPU, {seconds / least['import libcst']:.2f} of import libcst")


if __name__ == "__main__":
    main()
