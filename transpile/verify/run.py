"""Both models side by side: the same weights, the same inputs, every way to run the translation."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from transpile.verify import diverge, sides, stir
from transpile.verify.layers import Call, recorded_keras, recorded_torch
from transpile.verify.measure import arrays, distance
from transpile.verify.models import KerasModel, TorchModel, layouts, signature
from transpile.verify.modes import faint, graphs, training_call
from transpile.verify.result import DIFFERENT, EQUAL, Comparison, Result, Row, StageError
from transpile.verify.session import Request, Run, copies, tolerance, transfer
from transpile.verify.sides import stage
from transpile.verify.spec import Target
from transpile.weights.greeting import dropped

__all__ = ["Request", "Run", "verify"]


def verify(request: Request) -> Result:
    """Build, transfer, compare. Never raises for what user code does: the result names the stage."""
    begun = time.perf_counter()
    result = Result(
        source=str(request.source.path) if request.source else None,
        output=str(request.output.path) if request.output else None,
        factory=(request.source or request.output or Target(Path(), "")).factory,
    )
    kept: list[Any] = []
    try:
        _verify(request, result, kept)
    except StageError as error:
        result.stage, result.error = error.stage, error.message
        if error.trace:
            result.notes.append(error.trace)
    result.seconds = round(time.perf_counter() - begun, 2)
    return result


def _verify(request: Request, result: Result, kept: list[Any]) -> None:
    side = _output_side(request, kept)
    request.on_output(side)
    original = sides.original(request.source) if request.source else None
    torch_model = None
    if original is not None:
        with stage("import of torch"):
            import torch

            torch.set_grad_enabled(True)
        with stage("source"):
            torch_model = TorchModel(original, request.inputs)
    with stage("import of TensorFlow"), dropped():
        import tensorflow  # noqa: F401
    with stage("output"):
        keras = KerasModel(side, request.inputs)
    run = Run(request, result, keras, torch_model)
    run.numbers = stir.inputs(request.inputs, request.seed)
    calls: list[Call] = []
    if torch_model is not None:
        calls = _reference(run, torch_model)
    _transfer_and_call(run, calls)
    if torch_model is not None:
        faint(run, torch_model)
    if request.graph:
        graphs(run)
    if torch_model is not None and torch_model.is_module:
        training_call(run, torch_model)
    _more(run)
    if result.divergence is not None:
        result.divergence.warnings = diverge.on_the_way(result.divergence, result.rows, side.diagnostics)


def _output_side(request: Request, kept: list[Any]) -> sides.Side:
    if request.output is not None:
        side = sides.given(request.output)
        if request.source is not None:  # for its signatures and its diagnostics
            made = sides.translated(
                request.source, request.data_format, request.rules, request.exact_training
            )
            side.signatures, side.diagnostics = made.side.signatures, made.side.diagnostics
        return side
    assert request.source is not None
    made = sides.translated(request.source, request.data_format, request.rules, request.exact_training)
    kept.append(made)
    return made.side


def _reference(run: Run, torch_model: TorchModel) -> list[Call]:
    """Make torch's weights tell, run it, and find how exact an answer float32 allows."""
    import torch

    request, result = run.request, run.result

    def fresh() -> Any:
        return torch_model.tensors(run.numbers, request.inputs)

    with stage("source call"):
        if torch_model.is_module:
            stir.calibrate(torch_model.model, lambda: torch_model.call(fresh()))
            stir.stir(torch_model.model)
        calls: list[Call] = []
        torch.manual_seed(1)
        if torch_model.is_module:
            with recorded_torch(torch_model.model, torch_model.side) as calls:
                value = torch_model.call(fresh())
        else:
            value = torch_model.call(fresh())
        run.wanted = copies(value)
        torch.manual_seed(2)
        again = copies(torch_model.call(fresh()))
    if not run.wanted:
        raise StageError("source call", "the model returns no tensor")
    if (distance(run.wanted, again)[0] or 0.0) > 1e-5:
        raise StageError(
            "source call", "the model's results are random: two calls differ, so nothing can be compared"
        )
    other = stir.inputs(request.inputs, request.seed + 1)
    with stage("source call"):
        moved = copies(torch_model.call(torch_model.tensors(other, request.inputs)))
    if any(spec.is_tensor for spec in request.inputs) and (distance(run.wanted, moved)[0] or 1.0) < 1e-3:
        result.notes.append("the results hardly depend on the input: equality says little about this model")
    result.tolerance = request.tolerance or tolerance(run, torch_model)
    return calls


def _transfer_and_call(run: Run, calls: list[Call]) -> None:
    """The eager comparison, layer by layer, in the layout that the model takes."""
    request, result, keras = run.request, run.result, run.keras
    state = run.torch.state() if run.torch is not None else {}
    data_format = request.data_format
    best: tuple[Comparison, dict[int | str, bool], Any] | None = None
    failure: StageError | None = None
    candidates = layouts(keras, run.numbers, data_format if run.torch else "channels_first")
    for attempt, moved in enumerate(candidates):
        if attempt and state:
            with stage("output"):  # a call in the wrong layout may have built layers for it
                keras = KerasModel(keras.side, request.inputs)
        keras.moved, keras.given_last = moved, run.torch is None and data_format == "channels_last"
        arguments = keras.tensors(run.numbers, request.inputs)
        run.output_moved = _returns_moved(keras)
        try:
            with stage("output call"):
                got = arrays(keras.call(arguments))
            if state:
                with stage("weights"):
                    transfer(keras, state)
            with stage("output call"):
                got = arrays(keras.call(arguments))
        except StageError as error:
            failure = failure or error
            continue
        if run.torch is None:
            run.wanted = [(path, np.array(array)) for path, array in got]
            result.tolerance = request.tolerance or 1e-4
        found = run.judged("eager", got, run.wanted, result.tolerance)
        if best is None or (
            found.difference is not None
            and (best[0].difference is None or found.difference < best[0].difference)
        ):
            best = found, moved, keras
        if found.verdict == EQUAL:
            break
    if best is None:
        assert failure is not None
        raise failure
    found, moved, run.keras = best
    run.keras.moved = moved
    run.output_moved = _returns_moved(run.keras)
    run.arguments = run.keras.tensors(run.numbers, request.inputs)
    channels_last = [f"input {key}" for key, is_moved in moved.items() if is_moved]
    result.layout = f"channels last ({', '.join(channels_last)})" if channels_last else "the order given"
    if run.torch is None:
        found.note = "the reference of the other runs: no torch source was given"
    run.add(found)
    if calls:
        _layers(run, calls)


def _returns_moved(keras: KerasModel) -> bool | None:
    said = signature(keras.side, keras.model).get("return")
    return True if isinstance(said, str) else None


def _layers(run: Run, calls: list[Call]) -> None:
    """One more eager call, with every layer recorded and held against torch's."""
    wanted = {(call.path, call.index): call for call in calls}
    rows: dict[tuple[str, int], Row] = {}

    def seen(call: Call) -> None:
        key = (call.path, call.index)
        if key in wanted and key not in rows:
            rows[key] = diverge.compared(wanted[key], call)
            run.request.on_row(rows[key])

    paths = list(dict.fromkeys(call.path for call in calls))
    try:
        with stage("layers"), recorded_keras(run.keras.model, paths, run.keras.side, seen):
            run.keras.call(run.arguments)
    except StageError as error:
        run.result.notes.append(f"the layers could not be watched: {error.message}")
        return
    found = [(rows[key], call.order) for key, call in wanted.items() if key in rows]
    run.result.rows = [row for row, _ in found]
    if run.result.comparisons[0].verdict == DIFFERENT and found:
        run.result.divergence = diverge.first(
            run.result.rows, [order for _, order in found], run.result.tolerance
        )


def _more(run: Run) -> None:
    """What was asked for beyond: gradients, training steps, exports, speed."""
    if run.request.grad and run.torch is not None:
        from transpile.verify.gradients import gradients

        gradients(run)
    if run.request.steps and run.torch is not None:
        from transpile.verify.training import training

        training(run)
    if run.request.exports:
        from transpile.verify.exports import exports

        exports(run)
    if run.request.speed:
        from transpile.verify.speed import speed

        speed(run)
