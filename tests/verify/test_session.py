"""What counts as equal where torch does not repeat itself, and what a user sees of an error."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from transpile.verify.result import StageError
from transpile.verify.session import CEILING, FLOOR, copies, tolerance
from transpile.verify.sides import stage


def limit(off: float) -> tuple[float, list[str]]:
    """The tolerance for a model that is off by so much in float64."""
    import torch

    def call(arguments: Any, model: Any = None) -> Any:
        x = arguments[0][0]
        return x * (1 + off) if x.dtype == torch.float64 else x

    given = ([torch.linspace(1, 2, 5)], {})
    result = SimpleNamespace(notes=[])
    run: Any = SimpleNamespace(
        request=SimpleNamespace(inputs=()), numbers=None, result=result, wanted=copies(given[0][0])
    )
    model: Any = SimpleNamespace(
        is_module=False, model=None, call=call, tensors=lambda numbers, inputs: given
    )
    return tolerance(run, model), result.notes


def test_the_floor_and_the_ceiling_hold_where_torch_is_exact() -> None:
    assert limit(0.0) == (FLOOR, [])
    found, notes = limit(2e-3)
    assert found == CEILING and len(notes) == 1


def test_no_more_is_asked_for_than_torch_itself_repeats() -> None:
    found, notes = limit(0.05)
    assert 0.09 < found < 0.11 and "torch itself differs" in notes[0]


def test_a_traceback_begins_where_user_code_does() -> None:
    with pytest.raises(StageError) as caught, stage("build"):
        int("three")
    lines = caught.value.trace.splitlines()
    assert lines[0].startswith("Traceback") and __file__ in lines[1] and lines[-1].startswith("ValueError")


def test_a_traceback_shows_no_frame_of_the_frameworks() -> None:
    import torch

    layer = torch.nn.Sequential(torch.nn.Linear(3, 4))
    with pytest.raises(StageError) as caught, stage("call"):
        layer(torch.zeros(2, 5))
    trace = caught.value.trace
    assert "layer(torch.zeros(2, 5))" in trace and "_call_impl" not in trace and "RuntimeError" in trace
