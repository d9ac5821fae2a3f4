"""N steps of gradient descent from the same weights on the same data, dropout off: losses, statistics, weights."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from transpile.verify.gradients import _tensors, loss_weights, tensors_in
from transpile.verify.measure import fit
from transpile.verify.models import no_dropout
from transpile.verify.result import DIFFERENT, EQUAL, FAILED, Comparison, StageError
from transpile.verify.sides import stage

if TYPE_CHECKING:
    from transpile.verify.session import Run

__all__ = ["training"]

RATE = 1e-3


def training(run: Run) -> None:
    """Add the comparisons "training loss" and "training state"; the models get their weights back."""
    assert run.torch is not None
    if not run.torch.is_module:
        return
    steps = run.request.steps
    targets = loss_weights(run.wanted)
    from transpile.weights import load_state_dict, state_dict

    before = run.torch.state()
    try:
        with no_dropout(), stage("training of the source"):
            want_losses, want_state = _torch(run, steps, targets)
        with no_dropout(), stage("training of the output"):
            got_losses = _keras(run, steps, targets)
            got_state = state_dict(run.keras.model)
    except StageError as error:
        run.add(Comparison(error.stage, FAILED, note=error.message))
        return
    finally:
        load_state_dict(run.keras.model, before)
    limit = 1e-3 * max(1, steps) ** 0.5
    gap = max(abs(w - g) / max(abs(w), 1e-6) for w, g in zip(want_losses, got_losses, strict=True))
    curve = {"torch": want_losses, "keras": got_losses}
    run.add(
        Comparison("training loss", EQUAL if gap <= limit else DIFFERENT, gap, limit, f"{steps} steps", curve)
    )
    worst, where, compared = 0.0, "", 0
    for name, wanted in want_state.items():
        found = got_state.get(name)
        if found is None or wanted.dtype.kind != "f" or found.shape != wanted.shape:
            continue
        moved = wanted - before[name]
        scale = max(
            float(np.abs(moved).max(initial=0.0)), 1e-2 * float(np.abs(wanted).max(initial=0.0)), 1e-6
        )
        apart = float(np.abs(wanted - found).max(initial=0.0)) / scale
        compared += 1
        if apart > worst:
            worst, where = apart, name
    loose = 1e-2
    verdict = EQUAL if worst <= loose else DIFFERENT
    run.add(
        Comparison(
            "training state",
            verdict,
            worst,
            loose,
            f"largest at {where}" if where else "",
            {"compared": compared},
        )
    )


def _torch(run: Run, steps: int, targets: list[Any]) -> tuple[list[float], dict[str, Any]]:
    import torch

    assert run.torch is not None
    model = copy.deepcopy(run.torch.model).train()
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=RATE)
    losses = []
    for _ in range(steps):
        positional, named = run.torch.tensors(run.numbers, run.request.inputs)
        with run.torch.side.world.entered():
            results = _tensors(model(*run.torch.packed(positional), **named), torch.is_tensor)
        loss = sum(
            ((r - torch.from_numpy(t)) ** 2).mean()
            for r, t in zip(results, targets, strict=True)
            if t is not None and tuple(r.shape) == t.shape
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    return losses, {k: v.numpy().copy() for k, v in model.state_dict().items() if hasattr(v, "numpy")}


def _keras(run: Run, steps: int, targets: list[Any]) -> list[float]:
    import tensorflow as tf

    variables = list(run.keras.model.trainable_variables)
    raw = [v.value if hasattr(v, "value") and not callable(v.value) else v for v in variables]
    moved = [_moved(run, w, g) for (_, w), g in zip(run.wanted, _eager(run), strict=True)]
    losses = []
    for _ in range(steps):
        with tf.GradientTape() as tape:
            results = tensors_in(run.keras.call(run.arguments, training=True))
            parts = [
                tf.reduce_mean((r - (np.moveaxis(t, 1, -1) if last else t)) ** 2)
                for r, t, last in zip(results, targets, moved, strict=True)
                if t is not None
            ]
            loss = tf.add_n(parts)
        for variable, gradient in zip(variables, tape.gradient(loss, raw), strict=True):
            if gradient is not None:
                variable.assign_sub(RATE * tf.convert_to_tensor(gradient))
        losses.append(float(loss))
    return losses


def _eager(run: Run) -> list[Any]:
    from transpile.verify.measure import arrays

    return [array for _, array in arrays(run.keras.call(run.arguments))]


def _moved(run: Run, want: Any, got: Any) -> bool:
    found = fit(want, got, moved=run.output_moved if want.ndim >= 4 else None)
    return found is not None and found[1]
