"""torch's own layer tests (ModuleInfo) as judges of the translation.

A layer is written as a model of its own, with the constructor arguments of torch's sample; the model is translated
in both data formats, takes the weights of the original, and is held against it in eval and in training mode: its
outputs, and the gradients of its inputs and of its weights, these under torch's names.
"""

from __future__ import annotations

import functools
import warnings
from typing import Any

import numpy as np
from conformance.operators import VERDICTS, Unwritable, array, leaves, written
from harness import imported, without_torch

from transpile import Severity, translate

# A layer that draws random numbers in training is compared in eval mode alone.
RANDOM = ("Dropout", "RReLU")


# torch's gradient by what log_softmax gives is that by the logits before it: the same once it has passed through.
OF_LOGITS = {"CTCLoss"}


@functools.cache
def database() -> dict[str, Any]:
    """The layers by name, those of quantization left out."""
    from torch.testing._internal.common_modules import module_db

    found = {
        info.module_cls.__name__: info
        for info in module_db
        if info.module_cls.__module__.startswith("torch.nn.")
    }
    return found


def source(name: str, built: Any, called: Any) -> tuple[str, list[Any], list[Any]]:
    """A module with the class `Net` around one layer; the tensors of its constructor and of its forward."""
    own: list[Any] = []
    given: list[Any] = []
    arguments = [encoder_layer(a) or written(a, own) for a in built.args]
    arguments += [f"{key}={written(value, own)}" for key, value in built.kwargs.items()]
    operands = [written(a, given) for a in called.args]
    operands += [f"{key}={written(value, given)}" for key, value in called.kwargs.items()]
    constructor = [a.replace("x", "w", 1) if a[:1] == "x" else a for a in arguments]
    constructor = [a.replace("=x", "=w", 1) for a in constructor]
    parameters = "".join(f", x{i}" for i in range(len(given)))
    weights = "".join(f", w{i}" for i in range(len(own)))
    text = f"""
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self{weights}):
        super().__init__()
        self.layer = nn.{name}({', '.join(constructor)})

    def forward(self{parameters}):
        return self.layer({', '.join(operands)})
"""
    return text.lstrip(), own, given


def encoder_layer(value: Any) -> str | None:
    """The source of a layer that another one is given."""
    import torch

    if not isinstance(value, torch.nn.TransformerEncoderLayer):
        return None
    activation = written(value.activation, [])
    attention, hidden = value.self_attn, value.linear1
    return (
        f"nn.TransformerEncoderLayer({attention.embed_dim}, {attention.num_heads}, {hidden.out_features}, "
        f"{value.dropout.p}, {activation}, {value.norm1.eps}, {attention.batch_first}, {value.norm_first}, "
        f"{hidden.bias is not None})"
    )


def verdict(name: str, data_format: str, training: bool) -> tuple[str, str] | None:
    """The worst verdict over a layer's samples, and the lines it is of."""
    import torch

    info = database()[name]
    if training and name.startswith(RANDOM):
        return None
    worst: tuple[str, str] | None = None
    torch.manual_seed(0)
    inputs = info.module_inputs_func(
        info, device="cpu", dtype=torch.float32, requires_grad=False, training=training
    )
    for sample in inputs[:8]:
        found = of_sample(name, sample, data_format, training)
        if found is not None and (worst is None or VERDICTS.index(found[0]) < VERDICTS.index(worst[0])):
            worst = found
    return worst


def of_sample(name: str, sample: Any, data_format: str, training: bool) -> tuple[str, str] | None:
    """The verdict on one sample: as of an operator."""
    import tensorflow as tf
    import torch

    from transpile.verify.gradients import in_torch_order
    from transpile.weights import load_state_dict

    try:
        text, own, given = source(name, sample.constructor_input, sample.forward_input)
        names: dict[str, Any] = {}
        exec(text, names)
        torch.manual_seed(0)
        own = [t.float() if t.is_floating_point() else t for t in own]
        model = names["Net"](*own).train(training)
        if name.startswith("Lazy"):
            model(*given)  # the first call makes its weights
        start = {key: array(value).copy() for key, value in model.state_dict().items()}
        taken = [t.detach().clone() for t in given]
        for place, tensor in enumerate(taken):  # what is compared with a target alone has no gradient by it
            tensor.requires_grad_(tensor.is_floating_point() and (place == 0 or not name.endswith("Loss")))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wanted = [t for t in tensors(model(*taken)) if t.is_floating_point()]
            total = sum((t * torch.linspace(0.5, 1.5, t.numel()).reshape(t.shape)).sum() for t in wanted)
            needed = [t for t in taken if t.requires_grad]
            weights = {key: p for key, p in model.named_parameters() if p.requires_grad}
            asked = [*needed, *weights.values()]
            slopes = torch.autograd.grad(total, asked, allow_unused=True) if asked else ()
    except (Unwritable, RuntimeError, TypeError, ValueError, NotImplementedError):
        return None
    line = text[text.index("self.layer") :].replace("\n\n", " ").replace("\n", " ")
    translation = translate(text, data_format=data_format)
    said = any(d.severity is not Severity.INFO for d in translation.diagnostics)
    images = translation.signatures.get("Net.call", {})
    try:
        output = imported(translation.code)
        with without_torch():
            net = output.Net(*(tf.constant(array(t)) for t in own))
        load_state_dict(net, start, strict=False)
        marks = [images.get(f"x{i}") for i in range(len(given))]
        values = [tf.constant(last(array(t), mark)) for t, mark in zip(given, marks, strict=True)]
        moved = [v for v, t in zip(values, taken, strict=True) if t.requires_grad]
        with without_torch(), tf.GradientTape() as tape:
            tape.watch(moved)
            flat = [t for t in tf.nest.flatten(net(*values, training=training)) if t.dtype.is_floating]
            result = images.get("return")
            flat = [to_torch(t, mark) for t, mark in zip(flat, spread(result, len(flat)), strict=True)]
            total = tf.add_n(
                [tf.reduce_sum(t * tf.reshape(tf.linspace(0.5, 1.5, tf.size(t)), t.shape)) for t in flat]
            )
        variables = {id(v): v for v in net.trainable_variables}
        inner = [getattr(v, "value", v) for v in variables.values()]
        found = tape.gradient(total, [*moved, *inner])
        gradients = found[: len(moved)] if name not in OF_LOGITS else [None] * len(moved)
        by_variable = {
            key: np.zeros(v.shape, "float32") if g is None else tf.convert_to_tensor(g).numpy()
            for (key, v), g in zip(variables.items(), found[len(moved) :], strict=True)
        }
        of_weights = in_torch_order(net, by_variable)
        floating = [mark for t, mark in zip(taken, marks, strict=True) if t.requires_grad]
        same = agree(leaves([*wanted]), [t.numpy() for t in flat]) and all(
            a is None or b is None or agree([array(a)], [to_torch(tf.convert_to_tensor(b), mark).numpy()])
            for a, b, mark in zip(slopes[: len(needed)], gradients, floating, strict=True)
        )
        same = same and all(
            a is None or agree([array(a)], [of_weights[key]])
            for key, a in zip(weights, slopes[len(needed) :], strict=True)
        )
    except Exception as error:
        same, line = False, f"{line}  # {type(error).__name__}: {error}"[:400]
    return ("equal" if same else "said" if said else "silent"), line


def tensors(value: Any) -> list[Any]:
    """The tensors of a nest of torch's, in order."""
    if isinstance(value, tuple | list):
        return [t for v in value for t in tensors(v)]
    return [value] if hasattr(value, "is_floating_point") else []


def spread(signature: Any, count: int) -> list[Any]:
    """The signature of each of some results, by one that may stand for all of them."""
    marks = signature if isinstance(signature, list) else [signature]
    return marks if len(marks) == count else [marks[0]] * count


ANY_RANK = "N...C"


def last(value: np.ndarray, signature: Any) -> np.ndarray:
    """An array in torch's order with its channels last, where it is an image, or first without a batch."""
    channels = 0 if signature and signature != ANY_RANK and value.ndim == len(signature) - 1 else 1
    return (
        np.ascontiguousarray(np.moveaxis(value, channels, -1))
        if signature and value.ndim > 2 - (not channels)
        else value
    )


def to_torch(value: Any, signature: Any) -> Any:
    """An image with its channels last in torch's order."""
    import tensorflow as tf

    rank = len(value.shape)
    if not signature or rank < 2:
        return value
    if signature != ANY_RANK and rank == len(signature) - 1:
        return tf.transpose(value, [rank - 1, *range(rank - 1)])
    return tf.transpose(value, [0, rank - 1, *range(1, rank - 1)]) if rank > 2 else value


def agree(wanted: list[Any], found: list[Any]) -> bool:
    """Whether shapes and values agree."""
    return len(wanted) == len(found) and all(
        a.shape == b.shape and np.allclose(a, b, rtol=2e-3, atol=2e-4, equal_nan=True)
        for a, b in zip(wanted, found, strict=True)
    )
