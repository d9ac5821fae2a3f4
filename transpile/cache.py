"""What is costly to read and seldom changes, kept in the user's cache folder: rule tables, the support library.

Read at every start of the command, so it does without what is slow to import.
"""

from __future__ import annotations

import contextlib
import json
import os
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

__all__ = ["folder", "kept", "state"]

KEPT = 8  # files of one kind


def folder() -> Path:
    """The cache folder of this user; it need not exist."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("transpile"))


def state(paths: Iterable[Path]) -> str:
    """A text that changes with the place, the size and the time of any of the files. Raises OSError."""
    found = []
    for path in paths:
        stat = os.stat(path)
        found.append(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\0")
    return "".join(found)


def kept(kind: str, key: str, make: Callable[[], Any]) -> Any:
    """The JSON value cached under a key; made, and cached, where there is none."""
    path = folder() / f"{kind}-{zlib.crc32(key.encode()):08x}.json"
    with contextlib.suppress(OSError, ValueError, TypeError):
        known, value = json.loads(path.read_bytes())
        if known == key:
            return value
    text = json.dumps([key, make()], separators=(",", ":"))
    with contextlib.suppress(OSError):
        _write(path, kind, text)
    return json.loads(text)[1]  # the same types whether cached or not


def _write(path: Path, kind: str, text: str) -> None:
    """Whole or not at all; older caches go."""
    import tempfile

    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{kind}-", suffix=".tmp")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(name, path)
    stale = sorted(path.parent.glob(f"{kind}-*.json"), key=lambda p: p.stat().st_mtime)[:-KEPT]
    for old in stale:
        old.unlink(missing_ok=True)
