"""How far ten steps of training drift from torch's: with torch's formulas, and with plain Keras optimizers.

    python benchmarks/training_drift.py

The five models of tests/weights/training.py, from the same weights and on the same batches. The figure is the largest
relative difference of the loss over the ten steps, and after the last step the largest difference of a weight,
relative to the largest value of its tensor; tensors whose gradient is only noise in float32 (torch in float32 and
float64 part by more than 1e-4 there) are left out.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import keras  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from weights.training import MODELS, TorchRun, keras_model, keras_training  # noqa: E402

from transpile.support import optimizers as exact  # noqa: E402

PLAIN = keras.optimizers
CASES: dict[str, tuple[Any, Any, Any]] = {
    "SGD": (
        lambda p: torch.optim.SGD(p, 0.05, momentum=0.9),
        lambda: exact.SGD(0.05, momentum=0.9),
        lambda: PLAIN.SGD(0.05, momentum=0.9),
    ),
    "Adam": (
        lambda p: torch.optim.Adam(p, 0.01),
        lambda: exact.Adam(0.01),
        lambda: PLAIN.Adam(0.01, epsilon=1e-8),
    ),
    "AdamW": (
        lambda p: torch.optim.AdamW(p, 0.01, weight_decay=0.1),
        lambda: exact.AdamW(0.01, weight_decay=0.1),
        lambda: PLAIN.AdamW(0.01, weight_decay=0.1, epsilon=1e-8),
    ),
}


def drift(name: str, make: Any, single: TorchRun, double: TorchRun) -> tuple[float, float]:
    """(of the loss, of the weights)."""
    losses, states = keras_training(name, keras_model(name, single.states[0]), make(), 0)
    of_loss = max(abs(a - b) / abs(b) for a, b in zip(losses, single.losses, strict=True))
    worst = 0.0
    for key, tensor in single.states[-1].items():
        wanted = tensor.double().numpy()
        scale = np.abs(wanted).max()
        noise = np.abs(wanted - double.states[-1][key].double().numpy()).max()
        if scale and noise <= 1e-4 * scale:
            worst = max(worst, float(np.abs(states[-1][key] - wanted).max() / scale))
    return of_loss, worst


def main() -> None:
    print(f"{'':23} {'torch formulas: loss':>21} {'weights':>9} {'plain Keras: loss':>18} {'weights':>9}")
    for name in MODELS:
        for kind, (theirs, ours, plain) in CASES.items():
            single, double = TorchRun(name, theirs), TorchRun(name, theirs, torch.float64)
            first, second = drift(name, ours, single, double), drift(name, plain, single, double)
            print(f"{name:12} {kind:10} {first[0]:21.1e} {first[1]:9.1e} {second[0]:18.1e} {second[1]:9.1e}")


if __name__ == "__main__":
    main()
