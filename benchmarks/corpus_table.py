"""A table of a corpus that has been scored: verdicts, transposes per graph, and lines per second, package by package.

    python benchmarks/corpus_table.py CORPUS --manifest models.json [--transposes [open]] [--speed] [--models]

CORPUS is the scorer's folder: the packages in `lib`, their translations in `out-F`, an `N.pkl` for each model in `refs`
(its inputs: `args`, `kwargs`), and in `scores` the files `PACKAGE.F.json`, a list with each model's `index`, `package`,
`verdict` (equal, differs, failed, no_reference), `layout` (the ranks that are given with channels last) and, where it
was measured, `graph` (open: any size; batch: any batch). F is the data format; `--scores` names other folders, of which
the last that has a model counts. The manifest has each model's `index`, `package`, `imports` and `factory`; a
`stubs.py` beside it may have a `prepare(PACKAGE, LIBRARY)` to be called before the imports.

Nothing of the packages is run or translated but by `--transposes` and `--speed`. `--transposes` builds each equal
model where torch cannot be imported, one process per package, and traces it with the sizes of its inputs, or with the
sizes open that the score says. Counted are the Transpose operations in the graph and in the bodies of its functions,
those of the model's own mathematics as well; `3 × 2` is three graphs of two each. `--speed` translates each package
once, all in one process: source lines per second of CPU.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import json
import multiprocessing
import os
import pickle
import runpy
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from transpile.project.job import Options
from transpile.project.plan import plan
from transpile.project.run import write_unit

ROOT = Path(__file__).parents[1]
VERDICTS = ("equal", "differs", "failed", "no_reference", "not scored")
SECONDS = 300  # for one model to be built, run and traced
Row = dict[str, Any]


def scored(folders: Iterable[Path], manifest: Iterable[Row], data_format: str) -> dict[str, list[Row]]:
    """The models of every package that has a score: entries of the manifest with the last that was said of them."""
    said: dict[tuple[int, str], Row] = {}
    for folder in folders:
        for score in sorted(folder.glob(f"*.{data_format}.json")):
            try:
                said.update({(row["index"], row["package"]): row for row in json.loads(score.read_text())})
            except (ValueError, KeyError, TypeError):
                print(f"{score.name}: is no list of scores", file=sys.stderr)
    packages: dict[str, list[Row]] = {}
    for entry in manifest:
        row = said.pop((entry["index"], entry["package"]), {"verdict": "not scored"})
        packages.setdefault(entry["package"], []).append({**row, **entry})
    for index, package in said:
        print(f"{package}: the manifest has no model {index}", file=sys.stderr)
    return {
        name: models
        for name, models in sorted(packages.items())
        if any(m["verdict"] != "not scored" for m in models)
    }


def transposes(graph: Any) -> int:
    """The Transpose operations of a GraphDef; a body that is called often counts once."""
    bodies = [graph.node, *(function.node_def for function in graph.library.function)]
    return sum(node.op == "Transpose" for body in bodies for node in body)


def traced(
    models: Sequence[Row], library: Path, references: Path, stubs: Path, opened: bool
) -> list[int | str]:
    """For each model of one package its number of transposes, or why it has none. Spoils the process for torch."""
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
    sys.path.insert(0, str(Path(__file__).parent))
    from corpus_models import blocked

    blocked("torch")
    sys.path.insert(0, str(library))
    signal.signal(signal.SIGALRM, _late)
    found: list[int | str] = []
    with contextlib.redirect_stdout(sys.stderr):  # a model may print
        prepare = runpy.run_path(str(stubs)).get("prepare") if stubs.exists() else None
        for model in models:
            signal.alarm(SECONDS)
            try:
                if prepare is not None:
                    prepare(model["package"], str(library))
                with (references / f"{model['index']}.pkl").open("rb") as file:
                    data = pickle.load(file)
                found.append(transposes(_graph(model, data, library, opened)))
            except (Exception, SystemExit) as error:
                found.append(" ".join(f"{type(error).__name__}: {error}".split())[:100])
            finally:
                signal.alarm(0)
    return found


def _late(*_: object) -> None:
    raise TimeoutError(f"over {SECONDS} s")


def _graph(model: Row, data: Row, library: Path, opened: bool) -> Any:
    """The graph of a model, built by its factory and called once with its inputs."""
    import numpy as np
    import tensorflow as tf

    ranks = ast.literal_eval(model.get("layout", "()"))

    def is_map(value: Any) -> bool:
        return value.ndim in ranks and np.issubdtype(value.dtype, np.floating)

    def given(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return tf.constant(np.moveaxis(value, 1, -1) if is_map(value) else value)
        if isinstance(value, dict):
            return {key: given(inner) for key, inner in value.items()}
        return type(value)(given(inner) for inner in value) if type(value) in (list, tuple) else value

    def signature(tensor: Any) -> Any:
        shape: list[int | None] = list(tensor.shape)
        if opened and shape:
            shape[0] = None
            if len(shape) in (4, 5) and tensor.dtype.is_floating and model.get("graph") != "batch":
                channels = -1 if len(shape) in ranks else 1
                kept = shape[channels]
                shape = [None] * len(shape)
                shape[channels] = kept
        return tf.TensorSpec(shape, tensor.dtype)

    names: Row = {"tf": tf}
    for line in model["imports"]:
        exec(line, names)
    built = eval(model["factory"].replace("{LIB}", str(library)), names)
    inputs = given([list(data["args"]), data["kwargs"]])
    built(*inputs[0], **inputs[1])
    flat = tf.nest.flatten(inputs)
    tensors = [leaf for leaf in flat if tf.is_tensor(leaf)]

    def run(*symbols: Any) -> Any:
        left = iter(symbols)
        args, kwargs = tf.nest.pack_sequence_as(inputs, [next(left) if tf.is_tensor(x) else x for x in flat])
        return built(*args, **kwargs)

    return (
        tf.function(run, input_signature=[*map(signature, tensors)])
        .get_concrete_function()
        .graph.as_graph_def()
    )


def count_transposes(models: Sequence[Row], *rest: Any) -> None:
    """Write `transposes` into the models that are equal, by a process of their own."""
    equal = [model for model in models if model["verdict"] == "equal"]
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        try:
            counts = pool.submit(traced, equal, *rest).result() if equal else []
        except Exception as error:  # the process has died
            counts = [f"{type(error).__name__}: {error}"] * len(equal)
    for model, number in zip(equal, counts, strict=True):
        model["transposes"] = number


def spread(counts: Iterable[int | str]) -> str:
    """Numbers in little room; what is no number is one that could not be had."""
    listed = list(counts)
    tally = Counter(number for number in listed if isinstance(number, int))
    untraced = len(listed) - tally.total()
    total = sum(number * graphs for number, graphs in tally.items())
    parts = [f"{graphs} × {number}" for number, graphs in sorted(tally.items())]
    if len(parts) > 4:
        parts = [f"{min(tally)} to {max(tally)}, {total} in {tally.total()} graphs"]
    return ", ".join([*parts, *([f"{untraced} untraced"] if untraced else [])]) or "–"


def source_lines(package: Path) -> int:
    files = (f.source for unit in plan([package], None) for f in unit.files if f.source.suffix == ".py")
    return sum(file.read_bytes().count(b"\n") for file in files)


def seconds(package: Path, data_format: str) -> float:
    """The CPU that a translation takes, in this process."""
    with tempfile.TemporaryDirectory() as out:
        begun = time.process_time()
        for unit in plan([package], Path(out, package.name)):
            for _ in write_unit(unit, Options(data_format), jobs=1):
                pass
        return time.process_time() - begun


def cells(
    name: str, models: Sequence[Row], lines: int, spent: float, arguments: argparse.Namespace
) -> list[str]:
    """One row of the table."""
    verdicts = Counter(model["verdict"] for model in models)
    levels = [m["graph"] for m in models if m["verdict"] == "equal" and "graph" in m]
    graphs = f"{levels.count('open')}/{levels.count('batch')}" if levels else "–"
    row = [name, str(len(models)), *(str(verdicts[v]) for v in VERDICTS), graphs]
    if arguments.transposes:
        row.append(spread(m["transposes"] for m in models if "transposes" in m))
    row.append(str(lines))
    if arguments.speed:
        row.append(f"{lines / spent:.0f}" if spent else "–")
    return row


def show(*rows: Sequence[str]) -> None:
    for row in rows:
        print("|", " | ".join(cell.replace("|", "\\|") for cell in row), "|", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--scores", type=Path, nargs="+", help="instead of CORPUS/scores")
    parser.add_argument("--translated", type=Path, help="instead of CORPUS/out-F")
    parser.add_argument("--data-format", default="channels_last")
    parser.add_argument("--transposes", choices=["fixed", "open"], nargs="?", const="fixed")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--models", action="store_true", help="a second table, model by model")
    parser.add_argument("--packages", nargs="+", help="these alone")
    arguments = parser.parse_args()
    corpus, form = arguments.corpus.resolve(), arguments.data_format
    manifest = json.loads(arguments.manifest.read_text())
    packages = scored(arguments.scores or [corpus / "scores"], manifest, form)
    kept = {n: models for n, models in packages.items() if n in (arguments.packages or packages)}
    translated = (arguments.translated or corpus / f"out-{form}").resolve()
    stubs = arguments.manifest.resolve().with_name("stubs.py")
    head = ["package", "models", *(v.replace("_", " ") for v in VERDICTS), "graphs open/batch"]
    head += ["transposes per graph"] if arguments.transposes else []
    head += ["lines", "lines per CPU s"] if arguments.speed else ["lines"]
    show(head, ["---", *["--:"] * (len(head) - 1)])
    if arguments.speed:
        seconds(ROOT / "fixtures", form)  # what is read and built once is no package's cost
    lines, spent = 0, 0.0
    for name, models in kept.items():
        if arguments.transposes:
            count_transposes(models, translated, corpus / "refs", stubs, arguments.transposes == "open")
        size = source_lines(corpus / "lib" / name)
        cost = seconds(corpus / "lib" / name, form) if arguments.speed else 0.0
        show(cells(name, models, size, cost, arguments))
        lines, spent = lines + size, spent + cost
    every = [model for models in kept.values() for model in models]
    show(cells("all", every, lines, spent, arguments))
    if arguments.models:
        columns = ["verdict", "graph", *(["transposes"] if arguments.transposes else [])]
        print()
        show(["index", "package", "factory", *columns], ["--:", *["---"] * (len(columns) + 2)])
        for m in every:
            show([str(m["index"]), m["package"], m["factory"], *(str(m.get(c, "–")) for c in columns)])


if __name__ == "__main__":
    main()
