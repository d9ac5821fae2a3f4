"""The other ways to run the translation: on an input near zero, traced, and in training mode."""

from __future__ import annotations

import copy
from typing import Any

from transpile.verify import stir
from transpile.verify.measure import distance
from transpile.verify.models import TorchModel, no_dropout
from transpile.verify.result import DIFFERENT, EQUAL, FAILED, SKIPPED, Comparison, StageError
from transpile.verify.session import Run, copies, tolerance, transfer
from transpile.verify.sides import stage

__all__ = ["faint", "graphs", "training_call"]

FAINT = 0.05  # the second input is that much of the first: what is added to small numbers shows


def faint(run: Run, torch_model: TorchModel) -> None:
    """The same on an input near zero, where epsilons and biases count."""
    if not any(spec.is_float and spec.low is None for spec in run.request.inputs):
        return
    numbers = stir.inputs(run.request.inputs, run.request.seed + 2, FAINT)
    try:
        with stage("faint input"):
            wanted = copies(torch_model.call(torch_model.tensors(numbers, run.request.inputs)))
    except StageError as error:
        note = f"the torch model does not take it: {error.message}"
        run.add(Comparison("faint input", SKIPPED, note=note))
        return
    arguments = run.keras.tensors(numbers, run.request.inputs)
    found = run.attempt("faint input", lambda: run.keras.call(arguments), wanted)
    if found.verdict == DIFFERENT and found.difference is not None and run.request.tolerance is None:
        limit = tolerance(run, torch_model, numbers, wanted)  # near zero float32 may cost more
        run.result.comparisons.remove(found)
        run.add(
            Comparison(found.name, EQUAL if found.difference <= limit else DIFFERENT, found.difference, limit)
        )


def graphs(run: Run) -> None:
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


def training_call(run: Run, torch_model: TorchModel) -> None:
    """One call in training mode with dropout off: what a lost training flag changes, shows here."""
    import torch

    try:
        with stage("training call"):
            model = copy.deepcopy(torch_model.model).train()
    except StageError:
        run.add(Comparison("training call", SKIPPED, note="the torch model cannot be copied"))
        return
    with no_dropout():
        results = []
        try:
            # statistics of the batch normalize: the first call leaves the second as it would be
            for seed in (1, 2):
                torch.manual_seed(seed)
                with stage("training call"):
                    arguments = torch_model.tensors(run.numbers, run.request.inputs)
                    results.append(copies(torch_model.call(arguments, model)))
        except StageError as error:
            run.add(Comparison("training call", SKIPPED, note=f"torch: {error.message}"[:300]))
            return
        if (distance(results[0], results[1])[0] or 0.0) > 1e-5:
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
            transfer(run.keras, state)
