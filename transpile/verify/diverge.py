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
        own=torch_call.own, own_output=keras_call.own,
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
    last: Row | None = None
    for _, is_end, row in events:
        value = row.difference if is_end else row.inputs
        other_shape = is_end and row.difference is None and row.inputs is not None and "shape" in row.note
        if other_shape or (value is not None and value > tolerance):
            return _parting(row, is_end, float("inf") if value is None else value, last)
        if value is not None and is_end:
            last = row
    return None


def _parting(row: Row, is_end: bool, size: float, last: Row | None) -> Divergence:
    """The divergence at one event; in a layer with code of its own it stands behind the last call that was equal."""
    source, output = row.source, row.output
    if is_end and row.own:
        inner = last if last is not None and _is_below(last, row) else None
        source, output = _within(row.own, inner.source if inner is not None else None), _within(
            row.own_output, inner.output if inner is not None else None
        )
    after = ""
    if last is not None:
        after = (last.layer or "the model") + (f" (call {last.call})" if last.call > 1 else "")
        after += f" at {last.source}" if last.source is not None else ""
    where = "in the layer" if is_end else "before its call"
    return Divergence(row.layer, row.kind, where, size, source, output, after)


def _is_below(inner: Row, outer: Row) -> bool:
    return inner.layer.startswith(f"{outer.layer}." if outer.layer else "")


def _within(own: Sequence[Place], place: Place | None) -> Place | None:
    """The place of the last call, if it stands in this code; its first line otherwise."""
    if not own:
        return place
    code = own[0]
    if place is not None and place.path == code.path and code.first_line <= place.line <= code.line:
        return place
    return Place(code.path, code.first_line, code.function, code.first_line)


def on_the_way(divergence: Divergence, rows: Sequence[Row], found: Sequence[Diagnostic]) -> list[str]:
    """The warnings that stand on the path to a difference.

    The path: the functions that were running, each up to its running line; the line where the layer is made; and, where
    the difference arises inside, the layer's own forward with the functions that it calls.
    """
    row = next((r for r in rows if r.layer == divergence.layer and r.kind == divergence.kind), None)
    if row is None:
        return []
    places = [*row.stack, *([Place(row.made.path, row.made.line, "", row.made.line)] if row.made else [])]
    places += row.own if divergence.where == "in the layer" else []
    if divergence.where == "before its call":  # in what the caller did, itself or by other functions
        caller = next(
            (r for r in rows if row.stack and any(_holds(p, row.stack[0]) for p in r.own[:1])), None
        )
        places += caller.own if caller is not None else []
    said = []
    for diagnostic in found:
        if diagnostic.severity is Severity.INFO:
            continue
        if any(
            _same_file(diagnostic.filename, place.path) and place.first_line <= diagnostic.line <= place.line
            for place in places
        ):
            said.append(f"{diagnostic.filename}:{diagnostic.line}: {diagnostic.code} {diagnostic.message}")
    return said


def _holds(code: Place, place: Place) -> bool:
    return code.path == place.path and code.first_line <= place.line <= code.line


def _same_file(a: str, b: str) -> bool:
    return a == b or a.endswith("/" + b) or b.endswith("/" + a)
