"""Three texts into one, by git's own merge."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

__all__ = ["merged"]


def merged(ours: str, base: str, theirs: str) -> tuple[str, int] | None:
    """The text with the changes from `base` to both others, and how many of them conflict; None without git.

    Where they conflict, the text has git's marks.
    """
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for name, text in (("yours", ours), ("before", base), ("translated", theirs)):
            file = Path(folder, name)
            file.write_bytes(text.encode())
            files.append(name)
        command = ["git", "merge-file", "-p", "--diff3", *files]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        except OSError:
            return None
    if done.returncode < 0 or done.returncode > 127:
        return None
    return done.stdout.decode(), done.returncode
