"""One verification: what was asked for, and the state of the work on it."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from transpile.verify.measure import arrays, distance
from transpile.verify.models import KerasModel, TorchModel
from transpile.verify.result import DIFFERENT, EQUAL, FAILED, Comparison, Result, Row, StageError
from transpile.verify.sides import Side, stage
from transpile.verify.spec import Given, Target

__all__ = ["Request", "Run", "copies", "tolerance", "transfer"]

FLOOR, CEILING = 3e-5, 1e-2


@dataclass
class Request:
    """What to verify, and how."""

    source: Target | None
    output: Target | None = None
    inputs: Sequence[Given] = ()
    data_format: str = "channels_last"
    rules: tuple[Path, ...] = ()
    exact_training: bool = False
    tolerance: float | None = None
    grad: bool = False
    steps: int = 0
    exports: Sequence[str] = ()
    speed: bool = False
    graph: bool = True
    seed: int = 1
    on_row: Callable[[Row], None] = field(default=lambda row: None)
    on_comparison: Callable[[Comparison], None] = field(default=lambda comparison: None)
    on_output: Callable[[Side], None] = field(default=lambda side: None)  # while its files are there


@dataclass
class Run:
    """A verification under way: both models, their arguments, and what torch gave."""

    request: Request
    result: Result
    keras: KerasModel
    torch: TorchModel | None = None
    numbers: Any = None  # the arguments as arrays
    torch_arguments: Any = None
    arguments: Any = None  # as TensorFlow tensors
    wanted: list[tuple[str, Any]] = field(default_factory=list)
    output_moved: bool | None = None

    def add(self, comparison: Comparison) -> None:
        self.result.comparisons.append(comparison)
        self.request.on_comparison(comparison)

    def attempt(
        self, name: str, work: Callable[[], Any], wanted: Any = None, tolerance: float | None = None
    ) -> Comparison:
        """One comparison: what `work` returns, held against torch's results."""
        limit = self.result.tolerance if tolerance is None else tolerance
        try:
            with stage(name):
                got = arrays(work())
        except StageError as error:
            found = Comparison(name, FAILED, note=error.message)
        else:
            found = self.judged(name, got, self.wanted if wanted is None else wanted, limit)
        self.add(found)
        return found

    def judged(self, name: str, got: Any, wanted: Any, limit: float) -> Comparison:
        apart, why = distance(wanted, got, self.output_moved)
        verdict = EQUAL if apart is not None and apart <= limit else DIFFERENT
        return Comparison(name, verdict, apart, limit, why)


def copies(value: Any) -> list[tuple[str, Any]]:
    """The arrays of a result, kept as they are now."""
    return [(path, array.copy()) for path, array in arrays(value)]


def tolerance(run: Run, torch_model: TorchModel, numbers: Any = None, wanted: Any = None) -> float:
    """Twenty times what float32 costs torch itself, within bounds; never less than twice that cost."""
    import torch

    def double(value: Any) -> Any:
        return value.double() if torch.is_tensor(value) and value.is_floating_point() else value

    given = torch_model.tensors(numbers or run.numbers, run.request.inputs)
    arguments = [double(v) for v in given[0]], {k: double(v) for k, v in given[1].items()}
    try:
        with stage("float64"):
            model = copy.deepcopy(torch_model.model).double() if torch_model.is_module else torch_model.model
            exact = copies(torch_model.call(arguments, model))
    except StageError:  # a model that names its dtypes does not run in another
        return 1e-4
    gap = distance(exact, wanted or run.wanted)[0]
    if gap is not None and 20 * gap > CEILING:
        run.result.notes.append(
            f"torch itself differs by {gap:.0e} between float32 and float64: this model amplifies rounding, and what "
            "differs a little more says nothing of the translation"
        )
    own = gap if gap is not None and math.isfinite(gap) else 0.0
    return float(max(min(max(FLOOR, 20 * own), CEILING), 2 * own))


def transfer(keras: KerasModel, state: dict[str, Any]) -> None:
    """Put torch's weights into the Keras model."""
    from transpile.weights import load_state_dict

    load_state_dict(keras.model, state)
