"""What was written for a twin before somebody changed it: the common ancestor of a three-way merge.

Found by its digest, so that it is exactly that text: in the user's cache folder, or among the versions of the twin
that git has.
"""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

from transpile import cache
from transpile.sync.header import digest, split

__all__ = ["find", "keep"]

_VERSIONS = 100  # commits of the twin that are looked through
_KEPT = 500  # files in the cache folder


def keep(body: str) -> None:
    """Remember what was written for a twin; a cache folder that cannot be written is no hindrance."""
    folder = cache.folder() / "twins"
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{digest(body)}.py").write_bytes(body.encode())
        stale = sorted(folder.glob("*.py"), key=lambda path: path.stat().st_mtime)[:-_KEPT]
        for old in stale:
            old.unlink(missing_ok=True)


def find(twin: Path, wanted: str) -> str | None:
    """The text with this digest that once was written for a twin."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        body = (cache.folder() / "twins" / f"{wanted}.py").read_bytes().decode()
        if digest(body) == wanted:
            return body
    for text in _versions(twin):
        found = split(text)
        if found is not None and digest(found.body) == wanted:
            return found.body
    return None


def _versions(twin: Path) -> Iterator[str]:
    """What git has of a file: staged, then commit by commit."""
    name = twin.name
    commits = _git(twin.parent, "rev-list", f"-{_VERSIONS}", "HEAD", "--", name) or b""
    for revision in ("", *commits.decode().split()):
        data = _git(twin.parent, "show", f"{revision}:./{name}")
        if data is not None:
            with contextlib.suppress(UnicodeDecodeError):
                yield data.decode().replace("\r\n", "\n")


def _git(folder: Path, *words: str) -> bytes | None:
    try:
        done = subprocess.run(["git", *words], cwd=folder, capture_output=True, check=False)
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
