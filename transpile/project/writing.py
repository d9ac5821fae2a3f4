"""Writing an output so that a failed run leaves the old file whole."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from transpile.project.plan import UnusableCall


def write_atomically(target: Path, data: bytes, *, like: Path | None = None) -> None:
    """Replace `target` by `data` in one step.

    An existing target keeps its mode and a link stays a link; a new one takes the mode of `like`, or the
    usual one. A device or a pipe is written to directly. Raises OSError, with the old file untouched.
    """
    target = Path(os.path.realpath(target))
    if target.is_dir():
        raise IsADirectoryError(21, "is a directory", str(target))
    if target.exists() and not target.is_file():
        target.write_bytes(data)
        return
    with _replacement(target, like) as temporary:
        temporary.write_bytes(data)


def copy_atomically(source: Path, target: Path) -> None:
    """Replace `target` by a copy of `source` in one step; raises OSError, with the old file untouched."""
    with _replacement(Path(os.path.realpath(target)), source) as temporary:
        shutil.copyfile(source, temporary)


@contextlib.contextmanager
def _replacement(target: Path, like: Path | None) -> Iterator[Path]:
    """A temporary file beside the target, which takes its place when the block ends well."""
    mode = _mode(target, like)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    os.close(handle)
    try:
        yield Path(name)
        os.chmod(name, mode)
        os.replace(name, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _mode(target: Path, like: Path | None) -> int:
    with contextlib.suppress(OSError):
        return stat.S_IMODE(target.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    if like is not None:
        with contextlib.suppress(OSError):
            return (stat.S_IMODE(like.stat().st_mode) | stat.S_IWUSR) & ~mask
    return 0o666 & ~mask


def make_folder(folder: Path) -> None:
    """Make a folder and those above it; raises UnusableCall where that is not possible."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnusableCall(f"{folder}: cannot be made: {error.strerror or error}") from None


def write(target: Path, data: bytes, like: Path | None) -> None:
    """Write one output in one step; raises UnusableCall, with an old file untouched, where it cannot be."""
    try:
        write_atomically(target, data, like=like)
    except OSError as error:
        raise UnusableCall(f"{target}: cannot be written: {error.strerror or error}") from None
