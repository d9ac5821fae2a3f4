"""Five small models, and their training in torch and in the translation, step by step from the same weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from harness import original, translated

from transpile.weights import load_state_dict, state_dict

CONV = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(6)
        self.conv2 = nn.Conv2d(6, 8, 3, stride=2, padding=1)
        self.bn2 = nn.BatchNorm2d(8)
        self.head = nn.Linear(8, 4)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        x = torch.relu(self.bn2(self.conv2(x)))
        return self.head(x.mean((2, 3)))
"""

DEPTHWISE = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.expand = nn.Conv2d(3, 8, 1)
        self.depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.grouped = nn.Conv2d(8, 8, 3, padding=1, groups=2)
        self.norm = nn.GroupNorm(2, 8)
        self.head = nn.Linear(8, 4)

    def forward(self, x):
        x = torch.relu(self.depthwise(torch.relu(self.expand(x))))
        x = torch.relu(self.norm(self.grouped(x)))
        return self.head(x.mean((2, 3)))
"""

LSTM = """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(5, 6, num_layers=2, bidirectional=True, batch_first=True)
        self.head = nn.Linear(12, 4)

    def forward(self, x):
        y, _ = self.lstm(x)
        return self.head(y[:, -1])
"""

TRANSFORMER = """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)
        self.norm = nn.LayerNorm(8)
        self.head = nn.Linear(8, 4)

    def forward(self, x):
        return self.head(self.norm(self.layer(x)).mean(1))
"""

TIED = """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(7, 6)
        self.mix = nn.Linear(6, 6)
        self.head = nn.Linear(6, 7, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, x):
        return self.head(self.mix(self.embed(x)).tanh().mean(1))
"""

MODELS: dict[str, tuple[str, tuple[int, ...] | None]] = {
    "conv": (CONV, (3, 8, 8)),
    "depthwise": (DEPTHWISE, (3, 8, 8)),
    "lstm": (LSTM, (6, 5)),
    "transformer": (TRANSFORMER, (6, 8)),
    "tied": (TIED, None),
}
STEPS = 10
BATCH = 8


def batches(name: str) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The same batches for everybody."""
    random = np.random.default_rng(1)
    shape = MODELS[name][1]
    for _ in range(STEPS):
        if shape is None:
            yield random.integers(0, 7, (BATCH, 5)), random.integers(0, 7, BATCH)
        else:
            yield random.standard_normal((BATCH, *shape)).astype(np.float32), random.integers(0, 4, BATCH)


class TorchRun:
    """Torch's training: the losses, the state before every step, and the largest gradients of every weight."""

    def __init__(
        self, name: str, make_optimizer: Callable[[Any], Any], dtype: torch.dtype = torch.float32
    ) -> None:
        torch.manual_seed(0)
        module = original(MODELS[name][0]).Net().to(dtype)
        optimizer = make_optimizer(module.parameters())
        self.states: list[dict[str, Any]] = []
        self.optimizers: list[dict[str, Any]] = []
        self.losses: list[float] = []
        for x, y in batches(name):
            self._keep(module, optimizer)
            optimizer.zero_grad()
            given = torch.from_numpy(x)
            given = given.to(dtype) if given.is_floating_point() else given
            loss = torch.nn.functional.cross_entropy(module(given), torch.from_numpy(y))
            loss.backward()
            optimizer.step()
            self.losses.append(loss.item())
        self._keep(module, optimizer)

    def _keep(self, module: Any, optimizer: Any) -> None:
        self.states.append({name: tensor.clone() for name, tensor in module.state_dict().items()})
        kept = optimizer.state_dict()
        state = {i: {k: torch.as_tensor(v).clone() for k, v in s.items()} for i, s in kept["state"].items()}
        self.optimizers.append({"state": state, "param_groups": kept["param_groups"]})


def keras_model(name: str, state: dict[str, Any], exact_training: bool = True) -> Any:
    """The translation with these weights."""
    model = translated(MODELS[name][0], exact_training=exact_training).Net()
    load_state_dict(model, state)
    return model


def keras_training(
    name: str, model: Any, optimizer: Any, first: int
) -> tuple[list[float], list[dict[str, np.ndarray]]]:
    """The losses from step `first` on, and the torch state after each."""
    import tensorflow as tf

    losses, states = [], []
    shape = MODELS[name][1]
    for i, (x, y) in enumerate(batches(name)):
        if i < first:
            continue
        given = tf.constant(np.moveaxis(x, 1, -1) if shape is not None and len(shape) == 3 else x)
        with tf.GradientTape() as tape:
            logits = model(given, training=True)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, logits))
        variables = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        losses.append(float(loss))
        states.append(state_dict(model))
    return losses, states
