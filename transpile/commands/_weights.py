"""The routes of `transpile weights`: with a model, without one, and back to torch."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transpile.commands._model import Built, built_model, sample_inputs
from transpile.commands._output import say
from transpile.commands._progress import progress
from transpile.project.job import Options
from transpile.project.plan import UnusableCall
from transpile.weights.checkpoint import read_contents
from transpile.weights.contents import Contents
from transpile.weights.files import FileError, FileTensor
from transpile.weights.writing import writer_for
from transpile.weights.writing.registry import Output, OutputError
from transpile.weights.writing.replacing import replacing
from transpile.weights.writing.tensorflow import write_checkpoint

if TYPE_CHECKING:
    from transpile.weights.keras_files import Inputs


@dataclass
class Request:
    """The call."""

    checkpoint: Path
    out: str
    model: str | None
    key: str | None
    strict: bool
    dtype: str | None
    by_name: bool
    names: Path | None
    transpose: bool
    optimizer: bool
    to_torch: bool
    inputs: tuple[str, ...]
    allow_pickle: bool
    options: Options


@dataclass
class Told:
    """What is said: notes and warnings as lines, or all of it as one JSON object at the end."""

    style: str
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    decisions: list[dict[str, Any]] = field(default_factory=list)
    output: str = ""
    report: dict[str, Any] = field(default_factory=dict)

    def end(self) -> None:
        """Say it."""
        if self.style == "json":
            fields = {"output": self.output, "notes": self.notes, "warnings": self.warnings}
            say(json.dumps({**fields, "decisions": self.decisions, "report": self.report}) + "\n")
            return
        lines = [
            f"{entry['name']}: {entry['axes'] or 'as it is'}: {entry['why']}" for entry in self.decisions
        ]
        lines += self.notes + [f"warning: {text}" for text in self.warnings] + [f"-> {self.output}"]
        say("".join(f"{line}\n" for line in lines))


def convert(request: Request, told: Told) -> None:
    """Does what the call asks for; raises ValueError of several kinds, each with one line, and UnusableCall."""
    told.output = request.out
    if request.to_torch:
        _to_torch(request, told)
        return
    found = read_contents(request.checkpoint, key=request.key, allow_pickle=request.allow_pickle)
    told.notes += found.notes
    if found.optimizer is not None and not request.optimizer:
        told.notes.append("the state of an optimizer is left out (--optimizer converts it)")
    if request.optimizer and found.optimizer is None:
        raise UnusableCall(f"{request.checkpoint}: holds no state of an optimizer")
    if request.names is not None:
        found.state = _renamed(found.state, request.names)
    if request.model is None:
        _without_model(request, found, told)
    else:
        _with_model(request, request.model, found, told)


def _without_model(request: Request, found: Contents, told: Told) -> None:
    from transpile.weights.converting import not_finite_warnings
    from transpile.weights.plain import plain_weights

    if request.optimizer:
        raise UnusableCall("--optimizer needs --model: slots belong to the variables of a model")
    if request.out.endswith((".weights.h5", ".keras", "/")):
        raise UnusableCall(
            f"{request.out}: this kind of file belongs to a model: name it with --model FILE:FACTORY"
        )
    output = _output(request.out)
    weights = plain_weights(found.state, request.transpose, lambda dtype: _held(output, dtype, request.dtype))
    if not weights.tensors:
        raise UnusableCall(f"{request.checkpoint}: holds no tensors")
    told.notes += [f"left out: {name}" for name in weights.left_out]
    total = sum(tensor.nbytes for tensor in weights.tensors.values())
    with replacing(Path(request.out)) as path, progress("writing", total) as step:
        _write(output, path, weights.tensors, step)
    told.notes.append(f"{len(weights.tensors)} tensors written{_kind(request)}, keyed by their torch names")
    told.warnings += not_finite_warnings({entry.name: entry.not_finite for entry in weights.decisions})
    if request.transpose or told.style == "json":
        told.decisions += [
            {"name": entry.name, "axes": entry.axes, "why": entry.why} for entry in weights.decisions
        ]


def _with_model(request: Request, model_text: str, found: Contents, told: Told) -> None:
    from transpile.weights.converting import fill
    from transpile.weights.keras_files import saver_for

    options = request.options
    built = built_model(model_text, options.data_format, options.rules, options.exact_training, request.dtype)
    model = built.model
    inputs = _called(request, built)
    total = sum(value.nbytes for value in found.state.values() if isinstance(value, FileTensor))
    with progress("loading", total) as step:
        filled = fill(model, found.state, request.strict, step)
    told.notes += filled.notes
    told.warnings += filled.warnings
    told.report = {
        "loaded": filled.report.loaded,
        "missing": filled.report.missing,
        "unexpected": filled.report.unexpected,
        "mismatched": [entry.name for entry in filled.report.mismatched],
        "ignored": filled.report.ignored,
    }
    output = writer_for(Path(request.out))
    if request.by_name or (output is not None and not request.out.endswith((".weights.h5", ".ckpt"))):
        _named(request, model, told)
        return
    optimizer = None
    if request.optimizer:
        from transpile.weights.optimizer_state import keras_optimizer

        assert found.optimizer is not None
        optimizer, notes = keras_optimizer(model, found.optimizer, found.state, options.exact_training)
        told.notes += notes
    saver = saver_for(request.out)
    with replacing(Path(request.out)) as path, _one_error(request.out), built.running():
        told.notes += saver.save(model, path, optimizer, inputs)
    told.notes.append(f"written as a {saver.title}")


def _called(request: Request, built: Built) -> Inputs | None:
    """The inputs of --input, on which the model has been called: layers build themselves at their first call."""
    inputs = sample_inputs(request.inputs, request.options.data_format)
    if inputs is not None:
        try:
            with built.running():
                built.model(*inputs.args, **inputs.kwargs)
        except Exception as error:  # the model is the user's code
            text = " ".join(f"{type(error).__name__}: {error}".split())
            raise UnusableCall(f"the model cannot be called on --input: {text[:300]}") from None
    return inputs


def _named(request: Request, model: Any, told: Told) -> None:
    """The variables of the model under their torch names, in Keras' axis order."""
    from transpile.weights.inverse import named_variables

    if request.optimizer:
        raise UnusableCall("the state of an optimizer goes into a TensorFlow checkpoint of objects")
    output = _output(request.out)
    tensors = {name: _variable(variable, output) for name, variable in named_variables(model).items()}
    with replacing(Path(request.out)) as path, progress("writing", 0) as step:
        _write(output, path, tensors, step)
    told.notes.append(
        f"{len(tensors)} variables written{_kind(request)} under their torch names, in Keras' axis order"
    )


def _to_torch(request: Request, told: Told) -> None:
    from transpile.weights.inverse import merged, state_dict
    from transpile.weights.keras_files.restoring import restore

    if request.model is None:
        raise UnusableCall("--to-torch needs --model FILE:FACTORY: the model tells the torch names")
    output = _output(request.out)
    options = request.options
    built = built_model(request.model, options.data_format, options.rules, options.exact_training)
    _called(request, built)
    told.notes += restore(request.checkpoint, built.model, request.allow_pickle)
    state = state_dict(built.model)
    tensors = {name: _array(array, output, request.dtype) for name, array in state.items()}
    halves = merged(built.model)
    with replacing(Path(request.out)) as path, progress("writing", 0) as step:
        _write(output, path, tensors, step)
    told.notes.append(
        f"{len(tensors)} tensors written{_kind(request)} under their torch names, in torch's axis order"
    )
    if halves:
        told.warnings.append(
            f"{', '.join(halves)}: Keras keeps one sum of two biases; it comes back as one of them, the other is zero"
        )


def _output(written: str) -> Output:
    found = writer_for(Path(written))
    return Output((), write_checkpoint, frozenset()) if found is None else found


def _kind(request: Request) -> str:
    """Said where no suffix of a known format said it: a mistyped one gives a checkpoint."""
    return " as a TensorFlow checkpoint" if writer_for(Path(request.out)) is None else ""


def _held(output: Output, dtype: Any, wanted: str | None) -> Any:
    """The dtype to write: the wanted one for floating tensors, as far as the format can hold it."""
    from transpile.weights.files.tensor import dtype_named

    is_float = dtype.kind == "f" or dtype.name.startswith(("bfloat16", "float8"))
    if wanted is not None and is_float:
        if wanted in output.lacks:
            raise OutputError(f"the format of this output cannot hold {wanted}; .safetensors and .ckpt can")
        return dtype_named(wanted)
    return output.held_as(dtype)


def _variable(variable: Any, output: Output) -> FileTensor:
    import numpy as np
    import tensorflow as tf

    dtype = np.dtype(tf.as_dtype(variable.dtype).as_numpy_dtype)
    held = output.held_as(dtype)
    shape = tuple(int(length) for length in variable.shape)
    return FileTensor(shape, held, lambda: np.asarray(variable).astype(held, copy=False), id(variable))


def _array(array: Any, output: Output, wanted: str | None) -> FileTensor:
    held = _held(output, array.dtype, wanted)
    return FileTensor(array.shape, held, lambda: array.astype(held, copy=False))


def _write(output: Output, path: Path, tensors: Mapping[str, FileTensor], step: Any) -> None:
    with _one_error(path.name):
        output.write(path, tensors, step)


@contextlib.contextmanager
def _one_error(name: str) -> Iterator[None]:
    """Inside, what TensorFlow and HDF5 raise of a full disk, each in its own way, becomes an OutputError."""
    try:
        yield
    except (OutputError, FileError):
        raise
    except Exception as error:
        text = " ".join(str(error).split())
        raise OutputError(f"{name}: cannot be written: {text[:200]}") from None


def _renamed(state: Mapping[str, Any], table: Path) -> dict[str, Any]:
    import yaml

    from transpile.weights.plain import renamed

    try:
        names = yaml.safe_load(table.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnusableCall(f"{table}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UnusableCall(f"{table}: {error}") from None
    if not isinstance(names, dict) or not all(
        isinstance(part, str) for pair in names.items() for part in pair
    ):
        raise UnusableCall(f"{table}: is no table of old: new names")
    return renamed(state, names)
