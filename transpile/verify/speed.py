"""How long a call takes, as a ratio to torch's: both in turn, the best of several rounds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from transpile.verify.result import EQUAL, FAILED, Comparison, StageError
from transpile.verify.sides import stage

if TYPE_CHECKING:
    from transpile.verify.session import Run

__all__ = ["speed"]

ROUNDS, SECONDS = 7, 0.2


def speed(run: Run) -> None:
    """Add the comparison "speed": eager and tf.function, in milliseconds and as ratios to torch."""
    import tensorflow as tf

    calls: dict[str, Callable[[], Any]] = {}
    try:
        with stage("speed"):
            if run.torch is not None:
                torch_model = run.torch
                arguments = torch_model.tensors(run.numbers, run.request.inputs)
                calls["torch"] = lambda: torch_model.call(arguments)
            calls["eager"] = lambda: run.keras.call(run.arguments)
            exact = (
                [tf.TensorSpec(v.shape, v.dtype) if tf.is_tensor(v) else v for v in run.arguments[0]],
                {
                    k: tf.TensorSpec(v.shape, v.dtype) if tf.is_tensor(v) else v
                    for k, v in run.arguments[1].items()
                },
            )
            function = run.keras.function(exact)
            calls["tf.function"] = lambda: run.keras.run(function, run.arguments)
            best = _best(calls)
    except StageError as error:
        run.add(Comparison("speed", FAILED, note=error.message))
        return
    figures = {name: round(seconds * 1e3, 3) for name, seconds in best.items()}
    if "torch" in best:
        ratios = {name: best[name] / best["torch"] for name in best if name != "torch"}
        figures.update({f"{name} / torch": round(ratio, 2) for name, ratio in ratios.items()})
        note = ", ".join(f"{name} {ratio:.2f} of torch" for name, ratio in ratios.items())
    else:
        note = f"tf.function {best['tf.function'] / best['eager']:.2f} of eager"
    run.add(Comparison("speed", EQUAL, None, None, note, figures))


def _best(calls: dict[str, Callable[[], Any]]) -> dict[str, float]:
    best: dict[str, float] = {}
    counts: dict[str, int] = {}
    for name, call in calls.items():
        call()
        begun = time.perf_counter()
        call()
        counts[name] = max(1, int(SECONDS / ROUNDS / max(time.perf_counter() - begun, 1e-6)))
    for _ in range(ROUNDS):
        for name, call in calls.items():
            begun = time.perf_counter()
            for _ in range(counts[name]):
                call()
            taken = (time.perf_counter() - begun) / counts[name]
            best[name] = min(best.get(name, taken), taken)
    return best
