"""Start to finish of the command, and of its quick fix, on a file of thirty lines, as multiples of `import libcst`.

    python benchmarks/startup.py [FILE] [--repeat N]

CPU seconds (user and system) of the child processes, the two commands taking turns; the least of all
repetitions of each, since what disturbs a measurement only ever adds. The goal is at most 3.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

THIRTY_LINES = '''\
"""A squeeze-and-excitation block."""

import torch
import torch.nn as nn


class Squeeze(nn.Module):
    """Scale every channel by what the whole map says about it."""

    def __init__(self, channels, reduction=4):
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.down = nn.Conv2d(channels, channels // reduction, 1)
        self.up = nn.Conv2d(channels // reduction, channels, 1)
        self.act = nn.ReLU()

    def forward(self, x):
        scale = self.act(self.down(self.pool(x)))
        return x * torch.sigmoid(self.up(scale))


class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)
        self.squeeze = Squeeze(channels)

    def forward(self, x):
        # the shortcut
        return x + self.squeeze(self.conv(x))
'''


def cpu_seconds(command: list[str], environment: dict[str, str], *, check: bool = True) -> float:
    """What a command costs, with everything that it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        command, check=check, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--repeat", type=int, default=9)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        # byte code is kept, as it is where the package is installed, whatever this shell says
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(Path(folder, "byte code"))}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        file = arguments.file
        if file is None:
            file = Path(folder, "block.py")
            file.write_text(THIRTY_LINES)
        commands = {
            "import libcst": [sys.executable, "-c", "import libcst"],
            "transpile FILE": [sys.executable, "-m", "transpile.cli", str(file), "--fail-on", "never"],
            "transpile fix": [
                sys.executable,
                "-m",
                "transpile.cli",
                "fix",
                str(file),
                "--line",
                "14",
                "--json",
            ],
        }
        for command in commands.values():
            cpu_seconds(command, environment)  # fills the caches of byte code and rules
        least = {name: float("inf") for name in commands}
        for _ in range(arguments.repeat):
            for name, command in commands.items():
                least[name] = min(least[name], cpu_seconds(command, environment))
    for name, seconds in least.items():
        print(f"{name:16} {seconds:.3f} s CPU, {seconds / least['import libcst']:.2f} of import libcst")


if __name__ == "__main__":
    main()
