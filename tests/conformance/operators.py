"""torch's own operator tests (OpInfo) as judges of the translation.

Every operator of torch's database comes with sample inputs. Each sample becomes a function of one line, written out
as source with the literals of the sample and its tensors as parameters; the function is translated, run on
TensorFlow, and held against what torch computes.
"""

from __future__ import annotations

import functools
import math
import re
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from transpile import Severity, translate

# Not written as source: torch's own references, operators on sparse or masked tensors, functions made at run time,
# and tensors whose contents are whatever the memory held.
LEFT_OUT = re.compile(
    r"ops\.|torch\.|jiterator|masked\.|sparse\.|_(?!_getitem|_r)|native_|to_sparse|(new_)?empty"
)
REFLECTED = {
    "__radd__": "+", "__rsub__": "-", "__rmul__": "*", "__rdiv__": "/", "__rmod__": "%", "__rpow__": "**",
    "__rand__": "&", "__ror__": "|", "__rxor__": "^", "__rmatmul__": "@",
}  # fmt: skip
PROPERTIES = {"T", "H", "mT", "mH"}
# torch's functions that do not take the sample's input as their first argument.
SWAPPED = {"einsum", "polygamma", "special.polygamma", "nn.functional.embedding"}
VERDICTS = ("silent", "said", "dtype", "equal")  # from worst to best


@functools.cache
def database() -> dict[str, Any]:
    """The operators by name and variant."""
    from torch.testing._internal.common_methods_invocations import op_db

    named = {f"{op.name}#{op.variant_test_name}".rstrip("#"): op for op in op_db}
    return {name: op for name, op in named.items() if not LEFT_OUT.match(name)}


DRAWS = 12  # of a result that may be random


class Unwritable(Exception):
    """A sample's argument that has no literal."""


def written(value: Any, tensors: list[Any]) -> str:
    """An argument as source; a tensor becomes a parameter."""
    import torch

    if isinstance(value, torch.Tensor):
        places = [i for i, tensor in enumerate(tensors) if tensor is value]
        if not places:
            tensors.append(value)
        return f"x{places[0] if places else len(tensors) - 1}"
    if isinstance(value, torch.Size):
        value = tuple(value)
    if isinstance(value, tuple):
        return "(" + "".join(f"{written(v, tensors)}, " for v in value) + ")"
    if isinstance(value, list):
        return f"[{', '.join(written(v, tensors) for v in value)}]"
    if isinstance(value, slice):
        return f"slice({', '.join(written(v, tensors) for v in (value.start, value.stop, value.step))})"
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if value is Ellipsis:
        return "..."
    if isinstance(value, torch.dtype):
        return str(value)
    if getattr(torch.nn.functional, getattr(value, "__name__", ""), None) is value is not None:
        return f"torch.nn.functional.{value.__name__}"
    if value is None or isinstance(value, bool | int | float | complex | str):
        return repr(value)
    raise Unwritable(type(value).__name__)


def source(op: Any, sample: Any) -> tuple[str, list[Any]]:
    """A module with the function `f` of a sample, and the tensors that it takes."""
    import torch

    tensors: list[Any] = []
    first = written(sample.input, tensors)
    arguments = [written(a, tensors) for a in sample.args]
    named = [f"{name}={written(value, tensors)}" for name, value in sample.kwargs.items()]
    rest = ", ".join([*arguments, *named])
    if op.name in REFLECTED:
        call = f"{arguments[0]} {REFLECTED[op.name]} {first}"
    elif op.name == "__getitem__":
        call = f"{first}[{arguments[0]}]"
    elif op.name in PROPERTIES:
        call = f"{first}.{op.name}"
    elif op.name == "where":
        call = f"torch.where({arguments[0]}, {first}, {arguments[1]})"
    elif op.name in SWAPPED:
        call = f"torch.{op.name}({', '.join([arguments[0], first, *arguments[1:], *named])})"
    elif callable(functools.reduce(lambda o, part: getattr(o, part, None), op.name.split("."), torch)):
        call = f"torch.{op.name}({first}{', ' if rest else ''}{rest})"
    else:
        call = f"{first}.{op.name}({rest})"
    parameters = ", ".join(f"x{i}: torch.Tensor" for i in range(len(tensors)))
    return f"import torch\n\n\ndef f({parameters}):\n    return {call}\n", tensors


def samples(op: Any, count: int) -> Iterator[Any]:
    """Some of an operator's samples, from all over its list; float32 where the operator takes it."""
    import torch

    wanted = (torch.float32, torch.int64, torch.bool, torch.complex64)
    dtype = next((d for d in wanted if d in op.dtypes), None)
    torch.manual_seed(0)
    np.random.seed(0)
    try:
        found = list(op.sample_inputs("cpu", dtype or next(iter(op.dtypes))))
    except Exception:
        return
    step = max(1, len(found) / count)
    yield from (found[int(i * step)] for i in range(min(count, len(found))))


def array(value: Any) -> Any:
    """A tensor of either library as an array; other values as they are."""
    if hasattr(value, "resolve_conj"):
        value = value.detach().resolve_conj().resolve_neg()
        return (value.float() if str(value.dtype) == "torch.bfloat16" else value).numpy()
    return value.numpy() if hasattr(value, "numpy") else value


def leaves(value: Any) -> list[Any]:
    """What a nest holds, in order."""
    if isinstance(value, dict):
        return [leaf for key in sorted(value) for leaf in leaves(value[key])]
    return [leaf for v in value for leaf in leaves(v)] if isinstance(value, list | tuple) else [array(value)]


def equal(wanted: list[Any], found: list[Any]) -> tuple[bool, bool]:
    """Whether values and shapes agree, and whether dtypes do."""
    if len(wanted) != len(found):
        return False, False
    dtypes = True
    for a, b in zip(wanted, found, strict=True):
        if not isinstance(a, np.ndarray):
            if a != b and not (isinstance(a, float) and math.isclose(a, b, rel_tol=1e-3)):
                return False, False
            continue
        b = np.asarray(b)
        if a.shape != b.shape or not np.allclose(a, b, rtol=2e-3, atol=2e-4, equal_nan=True):
            return False, False
        dtypes = dtypes and a.dtype == b.dtype
    return True, dtypes


def verdict(name: str, count: int = 4) -> tuple[str, str] | None:
    """The worst verdict over some samples of an operator and the line it is of; None where none could be run."""
    op = database()[name]
    worst: tuple[str, str] | None = None
    for sample in samples(op, count):
        found = of_sample(op, sample)
        if found is not None and (worst is None or VERDICTS.index(found[0]) < VERDICTS.index(worst[0])):
            worst = found
    return worst


def of_sample(op: Any, sample: Any) -> tuple[str, str] | None:
    """equal, dtype (equal but for a dtype), said (wrong, and the translation says so) or silent; with the line."""
    import tensorflow as tf
    import torch

    try:
        text, tensors = source(op, sample)
        names: dict[str, Any] = {}
        exec(text, names)
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            # one of few elements is drawn alike by chance, hence more than twice
            wanted, *again = (leaves(names["f"](*(t.clone() for t in tensors))) for _ in range(DRAWS))
    except Exception:
        return None  # not an input that torch itself takes like this
    line = text.strip().splitlines()[-1].strip()
    if not all(equal(wanted, other)[0] for other in again):
        return None  # random numbers
    translation = translate(text, data_format="channels_first")
    said = any(d.severity is not Severity.INFO for d in translation.diagnostics)
    try:
        output: dict[str, Any] = {"__name__": "translated"}
        exec(translation.code, output)
        found = leaves(output["f"](*(tf.constant(array(t)) for t in tensors)))
        same, dtypes = equal(wanted, found)
    except Exception as error:
        same, dtypes, line = False, False, f"{line}  # {type(error).__name__}: {error}"
    if same:
        return ("equal" if dtypes else "dtype"), line
    return ("said" if said else "silent"), line
