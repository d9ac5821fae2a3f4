"""Modules parsed by several processes, as far as that pays.

A tree that another process has made costs a fifth of its parsing to take over, and a little more than half of it
there to pack. So this process parses most itself, and has the trees of the others ready when it needs them.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    import libcst as cst

__all__ = ["parsed"]

_TAKEN_OVER, _PACKED = 0.2, 0.6  # what it costs to take over and to pack a tree, in parsings of it


def parsed(texts: Mapping[str, str], processes: int) -> dict[str, cst.Module]:
    """The trees of those texts that can be parsed, by name: parsed by this process and as many more as are wanted."""
    import multiprocessing  # as much to import as the rest of a small call

    shares = _shares(texts, processes)
    context = multiprocessing.get_context("fork")
    ends = []
    for share in shares[1:]:
        mine, theirs = context.Pipe(duplex=False)
        process = context.Process(
            target=_pack, args=(theirs, {name: texts[name] for name in share}), daemon=True
        )
        process.start()
        theirs.close()
        ends.append((mine, process))
    trees = _trees({name: texts[name] for name in shares[0]})
    for mine, process in ends:
        try:
            while True:
                trees.update(pickle.loads(mine.recv_bytes()))
        except EOFError:
            mine.close()  # what it has left over is parsed where it is needed
        process.join()
    return trees


def _shares(texts: Mapping[str, str], processes: int) -> list[list[str]]:
    """The names for each process, this one first, so that all are done at the same time."""
    others = processes - 1
    # this one's share p and that of each other, c:  p + others·c = 1  and  p + others·c·taken = c·(1 + packed)
    each = 1 / (1 + _PACKED + others * (1 - _TAKEN_OVER))
    parts = [1 - others * each, *[each] * others]
    shares: list[list[str]] = [[] for _ in parts]
    loads = [0.0] * len(parts)
    for name in sorted(texts, key=lambda name: -len(texts[name])):
        least = min(range(len(parts)), key=lambda i: loads[i] / parts[i])
        shares[least].append(name)
        loads[least] += len(texts[name])
    return shares


def _trees(texts: Mapping[str, str]) -> dict[str, cst.Module]:
    from transpile.diagnostics import SourceError
    from transpile.translate import parse

    found = {}
    for name, text in texts.items():
        try:
            found[name] = parse(text)
        except SourceError:
            continue  # said by whoever asks for it
    return found


def _pack(end: Connection, texts: Mapping[str, str]) -> None:
    """Send the trees when all are there; sending waits until they are taken. One nested too deeply stays here."""
    packed = []
    for name, text in texts.items():
        try:
            packed.append(pickle.dumps(_trees({name: text}), pickle.HIGHEST_PROTOCOL))
        except RecursionError:
            continue
    for data in packed:
        end.send_bytes(data)
    end.close()
