"""Writing so that a run that fails leaves the target as it was: beside it first, then in its place."""

from __future__ import annotations

import contextlib
import errno
import glob
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from transpile.weights.writing.registry import OutputError


@contextlib.contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A path with the target's name in a new folder beside it; what is there when the block ends well replaces it.

    Replaced are the file or folder of that name and, for the prefix of a TensorFlow checkpoint, its files. Any
    error, a full disk among them, becomes an OutputError, and the target stays as it was.
    """
    target = Path(os.path.realpath(target))
    parent = target.parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=parent))
    except OSError as error:
        raise OutputError(f"{target}: cannot be written: {error.strerror or error}") from None
    try:
        yield folder / target.name
        _put(folder, target)
    except OSError as error:
        raise OutputError(f"{target}: cannot be written: {error.strerror or error}") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _put(folder: Path, target: Path) -> None:
    new = sorted(os.listdir(folder))
    old = _present(target)
    away = folder / "old"
    away.mkdir()
    moved: list[tuple[Path, Path]] = []
    try:
        for place in old:  # within one folder moves do not fail for want of room
            os.rename(place, away / place.name)
            moved.append((away / place.name, place))
        for name in new:
            os.rename(folder / name, target.parent / name)
    except OSError:
        for name in new:
            if not (folder / name).exists() and (target.parent / name) not in old:
                with contextlib.suppress(OSError):
                    os.rename(target.parent / name, folder / name)
        for source, place in moved:
            os.replace(source, place)
        raise


def _present(target: Path) -> list[Path]:
    """What stands where the target goes: a file, a folder, the files of a checkpoint."""
    names = glob.glob(f"{glob.escape(str(target))}.data-?????-of-?????")
    places = [target, target.with_name(target.name + ".index"), *map(Path, sorted(names))]
    return [place for place in places if os.path.lexists(place)]


def reserve(folder: Path, size: int) -> None:
    """Makes sure that a folder has room for so many bytes, and gives the room back; raises OSError.

    For libraries that do not survive a full disk: HDF5 ends the process.
    """
    with tempfile.TemporaryFile(dir=folder) as file:
        if hasattr(os, "posix_fallocate") and size:
            os.posix_fallocate(file.fileno(), 0, size)
        elif shutil.disk_usage(folder).free < size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
