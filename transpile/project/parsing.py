"""Modules parsed by several processes, as far as that pays, and the places of their nodes computed meanwhile.

A tree that another process has made costs a sixth of its parsing to take over, and a fifth of it there to pack.
So this process parses a little more itself, and has the trees of the others ready when it needs them. Then it infers,
which only one process can do. What the others do in that time needs nothing of it: where the nodes of each module
stand, which every diagnostic is going to ask.
"""

from __future__ import annotations

import mmap
import struct
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkProcess

    import libcst as cst

__all__ = ["Parsing"]

_LOADED = 80_000  # characters that are parsed in the time in which a process loads what translating takes
_TAKEN_OVER, _PACKED = 0.16, 0.2  # what it costs to take over and to pack a tree, in parsings of it


class Parsing:
    """The trees of texts, by name, and whoever goes on to find out where their nodes stand."""

    def __init__(self, texts: Mapping[str, str], processes: int) -> None:
        """Parse what can be parsed, by this process and as many more as are wanted."""
        import multiprocessing  # as much to import as the rest of a small call

        from transpile.source.nodes import unpack

        shares = _shares(texts, processes)
        context = multiprocessing.get_context("fork")
        self._names = list(texts)
        self._others: list[tuple[ForkProcess, _Record]] = []
        ends = []
        for number, share in enumerate(shares[1:]):
            mine, theirs = context.Pipe(duplex=False)
            record = _Record(sum(map(len, texts.values())))
            later = shares[0][number :: len(shares) - 1]
            process = context.Process(
                target=_help, args=(theirs, record, self._names, texts, share, later), daemon=True
            )
            process.start()
            theirs.close()
            ends.append(mine)
            self._others.append((process, record))
        if self._others:
            _load()
        self.trees: dict[str, cst.Module] = _trees(texts, shares[0])
        for mine in ends:
            try:
                while name := mine.recv():
                    self.trees[name] = unpack(mine.recv_bytes())
            except EOFError:
                pass  # what it has left over is parsed where it is needed
            mine.close()

    def offsets(self) -> dict[str, array[int]]:
        """Where the nodes of modules stand (`positions.offsets`), as far as that is known by now; the others end."""
        found: dict[str, array[int]] = {}
        for process, record in self._others:
            process.kill()
            process.join()
            found.update((self._names[number], offsets) for number, offsets in record.read())
        self._others = []
        return found


class _Record:
    """What one process writes down and another reads when the first has ended: numbers, each with offsets."""

    def __init__(self, characters: int) -> None:
        # eight bytes for a node, and hardly a node for each character; nothing is taken before it is written
        self._memory = mmap.mmap(-1, 8 + 8 * characters + 4096)
        self._end = 8

    def write(self, number: int, offsets: array[int]) -> None:
        data = struct.pack("<II", number, len(offsets)) + offsets.tobytes()
        if self._end + len(data) > len(self._memory):
            return
        self._memory[self._end : self._end + len(data)] = data
        self._end += len(data)
        struct.pack_into("<Q", self._memory, 0, self._end)  # last: what is not complete does not count

    def read(self) -> Iterator[tuple[int, array[int]]]:
        (end,) = struct.unpack_from("<Q", self._memory, 0)
        at = 8
        while at < end:
            number, count = struct.unpack_from("<II", self._memory, at)
            offsets = array("I")
            size = count * offsets.itemsize
            offsets.frombytes(self._memory[at + 8 : at + 8 + size])
            yield number, offsets
            at += 8 + size


def _load() -> None:
    """Load what translating takes, so that the processes which are forked from this one find it loaded."""
    import black  # noqa: F401

    from transpile.hazards import say  # noqa: F401
    from transpile.infer.module import infer  # noqa: F401
    from transpile.rewrite.module import rewrite  # noqa: F401


def _shares(texts: Mapping[str, str], processes: int) -> list[list[str]]:
    """The names for each process, this one first, so that all are done at the same time."""
    others = processes - 1
    loaded = min(_LOADED / (sum(map(len, texts.values())) or 1), 0.5)
    # this one's share p and that of each other, c, after what it loads, l:
    #   p + others·c = 1  and  l + p + others·c·taken = c·(1 + packed)
    each = (1 + loaded) / (1 + _PACKED + others * (1 - _TAKEN_OVER))
    parts = [max(1 - others * each, 0.01), *[each] * others]
    shares: list[list[str]] = [[] for _ in parts]
    loads = [0.0] * len(parts)
    for name in sorted(texts, key=lambda name: -len(texts[name])):
        least = min(range(len(parts)), key=lambda i: loads[i] / parts[i])
        shares[least].append(name)
        loads[least] += len(texts[name])
    return shares


def _trees(texts: Mapping[str, str], names: Sequence[str]) -> dict[str, cst.Module]:
    from transpile.diagnostics import SourceError
    from transpile.source.nodes import unchecked
    from transpile.translate import parse

    found = {}
    with unchecked():
        for name in names:
            try:
                found[name] = parse(texts[name])
            except SourceError:
                continue  # said by whoever asks for it
    return found


def _help(
    end: Connection,
    record: _Record,
    names: list[str],
    texts: Mapping[str, str],
    share: list[str],
    later: list[str],
) -> None:
    """Send the trees of a share when all are there, then note where nodes stand: of these, and of others."""
    from transpile.source.nodes import pack
    from transpile.source.positions import offsets

    trees = _trees(texts, share)
    packed = {}
    for name, tree in trees.items():
        try:
            packed[name] = pack(tree)
        except RecursionError:
            continue  # one nested too deeply stays here
    for name, data in packed.items():
        end.send(name)
        end.send_bytes(data)
    end.send("")
    end.close()
    packed.clear()
    numbers = {name: number for number, name in enumerate(names)}
    for name in (*share, *later):
        if name not in trees:
            trees |= _trees(texts, [name])
        if name in trees:
            with suppress(RecursionError):
                record.write(numbers[name], offsets(trees.pop(name)))
