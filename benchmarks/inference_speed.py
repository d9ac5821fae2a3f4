"""Inference time of translated blocks against torch and against Keras written by hand, in one run.

    python benchmarks/inference_speed.py [--size 320] [--repeat 30]

fixtures/yolo_blocks.py is translated, imported and given torch's weights; its outputs must equal torch's
before anything is timed. One thread, batch 1, torch eager in inference mode, TensorFlow as tf.function; the
contestants take turns, and the median of each counts. Ratios: below 1 is faster.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
sys.path.insert(0, str(Path(__file__).parent))

import keras_by_hand as hand
import numpy as np
import tensorflow as tf
import torch

import transpile

FIXTURE = Path(__file__).parents[1] / "fixtures" / "yolo_blocks.py"


def load(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def stirred(model: Any) -> Any:
    """A torch model in evaluation mode whose normalizations do something."""
    with torch.no_grad():
        for name, value in model.state_dict().items():
            if name.endswith(("running_mean", "bn.bias")):
                value.normal_(0, 0.1)
            elif name.endswith(("running_var", "bn.weight")):
                value.uniform_(0.8, 1.2)
    return model.eval()


def medians(contestants: dict[str, Callable[[], Any]], repeat: int) -> dict[str, float]:
    for run in contestants.values():
        for _ in range(3):
            run()
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(repeat):
        for name, run in contestants.items():
            began = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - began)
    return {name: statistics.median(seconds) for name, seconds in times.items()}


def compare(name: str, model: Any, translated: Any, keras: Any, image: Any, repeat: int) -> None:
    """Check one translated model against torch's numbers, time the three, print a row."""
    given = torch.from_numpy(np.ascontiguousarray(image.transpose(0, 3, 1, 2)))
    x = tf.constant(image)
    translated(x)
    transpile.weights.load_state_dict(translated, model.state_dict())
    graph = tf.function(lambda x: translated(x, training=False))
    keras_graph = tf.function(lambda x: keras(x, training=False))
    with torch.inference_mode():
        expected, result = model(given).numpy(), graph(x).numpy()
        if result.ndim == 4:
            result = result.transpose(0, 3, 1, 2)
        error = float(np.abs(result - expected).max() / np.abs(expected).max())
        if error > 1e-4:
            raise SystemExit(f"{name}: the translation is off by {error:.1e}; its time means nothing")
        assert keras_graph(x).shape == graph(x).shape
        took = medians(
            {"torch": lambda: model(given), "ours": lambda: graph(x), "hand": lambda: keras_graph(x)}, repeat
        )
    ratios = took["ours"] / took["torch"], took["hand"] / took["torch"], took["ours"] / took["hand"]
    print(
        f"{name:9} {took['torch'] * 1e3:9.2f} {ratios[0]:17.2f} {ratios[1]:14.2f} {ratios[2]:19.2f}  {error:.0e}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--size", type=int, default=320, help="side of the detector's image in pixels")
    parser.add_argument("--repeat", type=int, default=30)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    theirs = load(FIXTURE, "yolo_blocks")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "tf_yolo_blocks.py")
        path.write_text(transpile.translate(FIXTURE.read_text(), filename=FIXTURE.name).code)
        ours = load(path, "tf_yolo_blocks")
    size = arguments.size
    cases: list[tuple[str, tuple[int, ...], Any, tuple[int, int, int]]] = [
        ("Conv", (32, 64, 3, 1), lambda s: hand.block(hand.conv, s, 64, 3), (80, 80, 32)),
        ("C3", (64, 64, 2), lambda s: hand.block(hand.c3, s, 64, 2), (40, 40, 64)),
        ("SPPF", (256, 256), lambda s: hand.block(hand.sppf, s, 256), (20, 20, 256)),
        ("Detector", (), lambda s: hand.detector(s[0], theirs.Head.anchors), (size, size, 3)),
    ]
    columns = f"{'translated/torch':>17} {'by hand/torch':>14} {'translated/by hand':>19}"
    print(f"{'model':9} {'torch ms':>9} {columns}  max error")
    for name, sizes, by_hand, shape in cases:
        torch.manual_seed(0)
        model = stirred(getattr(theirs, name)(*sizes))
        image = np.random.default_rng(0).random((1, *shape), np.float32)
        compare(name, model, getattr(ours, name)(*sizes), by_hand(shape), image, arguments.repeat)


if __name__ == "__main__":
    main()
