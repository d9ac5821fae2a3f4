"""Programs drawn at random: what is translated without a word computes what torch does.

Each is a module of three to six statements on an image, a sequence, a signal or a volume. It is run as it is drawn,
so that torch takes every statement, with values of its own; then it is compared with its translation. The heavy part
draws many programs from a seed that changes by the day, and says the source of one that fails.
"""

from __future__ import annotations

import os
import random
import types
from typing import Any

import numpy as np
import pytest
from harness import FORMATS, loaded, stirred

from transpile import Severity
from transpile.translate import translate

SHAPES = {"image": (2, 4, 4, 6), "sequence": (2, 3, 4), "signal": (3, 4, 6), "volume": (1, 2, 2, 4, 4)}
FIRST = {
    "image": ["nn.Conv2d({c}, 4, 3, padding=1)", "nn.BatchNorm2d({c})", "nn.MaxPool2d(2, 1)"],
    "sequence": ["nn.Linear({l}, 6)", "nn.LayerNorm({l})"],
    "signal": ["nn.Conv1d({c}, 6, 3, padding=1)", "nn.BatchNorm1d({c})", "nn.AvgPool1d(1)"],
    "volume": ["nn.Conv3d({c}, 4, 1)", "nn.BatchNorm3d({c})"],
}
LAYERS = {
    0: ["nn.Linear({l}, 4)", "nn.LayerNorm({l})", "nn.Softmax(dim={a})", "nn.GELU()", "nn.Flatten()",
        "nn.Flatten({b})", "nn.Unflatten(1, (-1, 1))", "nn.GLU({a})"],
    2: ["nn.BatchNorm1d({c})"],
    3: ["nn.Conv1d({c}, 4, 1)", "nn.BatchNorm1d({c})", "nn.MaxPool1d(2)", "nn.Upsample(scale_factor=2)",
        "nn.AdaptiveAvgPool1d(1)"],
    4: ["nn.Conv2d({c}, 4, 1)", "nn.BatchNorm2d({c})", "nn.GroupNorm(1, {c})", "nn.AdaptiveAvgPool2d(1)",
        "nn.PixelShuffle(2)", "nn.Upsample(scale_factor=2)", "nn.LayerNorm(({c}, {h}, {l}))"],
    5: ["nn.Conv3d({c}, 2, 1)", "nn.MaxPool3d((1, 2, 2))"],
}  # fmt: skip
OF_ONE = [
    "{v}.permute({order})", "{v}.transpose({a}, {b})", "{v}.flatten({a})", "{v}.flatten(1)", "{v}.unsqueeze({a})",
    "{v}.reshape({v}.shape[0], -1)", "{v}.reshape(-1, {v}.size({a}))", "{v}.view({v}.size(0), 2, -1, {v}.size(-1))",
    "{v}.view(*{v}.shape[:{b}], -1)", "{v}.flip({a})", "torch.roll({v}, 1, {a})", "{v}.select({a}, -1)",
    "{v}.unbind({a})[0]", "{v}.chunk(2, {a})[-1]", "torch.stack({v}.unbind({a}), {b})", "{v}[:, 1:]", "{v}[..., 0]",
    "{v}[:, None]", "{v}[:, -1]", "{v}[0]", "{v}.mean({a}, keepdim=True)", "{v}.mean(({a}, {b}))", "{v}.max({a})[0]",
    "{v}.softmax({a})", "{v}.cumsum({a})", "{v}.sort({a})[0]", "{v}.topk(1, {a})[0]",
    "{v} - {v}.mean({a}, keepdim=True)",
    "torch.gather({v}, {a}, {v}.argsort({a}))", "F.normalize({v}, dim={a})", "F.pad({v}, (1, 0, 0, 1))",
    "torch.std_mean({v}, {a})[0]", "{v}.expand_as({v}) * 2", "F.interpolate({v}, scale_factor=2)", "-{v}",
    "F.layer_norm({v}, {v}.shape[-1:])", "{v}.repeat_interleave(2, {a})", "{v}.amax(({a}, {b}), keepdim=True)",
]  # fmt: skip
OF_TWO = [
    "{v} + {w}", "{v} * {w}.sigmoid()", "torch.cat([{v}, {w}], {a})", "torch.stack([{v}, {w}], {a})",
    "torch.where({v} > 0, {v}, {w})", "{v} @ {w}.transpose(-1, -2)", "torch.einsum('bcij,bcij->bc', {v}, {w})",
    "{v} * {w}[:, :, None, None]", "{v} + {w}.unsqueeze(1)", "{v}.reshape({w}.shape)",
]  # fmt: skip
STORES = [
    "{t}[:, 1:] = 0.5",
    "{t}[..., 0] += {v}[..., 1]",
    "{t}[-1] *= {v}[-1].flip(-1)",
    "{t}[:, :, 0] -= 1.0",
]
ODDITY = 200  # the largest number of elements that a value may have, and so the cost of a program


class Draw:
    """One program: statements, the layers that they use, and the value that each name has in torch."""

    def __init__(self, seed: int) -> None:
        import torch
        from torch import nn

        self.random = random.Random(seed)
        self.kind = self.random.choice(list(SHAPES))
        self.array = values(SHAPES[self.kind])
        self.layers: list[str] = []
        self.lines: list[str] = []
        self.known: dict[str, Any] = {
            "torch": torch,
            "nn": nn,
            "F": nn.functional,
            "x": torch.tensor(self.array),
        }
        self.names = ["x"]
        self.known["self"] = types.SimpleNamespace()
        if self.random.random() < 0.7:
            self.layer("x", self.random.choice(FIRST[self.kind]))
        for _ in range(60):
            if len(self.lines) >= self.random.randint(4, 7):
                break
            self.statement()

    def layer(self, name: str, made: str) -> None:
        attribute = f"l{len(self.layers)}"
        made = self.filled(made, name)
        self.take(f"v{len(self.names)}", f"self.{attribute}({name})", f"self.{attribute} = {made}")

    def statement(self) -> None:
        """One more line, if torch takes it."""
        v = self.names[-1] if self.random.random() < 0.75 else self.random.choice(self.names)
        rank = self.known[v].dim()
        target = f"v{len(self.names)}"
        kind = self.random.random()
        if not rank:
            return
        if kind < 0.25:
            self.layer(v, self.random.choice(LAYERS[0] + LAYERS.get(rank, [])))
        elif kind < 0.7:
            self.take(target, self.filled(self.random.choice(OF_ONE), v))
        elif kind < 0.92:
            self.take(target, self.filled(self.random.choice(OF_TWO), v, w=self.random.choice(self.names)))
        else:
            stored = self.filled(self.random.choice(STORES), v, t=target)
            self.take(target, f"{v}.clone()", after=stored)

    def filled(self, text: str, v: str, **more: str) -> str:
        shape = tuple(self.known[v].shape)
        rank = len(shape)
        order = list(range(rank))
        self.random.shuffle(order)
        numbers = {
            "a": self.random.randrange(-rank, rank),
            "b": self.random.randrange(rank),
            "order": ", ".join(map(str, order)),
            "c": shape[1] if rank > 1 else 1,
            "h": shape[2] if rank > 2 else 1,
            "l": shape[-1],
        }
        return text.format(v=v, **numbers, **more)

    def take(self, target: str, text: str, layer: str = "", after: str = "") -> None:
        import torch

        known = {**self.known, "self": types.SimpleNamespace(**vars(self.known["self"]))}
        lines = [f"{target} = {text}", *([after] if after else [])]
        try:
            with torch.no_grad():
                exec("\n".join(([layer] if layer else []) + lines), known)
        except (RuntimeError, IndexError, ValueError, TypeError, NotImplementedError):
            return
        value = known[target]
        if not torch.is_tensor(value) or not 0 < value.numel() <= ODDITY or value.dim() > 5:
            return
        if value.dtype != torch.float32 or not torch.isfinite(value).all():
            return
        self.known = known
        self.layers += [layer] if layer else []
        self.lines += lines
        self.names.append(target)

    def source(self) -> str:
        head = [
            "import torch",
            "import torch.nn.functional as F",
            "from torch import nn",
            "",
            "",
            "class Net(nn.Module):",
        ]
        made = [
            "    def __init__(self):",
            "        super().__init__()",
            *(f"        {line}" for line in self.layers),
        ]
        body = ["", "    def forward(self, x):", *(f"        {line}" for line in self.lines)]
        return "\n".join([*head, *made, *body, f"        return {self.names[-1]}", ""])


def values(shape: tuple[int, ...]) -> np.ndarray:
    """Numbers that are all different, in no order."""
    count = int(np.prod(shape))
    order = np.random.default_rng(count).permutation(count)
    return (order.astype("float32") - count / 2 + 0.3).reshape(shape) * 2 / count


def compare(source: str, array: np.ndarray, data_format: str, name: str) -> bool:
    """Whether there was something to compare; a difference fails."""
    import tensorflow as tf
    import torch

    translation = translate(source, data_format=data_format, format_code=False)
    if any(d.severity is not Severity.INFO for d in translation.diagnostics):
        return False  # said
    torch.manual_seed(0)
    original = stirred(loaded(source, f"{name}_torch").Net())
    model = loaded(translation.code, f"{name}_{data_format}").Net()
    from transpile.weights import load_state_dict

    load_state_dict(model, {k: v.numpy() for k, v in original.state_dict().items()})
    signature = translation.signatures["Net.call"]
    with torch.no_grad():
        wanted = original(torch.tensor(array)).numpy()
    note = (
        f"{data_format} {array.shape}\n{source}\n{translation.code[: translation.code.find('# --- torch')]}"
    )
    try:
        found = model(tf.constant(np.moveaxis(array, 1, -1) if signature["x"] else array)).numpy()
    except (tf.errors.InvalidArgumentError, ValueError) as error:
        raise AssertionError(note) from error
    found = np.moveaxis(found, -1, 1) if signature["return"] and found.ndim > 2 else found
    assert found.shape == wanted.shape, note
    scale = max(1.0, float(np.abs(wanted).max()))
    np.testing.assert_allclose(found, wanted, rtol=0, atol=2e-4 * scale, err_msg=note)
    return True


def programs(first: int, count: int) -> int:
    """How many of the programs were translated without a word, and so compared."""
    compared = 0
    for seed in range(first, first + count):
        drawn = Draw(seed)
        for data_format in FORMATS:
            compared += compare(drawn.source(), drawn.array, data_format, f"drawn_{seed}")
    return compared


def test_some_programs() -> None:
    assert programs(0, 8) > 8


@pytest.mark.slow
def test_many_programs() -> None:
    seed = random.Random(os.environ.get("TRANSPILE_TEST_SEED", "0")).randrange(1000, 1_000_000)
    programs(seed, 150)
