"""Gradients of the inputs and of the weights, held against torch's.

Keras' gradients are brought into torch's names and axis orders by what brings the weights there: each is put
through the slot of its variable. A gradient that only float32's noise makes (the key bias of an attention has a
true gradient of zero) is compared with the largest gradient of the model, not with itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from transpile.verify.measure import arrays
from transpile.verify.result import DIFFERENT, EQUAL, FAILED, Comparison, StageError
from transpile.verify.sides import stage

if TYPE_CHECKING:
    from transpile.verify.session import Run

__all__ = ["gradients", "in_torch_order", "loss_weights", "tensors_in"]

SMALL = 1e-2  # of the largest gradient of all: below that, a tensor's scale is that of noise


def loss_weights(wanted: list[tuple[str, Any]]) -> list[Any]:
    """One fixed random factor for every number of the results: their sum is the loss."""
    random = np.random.default_rng(3)
    return [
        random.standard_normal(a.shape).astype("float32") if a.dtype.kind == "f" else None for _, a in wanted
    ]


def gradients(run: Run) -> None:
    """Add the comparisons "input gradients" and "weight gradients"."""
    assert run.torch is not None
    factors = loss_weights(run.wanted)
    limit = max(30 * run.result.tolerance, 1e-3)
    try:
        with stage("gradients of the source"):
            want_inputs, want_weights = _torch(run, factors)
        with stage("gradients of the output"):
            got_inputs, got_weights = _keras(run, factors)
    except StageError as error:
        run.add(Comparison(error.stage, FAILED, note=error.message))
        return
    if want_inputs:
        run.add(_judged("input gradients", want_inputs, got_inputs, limit, "input "))
    if want_weights:
        run.add(_judged("weight gradients", want_weights, got_weights, limit))


def _judged(name: str, want: dict[str, Any], got: dict[str, Any], limit: float, noun: str = "") -> Comparison:
    largest = max((float(np.abs(g).max()) for g in want.values() if g.size), default=0.0)
    worst, where, absent = 0.0, "", []
    for key, wanted in want.items():
        found = got.get(key)
        if found is None:
            if wanted.size and float(np.abs(wanted).max()) > SMALL * largest:
                absent.append(key)
            continue
        scale = max(float(np.abs(wanted).max(initial=0.0)), SMALL * largest, 1e-12)
        apart = (
            float(np.abs(wanted - found).max(initial=0.0)) / scale
            if wanted.shape == found.shape
            else float("inf")
        )
        if not apart <= worst:
            worst, where = apart, key
    note = f"largest at {noun}{where}" if where else ""
    if absent:
        note += f"; no counterpart: {', '.join(absent[:5])}" + (" …" if len(absent) > 5 else "")
    verdict = EQUAL if worst <= limit else DIFFERENT
    return Comparison(name, verdict, worst, limit, note.lstrip("; "), {"compared": len(want) - len(absent)})


def _torch(run: Run, factors: list[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    import torch

    assert run.torch is not None
    model = run.torch.model
    positional, named = run.torch.tensors(run.numbers, run.request.inputs)
    leaves = {}
    for key, value in [*enumerate(positional), *named.items()]:
        if torch.is_tensor(value) and value.is_floating_point():
            leaves[str(key)] = value.requires_grad_()
    if run.torch.is_module:
        model.zero_grad()
    with run.torch.side.world.entered():
        results = _tensors(model(*run.torch.packed(positional), **named), torch.is_tensor)
    loss = sum(
        (r * torch.from_numpy(f)).sum() for r, f in zip(results, factors, strict=True) if f is not None
    )
    if torch.is_tensor(loss) and loss.requires_grad:
        loss.backward()
    inputs = {k: v.grad.numpy() for k, v in leaves.items() if v.grad is not None}
    weights = {}
    if run.torch.is_module:
        weights = {k: p.grad.numpy().copy() for k, p in model.named_parameters() if p.grad is not None}
        model.zero_grad()
    return inputs, weights


def tensors_in(value: Any) -> list[Any]:
    """The TensorFlow tensors and variables of a nest, in the order of `measure.arrays`."""
    import tensorflow as tf

    return _tensors(value, lambda t: tf.is_tensor(t) or isinstance(t, (tf.Variable, tf.keras.Variable)))


def _tensors(value: Any, is_tensor: Any) -> list[Any]:
    """The tensors of a nest in the order of `measure.arrays`."""
    if is_tensor(value):
        return [value]
    if isinstance(value, dict):
        return [t for key in sorted(value, key=str) for t in _tensors(value[key], is_tensor)]
    if isinstance(value, (list, tuple)):
        return [t for item in value for t in _tensors(item, is_tensor)]
    if hasattr(value, "__dict__") and not callable(value):
        fields = {k: v for k, v in vars(value).items() if not k.startswith("_")}
        return [t for key in sorted(fields) for t in _tensors(fields[key], is_tensor)]
    return []


def _keras(run: Run, factors: list[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    import tensorflow as tf

    model, arguments = run.keras.model, run.arguments
    watched = {
        str(k): v
        for k, v in [*enumerate(arguments[0]), *arguments[1].items()]
        if tf.is_tensor(v) and v.dtype.is_floating
    }
    variables = list(getattr(model, "trainable_variables", ()))
    with tf.GradientTape(persistent=False) as tape:
        for tensor in watched.values():
            tape.watch(tensor)
        loss = total(run, run.keras.call(arguments), factors)
    raw = [v.value if hasattr(v, "value") and not callable(v.value) else v for v in variables]
    found = tape.gradient(loss, [*watched.values(), *raw])
    inputs = {}
    for (key, _), gradient in zip(watched.items(), found, strict=False):
        if gradient is not None:
            array = tf.convert_to_tensor(gradient).numpy()
            place: int | str = int(key) if key.isdigit() else key
            axis = run.keras.channels(place, array.ndim)
            inputs[key] = np.moveaxis(array, -1, axis) if run.keras.moved.get(place) else array
    by_variable = {
        id(v): np.zeros(v.shape, "float32") if g is None else tf.convert_to_tensor(g).numpy()
        for v, g in zip(variables, found[len(watched) :], strict=True)
    }
    return inputs, in_torch_order(model, by_variable)


def total(run: Run, value: Any, factors: list[Any]) -> Any:
    """The loss: every result times its factors, in the layout that the result has."""
    import tensorflow as tf

    parts = []
    for result, factor, (_, wanted) in zip(tensors_in(value), factors, run.wanted, strict=True):
        if factor is None:
            continue
        if run.output_moved or tuple(result.shape) != factor.shape or _is_moved(run, result, wanted):
            factor = np.moveaxis(factor, 1, -1) if factor.ndim > 2 else factor
        parts.append(tf.reduce_sum(tf.cast(result, tf.float32) * factor))
    return tf.add_n(parts)


def _is_moved(run: Run, result: Any, wanted: Any) -> bool:
    from transpile.verify.measure import fit

    found = fit(wanted, arrays(result)[0][1]) if hasattr(result, "numpy") else None
    return found is not None and found[1]


def in_torch_order(model: Any, by_variable: dict[int, Any]) -> dict[str, Any]:
    """Arrays given by their variables' ids, under torch's names and in torch's order.

    Where one Keras bias stands for torch's two, the gradient of their sum is the gradient of each.
    """
    from transpile.weights.places import Site
    from transpile.weights.walk import walk

    found: dict[str, Any] = {}
    for place in walk(model, {}):
        if not isinstance(place, Site):
            name, leaf = place
            array = by_variable.get(id(leaf.value))
            if array is not None:
                found[name] = array if leaf.axes is None else array.transpose(np.argsort(leaf.axes))
            continue
        for slot in place.family.slots(place.layer, {}):
            arrays_ = [by_variable.get(id(cell.variable)) for cell in slot.cells]
            if any(array is None for array in arrays_):
                continue
            parts = slot.to_torch(*arrays_)
            if len(slot.names) > len(slot.cells):
                parts = (np.add.reduce(parts),) * len(parts)
            found.update({place.torch_name(n): a for n, a in zip(slot.names, parts, strict=True)})
    return found
