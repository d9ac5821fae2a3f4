"""`transpile weights` on a large file without a model: memory, and throughput beside a plain copy and SaveV2.

    python benchmarks/weights_conversion.py [--gigabytes 4] [--repeat 3] [--folder DIR]

The input is synthetic: safetensors in several files with an index, matrices of 64 MB. Every run is a process of its
own; the runs take turns, and the median of each counts.

- memory: the highest resident set of the conversion above that of a process that only imports what it needs
  (TensorFlow for a checkpoint). The goal: at most three times the largest tensor and 300 MB.
- throughput to .safetensors and .npz, beside shutil.copyfile of the same files. The goal: at least 0.5.
- throughput to a TensorFlow checkpoint, beside tf.raw_ops.SaveV2 of the same tensors, which lie in memory already.
  The goal: at least 0.8.

CPU time is shown beside it: on a loaded machine the clock tells of the others. It counts all threads, and a
conversion reads in one while it writes in another, so that by the clock an idle machine does better.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

ROWS, COLUMNS = 4096, 4096
TENSOR = ROWS * COLUMNS * 4
PER_FILE = 16

# A child prints one JSON object: seconds of what is measured, and its highest resident set in bytes.
CHILD = """
import json, os, shutil, sys, time
kind, source, target = sys.argv[1:]
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
def peak():
    # not ru_maxrss, which begins with what the parent had when it forked
    return next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))
def files():
    return sorted(os.path.join(source, n) for n in os.listdir(source) if n.endswith(".safetensors"))
if kind == "copy":
    os.mkdir(target)
    begin, spent = time.perf_counter(), time.process_time()
    for file in files():
        shutil.copyfile(file, os.path.join(target, os.path.basename(file)))
elif kind == "SaveV2":
    import tensorflow as tf
    from safetensors.numpy import load_file
    tensors = {k: tf.constant(v) for file in files() for k, v in load_file(file).items()}
    begin, spent = time.perf_counter(), time.process_time()
    tf.raw_ops.SaveV2(
        prefix=target, tensor_names=list(tensors), shape_and_slices=[""] * len(tensors), tensors=list(tensors.values())
    )
else:
    import numpy, safetensors
    from transpile.cli import main
    import transpile.commands.weights
    if kind.endswith("ckpt"):
        import tensorflow as tf
        tf.raw_ops.SaveV2(prefix=target + "_", tensor_names=["x"], shape_and_slices=[""], tensors=[tf.zeros(1)])
    base = peak()
    begin, spent = time.perf_counter(), time.process_time()
    if not kind.startswith("base"):
        assert main(["weights", source, "-o", target]) == 0
    print(json.dumps({"memory": peak() - base}), file=sys.stderr)
print(json.dumps({"seconds": time.perf_counter() - begin, "cpu": time.process_time() - spent}), file=sys.stderr)
"""


def synthetic(folder: Path, gigabytes: float) -> int:
    """Writes the input; gives its size in bytes."""
    from safetensors.numpy import save_file

    values = np.random.default_rng(0).standard_normal((ROWS, COLUMNS), np.float32)
    count = max(1, round(gigabytes * 1e9 / TENSOR))
    places: dict[str, str] = {}
    for first in range(0, count, PER_FILE):
        names = [f"layers.{i}.weight" for i in range(first, min(first + PER_FILE, count))]
        file = f"model-{first // PER_FILE:05d}.safetensors"
        save_file({n: values + np.float32(first + i) for i, n in enumerate(names)}, folder / file)
        places |= dict.fromkeys(names, file)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}))
    return count * TENSOR


def run(kind: str, source: Path, folder: Path) -> dict[str, float]:
    """One child, and what it measured."""
    suffix = {"safetensors": ".safetensors", "npz": ".npz", "ckpt": ".ckpt"}.get(kind, "")
    place = folder / "out"
    place.mkdir()
    command = [sys.executable, "-c", CHILD, kind, str(source), str(place / f"out{suffix}")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    shutil.rmtree(place)
    found: dict[str, float] = {}
    for line in done.stderr.splitlines():
        if line.startswith("{"):
            found |= json.loads(line)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--gigabytes", type=float, default=4)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument(
        "--folder", type=Path, help="where to write, if not the usual place for temporary files"
    )
    arguments = parser.parse_args()
    kinds = ("copy", "SaveV2", "safetensors", "npz", "ckpt")
    runs: dict[str, list[dict[str, float]]] = {kind: [] for kind in kinds}
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        source = Path(name, "source")
        source.mkdir()
        size = synthetic(source, arguments.gigabytes)
        os.sync()
        for _ in range(arguments.repeat):
            for kind in kinds:
                runs[kind].append(run(kind, source, Path(name)))
    middle = {
        kind: {key: statistics.median(r[key] for r in found) for key in ("seconds", "cpu")}
        for kind, found in runs.items()
    }
    allowed = 3 * TENSOR + 300e6
    print(f"{size / 1e9:.1f} GB, tensors of {TENSOR / 1e6:.0f} MB")
    for kind in kinds:
        speed = size / middle[kind]["seconds"]
        line = f"{kind:12} {speed / 1e9:6.2f} GB/s"
        if kind in ("safetensors", "npz", "ckpt"):
            other = "SaveV2" if kind == "ckpt" else "copy"
            line += f"  {middle[other]['seconds'] / middle[kind]['seconds']:.2f} of {other}"
            line += f" ({middle[other]['cpu'] / middle[kind]['cpu']:.2f} by CPU time)"
            memory = max(found["memory"] for found in runs[kind])
            line += f"  memory {memory / 1e6:.0f} MB (allowed {allowed / 1e6:.0f})"
        print(line)


if __name__ == "__main__":
    main()
