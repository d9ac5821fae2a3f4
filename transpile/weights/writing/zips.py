"""Members of a zip that are stored as they are and begin at a multiple of 64, so that they can be mapped."""

from __future__ import annotations

import contextlib
import struct
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, cast

from transpile.weights.writing.pieces import Behind

_HEADER = 30
_ZIP64 = 20  # what zipfile adds to the header of a large member
_ALIGNMENT = 64
_LARGE = (1 << 31) - 1


@contextlib.contextmanager
def new_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """A new archive, whose checksums are computed while what came before is written."""
    with Behind(path) as file:
        archive = zipfile.ZipFile(cast(IO[bytes], file), "w", zipfile.ZIP_STORED)
        try:
            yield archive
        except BaseException:
            archive.fp = None  # it is given up: its list of members would hide what went wrong
            raise
        archive.close()


def store(archive: zipfile.ZipFile, name: str, parts: Iterable[bytes | memoryview], length: int) -> None:
    """Adds a member of this length, not compressed."""
    info = zipfile.ZipInfo(name)  # dated 1980: two runs give the same bytes
    large = length >= _LARGE
    assert archive.fp is not None
    begin = archive.fp.tell() + _HEADER + len(name.encode()) + (_ZIP64 if large else 0) + 4
    padding = -begin % _ALIGNMENT
    info.extra = struct.pack("<HH", 0x4246, padding) + bytes(padding)  # "FB", as torch itself pads
    info.file_size = length
    with archive.open(info, "w", force_zip64=large) as member:
        for part in parts:
            member.write(part)
