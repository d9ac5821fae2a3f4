"""Both models side by side: the same weights, the same inputs, every way to run the translation."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from transpile.verify import diverge, sides, stir
from transpile.verify.layers import Call, recorded_keras, recorded_torch
from transpile.verify.measure import arrays, distance
from transpile.verify.models import KerasModel, TorchModel, layouts, no_dropout, signature
from transpile.verify.result import DIFFERENT, EQUAL, FAILED, SKIPPED, Comparison, Result, Row, StageError
from transpile.verify.sides import stage
from transpile.verify.spec import Given, Target

__all__ = ["Request", "Run", "verify"]

FLOOR, CEILING = 3e-5, 1e-2
FAINT = 0.05  # the second input is that much of the first: what is added to small numbers shows


@dataclass
class Request:
    """What to verify, and how."""

    source: Target | None
    output: Target | None = None
    inputs: Sequence[Given] = ()
    data_format: str = "channels_last"
    rules: tuple[Path, ...] = ()
    exact_training: bool = False
    tolerance: float | None = None
    grad: bool = False
    steps: int = 0
    exports: Sequence[str] = ()
    speed: bool = False
    graph: bool = True
    seed: int = 1
    on_row: Callable[[Row], None] = field(default=lambda row: None)
    on_comparison: Callable[[Comparison], None] = field(default=lambda comparison: None)


@dataclass
class Run:
    """A verification under way: both models, their arguments, and what torch gave."""

    request: Request
    result: Result
    keras: KerasModel
    torch: TorchModel | None = None
    numbers: Any = None  # the arguments as arrays
    torch_arguments: Any = None
    arguments: Any = None  # as TensorFlow tensors
    wanted: list[tuple[str, Any]] = field(default_factory=list)
    output_moved: bool | None = None

    def add(self, comparison: Comparison) -> None:
        self.result.comparisons.append(comparison)
        self.request.on_comparison(comparison)

    def attempt(self, name: str, work: Callable[[], Any], wanted: Any = None, tolerance: float | None = None) -> Comparison:
        """One comparison: what `work` returns, held against torch's results."""
        limit = self.result.tolerance if tolerance is None else tolerance
        try:
            with stage(name):
                got = arrays(work())
        except StageError as error:
            found = Comparison(name, FAILED, note=error.message)
        else:
            found = self.judged(name, got, self.wanted if wanted is None else wanted, limit)
        self.add(found)
        return found

    def judged(self, name: str, got: Any, wanted: Any, limit: float) -> Comparison:
        apart, why = distance(wanted, got, self.output_moved)
        verdict = EQUAL if apart is not None and apart <= limit else DIFFERENT
        return Comparison(name, verdict, apart, limit, why)


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
    original = sides.original(request.source) if request.source else None
    torch_model = None
    if original is not None:
        with stage("import of torch"):
            import torch

            torch.set_grad_enabled(True)
        with stage("source"):
            torch_model = TorchModel(original)
    with stage("import of TensorFlow"):
        import tensorflow  # noqa: F401
    with stage("output"):
        keras = KerasModel(side)
    run = Run(request, result, keras, torch_model)
    run.numbers = stir.inputs(request.inputs, request.seed)
    calls: list[Call] = []
    if torch_model is not None:
        calls = _reference(run, torch_model)
    _transfer_and_call(run, calls)
    if torch_model is not None:
        _faint(run, torch_model)
    if request.graph:
        _graphs(run)
    if torch_model is not None and torch_model.is_module:
        _training_call(run, torch_model)
    _more(run)
    if result.divergence is not None:
        result.divergence.warnings = diverge.on_the_way(result.divergence, result.rows, side.diagnostics)


def _output_side(request: Request, kept: list[Any]) -> sides.Side:
    if request.output is not None:
        side = sides.given(request.output)
        if request.source is not None:  # for its signatures and its diagnostics
            made = sides.translated(request.source, request.data_format, request.rules, request.exact_training)
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
        run.wanted = _copies(value)
        torch.manual_seed(2)
        again = _copies(torch_model.call(fresh()))
    if not run.wanted:
        raise StageError("source call", "the model returns no tensor")
    if (distance(run.wanted, again)[0] or 0.0) > 1e-5:
        raise StageError("source call", "the model's results are random: two calls differ, so nothing can be compared")
    other = stir.inputs(request.inputs, request.seed + 1)
    with stage("source call"):
        moved = _copies(torch_model.call(torch_model.tensors(other, request.inputs)))
    if any(spec.is_tensor for spec in request.inputs) and (distance(run.wanted, moved)[0] or 1.0) < 1e-3:
        result.notes.append("the results hardly depend on the input: equality says little about this model")
    result.tolerance = request.tolerance or _tolerance(run, torch_model)
    return calls


def _copies(value: Any) -> list[tuple[str, Any]]:
    return [(path, array.copy()) for path, array in arrays(value)]


def _tolerance(run: Run, torch_model: TorchModel, numbers: Any = None, wanted: Any = None) -> float:
    """Twenty times what float32 costs torch itself, within bounds."""
    import torch

    def double(value: Any) -> Any:
        return value.double() if torch.is_tensor(value) and value.is_floating_point() else value

    given = torch_model.tensors(numbers or run.numbers, run.request.inputs)
    arguments = [double(v) for v in given[0]], {k: double(v) for k, v in given[1].items()}
    try:
        model = copy.deepcopy(torch_model.model).double() if torch_model.is_module else torch_model.model
        exact = _copies(torch_model.call(arguments, model))
        gap = distance(exact, wanted or run.wanted)[0]
    except Exception:  # a model that names its dtypes does not run in another
        return 1e-4
    return float(min(max(FLOOR, 20 * (gap or 0.0)), CEILING))


def _transfer_and_call(run: Run, calls: list[Call]) -> None:
    """The eager comparison, layer by layer, in the layout that the model takes."""
    request, result, keras = run.request, run.result, run.keras
    state = run.torch.state() if run.torch is not None else {}
    data_format = request.data_format
    best: tuple[Comparison, dict[int | str, bool], Any] | None = None
    failure: StageError | None = None
    for attempt, moved in enumerate(layouts(keras.side, keras.model, run.numbers, data_format)):
        if attempt and state:
            with stage("output"):  # a call in the wrong layout may have built layers for it
                keras = KerasModel(keras.side)
        keras.moved = moved
        arguments = keras.tensors(run.numbers, request.inputs)
        run.output_moved = _returns_moved(keras)
        try:
            with stage("output call"):
                got = arrays(keras.call(arguments))
            if state:
                with stage("weights"):
                    _transfer(keras, state)
            with stage("output call"):
                got = arrays(keras.call(arguments))
        except StageError as error:
            failure = failure or error
            continue
        if run.torch is None:
            run.wanted = [(path, np.array(array)) for path, array in got]
            result.tolerance = request.tolerance or 1e-4
        found = run.judged("eager", got, run.wanted, result.tolerance)
        if best is None or (found.difference is not None and (best[0].difference is None or found.difference < best[0].difference)):
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
    result.layout = ", ".join(f"{k}: channels last" for k, m in moved.items() if m) or "torch's order"
    if run.torch is None:
        found.note = "the reference of the other runs: no torch source was given"
    run.add(found)
    if calls:
        _layers(run, calls)


def _returns_moved(keras: KerasModel) -> bool | None:
    said = signature(keras.side, keras.model).get("return")
    return True if isinstance(said, str) else None


def _transfer(keras: KerasModel, state: dict[str, Any]) -> None:
    from transpile.weights import load_state_dict

    load_state_dict(keras.model, state)


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
        run.result.divergence = diverge.first(*zip(*found, strict=True), run.result.tolerance)  # type: ignore[arg-type]


def _faint(run: Run, torch_model: TorchModel) -> None:
    """The same on an input near zero, where epsilons and biases count."""
    if not any(spec.is_float and spec.low is None for spec in run.request.inputs):
        return
    numbers = stir.inputs(run.request.inputs, run.request.seed + 2, FAINT)
    try:
        wanted = _copies(torch_model.call(torch_model.tensors(numbers, run.request.inputs)))
    except Exception:
        return
    limit = run.request.tolerance or _tolerance(run, torch_model, numbers, wanted)
    arguments = run.keras.tensors(numbers, run.request.inputs)
    run.attempt("faint input", lambda: run.keras.call(arguments), wanted, limit)


def _graphs(run: Run) -> None:
    """Under tf.function as it is, then with what varies unknown."""
    import tensorflow as tf

    tensors = [v for v in (*run.arguments[0], *run.arguments[1].values()) if tf.is_tensor(v)]
    if not tensors:
        run.add(Comparison("tf.function", SKIPPED, note="no argument is a tensor"))
        return

    def traced(specs: Any) -> Any:
        return run.keras.run(run.keras.function(specs), run.arguments)

    fixed = run.keras.open(run.arguments, False)
    exact = (
        [tf.TensorSpec(v.shape, v.dtype) if tf.is_tensor(v) else v for v in run.arguments[0]],
        {k: tf.TensorSpec(v.shape, v.dtype) if tf.is_tensor(v) else v for k, v in run.arguments[1].items()},
    )
    run.attempt("tf.function", lambda: traced(exact))
    open_ = run.keras.open(run.arguments, True)
    found = run.attempt("open signature", lambda: traced(open_))
    found.figures["unknown"] = "batch, height and width" if open_ != fixed else "batch"
    if found.verdict == FAILED and open_ != fixed:
        run.result.comparisons.pop()
        second = run.attempt("open signature", lambda: traced(fixed))
        second.figures["unknown"] = "batch"
        second.note = f"unknown height and width: {found.note.splitlines()[0] if found.note else 'failed'}"


def _training_call(run: Run, torch_model: TorchModel) -> None:
    """One call in training mode with dropout off: what a lost training flag changes, shows here."""
    import torch

    model = copy.deepcopy(torch_model.model) if _copyable(torch_model.model) else None
    if model is None:
        run.add(Comparison("training call", SKIPPED, note="the torch model cannot be copied"))
        return
    with no_dropout():
        try:
            results = []
            for seed in (1, 2):
                torch.manual_seed(seed)
                one = copy.deepcopy(model).train()
                results.append(_copies(torch_model.call(torch_model.tensors(run.numbers, run.request.inputs), one)))
        except Exception as error:
            run.add(Comparison("training call", SKIPPED, note=f"torch: {type(error).__name__}: {error}"[:300]))
            return
        if (distance(*results)[0] or 0.0) > 1e-5:
            run.add(Comparison("training call", SKIPPED, note="random in training"))
            return
        if distance(results[0], run.wanted)[0] == 0.0:
            return  # training is nothing else
        state = torch_model.state()
        found = run.attempt(
            "training call",
            lambda: run.keras.call(run.arguments, training=True),
            results[0],
            max(10 * run.result.tolerance, 1e-3),
        )
        if state and found.verdict != FAILED:
            _transfer(run.keras, state)


def _copyable(model: Any) -> bool:
    try:
        copy.deepcopy(model)
    except Exception:
        return False
    return True


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
