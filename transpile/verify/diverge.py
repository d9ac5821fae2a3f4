"""Where two runs part: the first event, a layer's beginning or its end, at which they are no longer equal."""

from __future__ import annotations

from collections.abc import Sequence

from transpile.diagnostics import Diagnostic, Severity
from transpile.verify.layers import Call
from transpile.verify.measure import fit
from transpile.verify.result import Divergence, Place, Row

__all__ = ["compared", "first", "on_the_way"]


def compared(torch_call: Call, keras_call: Call) -> Row:
    """One call of a layer on both sides, as a row of the table."""
    row = Row(
        torch_call.path, torch_call.kind, torch_call.index, None, source=torch_call.place, output=keras_call.place,
        children=torch_call.children, stack=torch_call.stack, made=torch_call.made,
    )  # fmt: skip
    row.difference, row.note = _apart(torch_call.result, keras_call.result)
    row.inputs = _apart(torch_call.given, keras_call.given)[0]
    return row


def _apart(want: list[tuple[str, object]], got: list[tuple[str, object]]) -> tuple[float | None, str]:
    if len(want) != len(got):
        return None, f"{len(got)} tensors for {len(want)}"
    worst = 0.0
    for (_, w), (_, g) in zip(want, got, strict=True):
        found = fit(w, g)
        if found is None:
            return None, f"shape {getattr(g, 'shape', '')} for {getattr(w, 'shape', '')}"
        worst = max(worst, found[0])
    return worst, ""


def first(rows: Sequence[Row], orders: Sequence[tuple[int, int]], tolerance: float) -> Divergence | None:
    """The first event, in torch's order, at which a row is over the tolerance; None where none is.

    A result of another shape counts as different, unless what was given differs in number as well: then the layer
    is called in another way, and tells nothing.
    """
    events: list[tuple[int, bool, Row]] = []
    for row, (begun, ended) in zip(rows, orders, strict=True):
        events.append((begun, False, row))
        events.append((ended, True, row))
    events.sort(key=lambda event: event[0])
    after, last_place = "", None
    for _, is_end, row in events:
        value = row.difference if is_end else row.inputs
        other_shape = is_end and row.difference is None and row.inputs is not None and "shape" in row.note
        if other_shape or (value is not None and value > tolerance):
            size = float("inf") if value is None else value
            where = "in the layer" if is_end else "before its call"
            return Divergence(row.layer, row.kind, where, size, row.source, row.output, after)
        if value is not None and is_end:
            after = f"{row.layer or 'the model'} (call {row.call})" if row.call > 1 else (row.layer or "the model")
            last_place = row.source
            if last_place is not None:
                after += f" at {last_place}"
    return None


def on_the_way(divergence: Divergence, rows: Sequence[Row], found: Sequence[Diagnostic]) -> list[str]:
    """The warnings that stand on the path to a difference: in the functions that were running, where the layer is
    made, and in the layer's own class."""
    row = next((r for r in rows if r.layer == divergence.layer and r.source == divergence.source), None)
    if row is None:
        return []
    places: list[Place] = [*row.stack, *([row.made] if row.made else [])]
    inside = [p for r in rows if r.layer.startswith(row.layer) for p in r.stack] if divergence.where == "in the layer" else []
    said = []
    for diagnostic in found:
        if diagnostic.severity is Severity.INFO:
            continue
        for place in (*places, *inside):
            same = _same_file(diagnostic.filename, place.path)
            if same and min(place.first_line, place.line) <= diagnostic.line <= place.line:
                said.append(f"{diagnostic.filename}:{diagnostic.line}: {diagnostic.code} {diagnostic.message}")
                break
    return said


def _same_file(a: str, b: str) -> bool:
    return a == b or a.endswith("/" + b) or b.endswith("/" + a)
