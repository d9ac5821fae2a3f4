"""Members of a zip that are stored as they are and begin at a multiple of 64, so that they can be mapped."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterable

_HEADER = 30
_ZIP64 = 20  # what zipfile adds to the header of a large member
_ALIGNMENT = 64
_LARGE = (1 << 31) - 1
_PIECE = 8 << 20


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
            for start in range(0, len(part), _PIECE):
                member.write(part[start : start + _PIECE])
