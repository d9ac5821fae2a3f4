"""The models of a corpus, built from their translation in a process of TensorFlow alone; knows no transpile, no torch.

A job is a JSON object: `library` (the folder of the translated packages), `references`, `manifest`, `work` (one folder
per model, by its index), `data_format`, and `models`, entries of the manifest. See corpus_checkpoints.py for these.
"""

from __future__ import annotations

import contextlib
import importlib.abc
import json
import os
import pickle
import runpy
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECONDS = 300  # of CPU for one model, whatever is done with it
Row = dict[str, Any]


@dataclass
class Job:
    """What one process is to do, and the parts of the scorer that stand beside the manifest."""

    library: Path
    references: Path
    work: Path
    last: bool
    models: list[Row]
    prepare: Callable[[str, str], None] | None
    metric: Row

    @classmethod
    def read(cls, path: Path) -> Job:
        row = json.loads(path.read_text())
        beside = Path(row["manifest"])
        stubs, metric = beside.with_name("stubs.py"), runpy.run_path(str(beside.with_name("metric.py")))
        prepare = runpy.run_path(str(stubs)).get("prepare") if stubs.exists() else None
        last = row["data_format"] == "channels_last"
        paths = (Path(row[key]) for key in ("library", "references", "work"))
        return cls(*paths, last=last, models=row["models"], prepare=prepare, metric=metric)

    def each(self, does: Callable[[Row, Row], Row], out: Path) -> None:
        """Does it with every model and its reference; what it gives, or what it raised, is a line of `out`."""
        signal.signal(signal.SIGPROF, _late)
        with out.open("a", encoding="utf-8") as lines:
            for entry in self.models:
                signal.setitimer(signal.ITIMER_PROF, SECONDS)
                try:
                    with (self.references / f"{entry['index']}.pkl").open("rb") as file:
                        data = pickle.load(file)
                    row = does(entry, data)
                except (Exception, SystemExit) as error:  # a package may raise anything
                    row = {"failed": said(error)}
                finally:
                    signal.setitimer(signal.ITIMER_PROF, 0)
                lines.write(json.dumps({"index": entry["index"], **row}) + "\n")
                lines.flush()

    def built(self, entry: Row) -> Any:
        """The model, by the imports and the factory of the manifest."""
        import tensorflow as tf

        if self.prepare is not None:
            self.prepare(entry["package"], str(self.library))
        names: Row = {"tf": tf}
        for line in entry["imports"]:
            exec(line, names)
        return eval(entry["factory"].replace("{LIB}", str(self.library)), names)

    def layouts(self, data: Row) -> list[tuple[int, ...]]:
        """The ranks that are given with channels last, in the order in which the scorer tries them."""
        if not self.last:
            return [()]
        return [(4, 5), *([(3, 4, 5)] if 3 in _ranks(_inputs(data)) else []), ()]

    def inputs(self, data: Row, ranks: tuple[int, ...]) -> tuple[list[Any], Row]:
        """The inputs as tensors."""
        import numpy as np
        import tensorflow as tf

        def given(value: Any) -> Any:
            if isinstance(value, np.ndarray):
                is_map = value.ndim in ranks and value.dtype.kind == "f"
                return tf.constant(np.moveaxis(value, 1, -1) if is_map else value)
            if isinstance(value, dict):
                return {key: given(inner) for key, inner in value.items()}
            return type(value)(given(inner) for inner in value) if type(value) in (list, tuple) else value

        return [given(value) for value in data["args"]], given(data["kwargs"])

    def difference(self, data: Row, found: Any, ranks: tuple[int, ...]) -> str:
        """How results differ from the reference, as the scorer tells; empty where they are equal."""
        import numpy as np
        import tensorflow as tf

        def is_tensor(value: Any) -> bool:
            return tf.is_tensor(value) or isinstance(value, (tf.Variable, tf.keras.Variable))

        given = [(path, np.asarray(value)) for path, value in self.metric["flatten"](found, is_tensor)]
        moved = ranks if ranks or not self.last or max(_ranks(_inputs(data)), default=0) >= 4 else (4, 5)
        distance, why = self.metric["distance"](data["outputs"], given, moved=moved)
        if distance is None:
            return why
        return (
            "" if distance <= data["tolerance"] else f"{distance:.1e} apart, allowed {data['tolerance']:.0e}"
        )


def _inputs(data: Row) -> list[Any]:
    return [*data["args"], *data["kwargs"].values()]


def _ranks(value: Any) -> set[int]:
    if isinstance(value, (list, tuple, dict)):
        return set().union(*map(_ranks, value.values() if isinstance(value, dict) else value))
    return {value.ndim} if hasattr(value, "ndim") else set()


def said(error: BaseException) -> str:
    """An error in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:400]


def _late(*_: object) -> None:
    raise TimeoutError(f"over {SECONDS} s of CPU")


class _Blocked(importlib.abc.MetaPathFinder):
    """Finds nothing of some packages, and nobody after it does. SciPy trips over a None in sys.modules."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"{name} is blocked here", name=name)


def blocked(*names: str) -> None:
    """From now on these cannot be imported."""
    for name in [n for n in sys.modules if n.partition(".")[0] in names]:
        del sys.modules[name]
    sys.meta_path.insert(0, _Blocked(names))


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """A model may print; TensorFlow does."""
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
    with contextlib.redirect_stdout(sys.stderr):
        yield
