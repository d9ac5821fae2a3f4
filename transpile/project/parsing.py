"""Modules parsed by several processes, and the places of their nodes computed meanwhile.

Inferring is for one process, and it begins with the first modules while the others are still parsed: this process
parses what it asks for, from the front, and the others what is left, from the back, until they meet. A tree that
another process has made costs a sixth of its parsing to take over. What the others do afterwards, while this one
infers, needs nothing of it: where the nodes of each module stand, which every diagnostic is going to ask.
"""

from __future__ import annotations

import mmap
import os
import struct
from array import array
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multiprocessing.context import ForkProcess
    from multiprocessing.synchronize import Lock

    import libcst as cst

__all__ = ["Parsing"]

_NOBODY, _HERE = 0, 0xFF  # others are numbered from 1
# bytes that are set aside for a character: of a packed tree (4 to 7 in code, 22 in `x=1`), and of offsets (1 to 10)
_PACKED, _PLACED = 64, 32
_MOST = 1 << 31  # bytes set aside at once


class Parsing:
    """The trees of texts, by name, and whoever goes on to find out where their nodes stand."""

    def __init__(self, texts: Mapping[str, str], processes: int) -> None:
        """Have them parsed by as many processes more as are wanted, the last ones first."""
        import multiprocessing  # as much to import as the rest of a small call

        from transpile.source.nodes import unchecked

        with unchecked():
            pass  # what it prepares is there for all processes
        context = multiprocessing.get_context("fork")
        self._texts = texts
        self._numbers = {name: number for number, name in enumerate(texts)}
        self._parsed, self._placed = (_Claims(len(texts), context.Lock()) for _ in range(2))
        self._others: list[_Other] = []
        for number in range(1, min(processes, _HERE)):
            other = _Other(number, texts)
            other.process = context.Process(target=self._help, args=(other,), daemon=True)
            other.process.start()
            other.started()
            self._others.append(other)
        if self._others:
            _load()

    def tree(self, name: str) -> cst.Module | None:
        """The tree of a text, from whoever parses it; None where that is for the one who asks. Once for each name."""
        from transpile.source.nodes import unpack

        number = self._numbers.get(name)
        owner = _HERE if number is None else self._parsed.claim(number, _HERE)
        if number is None or owner == _HERE:
            return None
        packed = self._others[owner - 1].tree(number)
        return unpack(packed) if packed else None

    def offsets(self) -> dict[str, array[int]]:
        """Where the nodes of modules stand (`positions.offsets`), as far as that is known by now; the others end."""
        names = list(self._texts)
        found: dict[str, array[int]] = {}
        for other in self._others:
            for number, data in other.end():
                if data:  # there was room for it
                    offsets = found[names[number]] = array("I")
                    offsets.frombytes(data)
        self._others = []
        return found

    def _help(self, other: _Other) -> None:
        """What another process does: parse until nobody has to, then note where nodes stand."""
        from transpile.source.nodes import pack
        from transpile.source.positions import offsets

        texts = list(self._texts.values())
        trees = {}
        for number in reversed(range(len(texts))):
            if self._parsed.claim(number, other.number) == other.number:
                tree = _tree(texts[number])
                data = b""
                if tree is not None:
                    trees[number] = tree
                    with suppress(RecursionError):  # one nested too deeply stays here
                        data = pack(tree)
                other.hand_over(number, data)
        for number in (*trees, *range(len(texts))):
            if self._placed.claim(number, other.number) == other.number:
                tree = trees.pop(number, None) or _tree(texts[number])
                if tree is not None:
                    with suppress(RecursionError):
                        other.places.write(number, offsets(tree).tobytes())


class _Claims:
    """Which process sees to which of many things."""

    def __init__(self, count: int, lock: Lock) -> None:
        self._owners = mmap.mmap(-1, count or 1)  # a byte each
        self._lock = lock

    def claim(self, number: int, process: int) -> int:
        """Who sees to it: the process that asks, if nobody did, or has asked before."""
        with self._lock:
            if self._owners[number] == _NOBODY:
                self._owners[number] = process
            return self._owners[number]


class _Other:
    """Another process, what it writes down, and the pipe by which it says that a tree is there."""

    process: ForkProcess

    def __init__(self, number: int, texts: Mapping[str, str]) -> None:
        size = sum(map(len, texts.values()))
        self.number = number
        self.places = _Record(_PLACED * size, len(texts))
        self._trees = _Record(_PACKED * size, len(texts))
        self._received: dict[int, bytes] = {}
        self._read, self._write = os.pipe()

    def started(self) -> None:
        """Here, once it runs: what the pipe says comes from there, and ends with it."""
        os.close(self._write)

    def hand_over(self, number: int, tree: bytes) -> None:
        """There: a packed tree, empty for one that cannot be had."""
        self._trees.write(number, tree)
        os.write(self._write, b".")

    def tree(self, number: int) -> bytes:
        """Here: a packed tree that is to come, empty where it does not."""
        while number not in self._received:
            news = os.read(self._read, 4096)
            if not news:
                return b""  # it has ended before its time
            self._received.update(self._trees.next(len(news)))
        return self._received.pop(number)

    def end(self) -> Iterator[tuple[int, bytes]]:
        """Here: end it; the places that are complete."""
        self.process.kill()
        self.process.join()
        os.close(self._read)
        return self.places.next(self.places.count)


class _Record:
    """What one process writes down and another reads: bytes, each with a number."""

    def __init__(self, size: int, count: int) -> None:
        """Room for `count` times bytes, about `size` in all; what is never written takes no memory."""
        size = min(size, _MOST)
        self._memory = mmap.mmap(-1, 8 + 8 * count + size)
        self._count = memoryview(self._memory)[:8].cast("Q")
        self._at = 8  # where this process goes on, writing or reading
        self._left = size

    @property
    def count(self) -> int:
        """How many there are that are complete."""
        return self._count[0]

    def write(self, number: int, data: bytes) -> None:
        """Add bytes; none where there is no room."""
        if len(data) > self._left:
            data = b""
        self._left -= len(data)
        struct.pack_into("<II", self._memory, self._at, number, len(data))
        start = self._at + 8
        self._at = start + len(data)
        self._memory[start : self._at] = data
        self._count[0] += 1  # last, and at once

    def next(self, count: int) -> Iterator[tuple[int, bytes]]:
        """So many of those that were not read yet, which must be there."""
        for _ in range(count):
            number, size = struct.unpack_from("<II", self._memory, self._at)
            start = self._at + 8
            self._at = start + size
            yield number, self._memory[start : self._at]


def _load() -> None:
    """Load what translating takes, so that the processes which are forked from this one find it loaded."""
    import importlib.metadata  # noqa: F401

    import black  # noqa: F401

    from transpile.hazards import codes, say  # noqa: F401
    from transpile.infer.module import infer  # noqa: F401
    from transpile.infer.signatures import signatures  # noqa: F401
    from transpile.rewrite import registry
    from transpile.rewrite.module import rewrite  # noqa: F401

    codes.load()
    registry.load()


def _tree(text: str) -> cst.Module | None:
    from transpile.diagnostics import SourceError
    from transpile.source.nodes import unchecked
    from transpile.translate import parse

    try:
        with unchecked():
            return parse(text)
    except SourceError:
        return None  # said by whoever asks for it
