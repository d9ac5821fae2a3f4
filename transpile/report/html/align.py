"""Which line of the output stands beside which line of the source."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import NamedTuple

from transpile.emit import END, HEADING

__all__ = ["Row", "aligned"]

_WORD = re.compile(r"\w+")
_LARGE = 4000  # cells; larger blocks are paired from the top


class Row(NamedTuple):
    """A line of both (from 1), or of one; `kind` is same, changed, added, removed or support.

    Rows of one group belong together: they came of each other.
    """

    left: int | None
    right: int | None
    kind: str
    group: int


def aligned(before: Sequence[str], after: Sequence[str]) -> list[Row]:
    """The rows for two texts, each line of both in exactly one of them."""
    start, end = _section(after)
    own = [*after[:start], *after[end:]]  # without what was copied in

    def right(index: int) -> int:
        return index + 1 if index < start else index + 1 + end - start

    rows: list[Row] = []
    group = 0
    is_copied = end == start  # nothing was
    matcher = difflib.SequenceMatcher(None, before, own, autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        group += 1
        for left, index in _pairs(before[a:b], own[c:d], tag == "equal"):
            if index is not None and c + index >= start and not is_copied:
                group += 1
                rows += [Row(None, number + 1, "support", group) for number in range(start, end)]
                group += 1
                is_copied = True
            kind = "same" if tag == "equal" else "changed"
            if left is None or index is None:
                kind = "added" if left is None else "removed"
            rows.append(
                Row(
                    None if left is None else a + left + 1, None if index is None else right(c + index), kind, group
                )
            )  # fmt: skip
    if not is_copied:
        rows += [Row(None, number + 1, "support", group + 1) for number in range(start, end)]
    return rows


def _section(lines: Sequence[str]) -> tuple[int, int]:
    """From where to where the copied section goes; an empty range where there is none."""
    try:
        start = lines.index(HEADING)
        return start, lines.index(END, start) + 1
    except ValueError:
        return len(lines), len(lines)


def _pairs(old: Sequence[str], new: Sequence[str], is_equal: bool) -> list[tuple[int | None, int | None]]:
    """The lines of a block side by side: those beside each other that have most words in common."""
    if is_equal:
        return [(i, i) for i in range(len(old))]
    if len(old) * len(new) > _LARGE or not old or not new:
        both: list[tuple[int | None, int | None]] = [(i, i) for i in range(min(len(old), len(new)))]
        both += [(i, None) for i in range(len(new), len(old))]
        return both + [(None, i) for i in range(len(old), len(new))]
    words = [frozenset(_WORD.findall(line)) for line in old], [frozenset(_WORD.findall(line)) for line in new]
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in range(len(old) - 1, -1, -1):
        for j in range(len(new) - 1, -1, -1):
            beside = best[i + 1][j + 1] + _alike(words[0][i], words[1][j])
            best[i][j] = max(beside, best[i + 1][j], best[i][j + 1])
    found: list[tuple[int | None, int | None]] = []
    i = j = 0
    while i < len(old) and j < len(new):
        alike = _alike(words[0][i], words[1][j])
        if alike > 0 and best[i][j] == best[i + 1][j + 1] + alike:
            found.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            found.append((i, None))
            i += 1
        else:
            found.append((None, j))
            j += 1
    found += [(k, None) for k in range(i, len(old))]
    return found + [(None, k) for k in range(j, len(new))]


def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    if not one or not other:
        return 0.3 if not one and not other else 0.0
    return len(one & other) / len(one | other)
