"""How far ten steps of training drift from torch's: translated with --exact-training, and without.

    python benchmarks/training_drift.py [conv] [depthwise] [lstm] [transformer] [tied]

The five models of tests/weights/training.py, from the same weights and on the same batches; the layers and the
optimizer are what the translation makes of torch's. The figure is the largest relative difference of the loss over the
ten steps, and after the last step the largest difference of a weight, relative to the largest value of its tensor;
tensors whose gradient is only noise in float32 (torch in float32 and float64 part by more than 1e-4 there) are left
out. Two biases that only their sum tells of (LSTM), of which plain Keras has one, are compared as their sum.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import numpy as np  # noqa: E402
import torch  # noqa: E402
from harness import translated  # noqa: E402
from weights.training import MODELS, TorchRun, keras_model, keras_training  # noqa: E402

OPTIMIZERS = {
    "SGD": "SGD(parameters, 0.05, momentum=0.9)",
    "Adam": "Adam(parameters, 0.01)",
    "AdamW": "AdamW(parameters, 0.01, weight_decay=0.1)",
}


def theirs(kind: str) -> Any:
    return lambda parameters: eval(
        f"torch.optim.{OPTIMIZERS[kind]}", {"torch": torch, "parameters": parameters}
    )


def ours(kind: str, exact_training: bool) -> Any:
    """What the translation makes of the optimizer."""
    source = f"from torch import optim\n\n\ndef made(parameters):\n    return optim.{OPTIMIZERS[kind]}\n"
    return translated(source, exact_training=exact_training).made(None)


def summed(state: dict[str, Any]) -> dict[str, np.ndarray]:
    """The tensors in float64, with both biases of a recurrent layer as one."""
    found: dict[str, np.ndarray] = {}
    for name, value in state.items():
        key = name.replace("bias_hh", "bias_ih")
        found[key] = found.get(key, 0.0) + np.asarray(value, np.float64)
    return found


def drift(
    name: str, kind: str, exact_training: bool, single: TorchRun, double: TorchRun
) -> tuple[float, float]:
    """(of the loss, of the weights)."""
    model = keras_model(name, single.states[0], exact_training)
    losses, states = keras_training(name, model, ours(kind, exact_training), 0)
    of_loss = max(abs(a - b) / abs(b) for a, b in zip(losses, single.losses, strict=True))
    mine, wanted, exact = summed(states[-1]), summed(single.states[-1]), summed(double.states[-1])
    worst = 0.0
    for key, tensor in wanted.items():
        scale = np.abs(tensor).max()
        noise = np.abs(tensor - exact[key]).max()
        if scale and noise <= 1e-4 * scale:
            worst = max(worst, float(np.abs(mine[key] - tensor).max() / scale))
    return of_loss, worst


def main() -> None:
    print(f"{'':23} {'--exact-training: loss':>22} {'weights':>9} {'without: loss':>14} {'weights':>9}")
    for name in sys.argv[1:] or MODELS:
        for kind in OPTIMIZERS:
            single, double = TorchRun(name, theirs(kind)), TorchRun(name, theirs(kind), torch.float64)
            first, second = (drift(name, kind, exact, single, double) for exact in (True, False))
            print(
                f"{name:12} {kind:10} {first[0]:22.1e} {first[1]:9.1e} {second[0]:14.1e} {second[1]:9.1e}",
                flush=True,
            )


if __name__ == "__main__":
    main()
