"""The table of a checkpoint's entries."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from transpile.weights.files import FileTensor, Opened
from transpile.weights.inspecting.groups import Group, group_of
from transpile.weights.inspecting.statistics import Statistics, statistics

COUNTER_NOTE = (
    "num_batches_tracked is how many batches a BatchNorm has seen; it weighs only where momentum is None (a"
    " cumulative average), everywhere else it can be dropped"
)
_MOST_VALUES = 1000  # beyond these numpy shows the beginning and the end


@dataclass
class Row:
    """One tensor. shared: the first name under which the same piece of the file stands."""

    name: str
    tensor: FileTensor
    group: Group
    shared: str | None = None
    statistics: Statistics | None = None
    values: Any = None


@dataclass
class Table:
    """The tensors of a checkpoint, the plain values beside them, and what there is to say."""

    format: str
    rows: list[Row]
    plain: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def table(
    opened: Opened,
    pattern: str | None = None,
    with_statistics: bool = False,
    with_values: bool = False,
    step: Callable[[int], None] = lambda count: None,
) -> Table:
    """The entries whose names match the pattern (`*.weight`); step is told of every byte that is read."""
    rows: list[Row] = []
    plain: dict[str, Any] = {}
    seen: dict[Any, str] = {}
    for name, value in opened.entries():
        if isinstance(value, FileTensor):
            first = name if value.storage is None else seen.setdefault(value.storage, name)
            shared = first if first != name and value.size else None
            if _matches(name, pattern):
                rows.append(Row(name, value, group_of(name), shared))
        elif _matches(name, pattern):
            plain[name] = value
    for row in rows:
        if with_statistics or with_values:
            array = row.tensor.numpy()
            row.statistics = statistics(array) if with_statistics else None
            row.values = array if with_values else None
            step(row.tensor.nbytes)
    notes = list(opened.notes)
    if pattern is not None and not rows and not plain:
        count = sum(1 for _ in opened.entries())
        notes.append(f"none of the {count} names matches {pattern}")
    if any(row.name.endswith("num_batches_tracked") for row in rows):
        notes.append(COUNTER_NOTE)
    return Table(opened.format, rows, plain, notes)


def _matches(name: str, pattern: str | None) -> bool:
    return pattern is None or fnmatch.fnmatchcase(name, pattern)


def as_text(found: Table) -> str:
    """Columns, wide enough for every entry; groups and the sum below."""
    header = ["name", "shape", "dtype", "size"]
    stats = any(row.statistics for row in found.rows)
    if stats:
        header += ["min", "mean", "max", ""]
    lines = [header]
    for row in found.rows:
        cells = [row.name, _shape(row.tensor.shape), row.tensor.dtype.name, size_text(row.tensor.nbytes)]
        if row.statistics:
            cells += [*map(_number, _three(row.statistics)), _not_finite(row.statistics)]
        elif stats:
            cells += ["", "", "", ""]
        if row.shared is not None:
            cells.append(f"= {row.shared}")
        lines.append(cells)
    text = _columns(lines)
    for row in found.rows:
        if row.values is not None:
            text += f"\n{row.name} =\n{np.array2string(np.asarray(row.values), threshold=_MOST_VALUES)}\n"
    for name, value in found.plain.items():
        shown = repr(value)
        text += f"{name} = {shown if len(shown) <= 100 else shown[:97] + '...'}\n"
    return text + "".join(f"{line}\n" for line in [*found.notes, _sum(found)])


def as_data(found: Table) -> dict[str, Any]:
    """The same as one JSON object, before it is written."""
    entries = []
    for row in found.rows:
        entry: dict[str, Any] = {
            "name": row.name,
            "shape": list(row.tensor.shape),
            "dtype": row.tensor.dtype.name,
            "bytes": row.tensor.nbytes,
            "group": row.group.value,
        }
        if row.shared is not None:
            entry["shares"] = row.shared
        if row.statistics:
            entry |= dict(zip(("min", "mean", "max"), _three(row.statistics), strict=True))
            entry |= {"nan": row.statistics.nan, "inf": row.statistics.inf}
        if row.values is not None:
            entry["values"] = np.asarray(row.values).astype(object).tolist()
        entries.append(entry)
    plain = {name: value for name, value in found.plain.items() if isinstance(value, (str, int, float, bool))}
    return {"format": found.format, "entries": entries, "values": plain, "notes": found.notes}


def _three(found: Statistics) -> tuple[float | None, float | None, float | None]:
    return found.minimum, found.mean, found.maximum


def _shape(shape: Sequence[int]) -> str:
    return str(tuple(shape))


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _not_finite(found: Statistics) -> str:
    parts = [f"{count} {what}" for count, what in ((found.nan, "NaN"), (found.inf, "infinite")) if count]
    return ", ".join(parts)


def size_text(count: int) -> str:
    """Bytes as a reader says them."""
    size, units = float(count), ["B", "KB", "MB", "GB"]
    while size >= 1000 and len(units) > 1:
        size /= 1000
        units.pop(0)
    return f"{size:.0f} {units[0]}" if units[0] == "B" else f"{size:.1f} {units[0]}"


def _columns(lines: Iterable[Sequence[str]]) -> str:
    lines = list(lines)
    count = max(map(len, lines))
    widths = [max((len(line[i]) for line in lines if len(line) > i), default=0) for i in range(count)]
    text = ""
    for line in lines:
        text += (
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=False)).rstrip() + "\n"
        )
    return text


def _sum(found: Table) -> str:
    distinct = [row for row in found.rows if row.shared is None]
    parts = []
    for group in Group:
        rows = [row for row in found.rows if row.group is group]
        if rows:
            nouns = {Group.WEIGHT: "weight", Group.SLOT: "optimizer slot", Group.OTHER: "counter"}
            noun = nouns[group] + "s" * (len(rows) != 1)
            parts.append(f"{len(rows)} {noun} ({size_text(sum(row.tensor.nbytes for row in rows))})")
    shared = len(found.rows) - len(distinct)
    parts += [f"{shared} of them shared"] * bool(shared)
    return f"{found.format}: {', '.join(parts) or 'no tensors'}"
