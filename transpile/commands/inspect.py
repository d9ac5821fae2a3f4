"""`transpile inspect CHECKPOINT`: names, shapes, dtypes and values of a checkpoint of any kind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from transpile.commands._needs import needs
from transpile.commands._output import say
from transpile.commands._progress import progress
from transpile.project.plan import UnusableCall

if TYPE_CHECKING:
    from transpile.weights.files import Opened
    from transpile.weights.inspecting.against import Comparison


@click.command("inspect")
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option("--name", "pattern", metavar="GLOB", help="Only the entries of these names, as in '*.weight'.")
@click.option("--values", is_flag=True, help="Show the values (long ones shortened; in JSON all of them).")
@click.option("--stats", is_flag=True, help="Show minimum, mean and maximum, and count what is no number.")
@click.option("--against", metavar="FILE:FACTORY", help="List what a model misses; THE CODE OF FILE RUNS.")
@click.option("--allow-pickle", is_flag=True, help="Take the tensors out of pickled objects; no code is run.")
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    checkpoint: Path,
    pattern: str | None,
    values: bool,
    stats: bool,
    against: str | None,
    allow_pickle: bool,
    style: str,
) -> int:
    """Say what is in a checkpoint: of torch, safetensors, TensorFlow, HDF5, Keras or numpy.

    CHECKPOINT is a file, the prefix or folder of a TensorFlow checkpoint, a SavedModel, or the index of a
    sharded checkpoint. Nothing that it contains is run, and tensors are read only for --stats and --values.
    With --against the exit status is 1 where the weights do not fit.
    """
    with needs("inspect"):
        from transpile.weights.files import FileError, FileTensor, open_checkpoint
        from transpile.weights.inspecting.table import as_data, as_text, table
    try:
        opened = open_checkpoint(checkpoint, allow_pickle)
        total = sum(value.nbytes for _, value in opened.entries() if isinstance(value, FileTensor))
        with progress("reading", total if stats or values else 0) as step:
            found = table(opened, pattern, stats, values, step)
        compared = None if against is None else _compared(opened, against)
    except FileError as error:
        raise UnusableCall(str(error)) from None
    if style == "json":
        data = as_data(found)
        say(
            json.dumps(data if compared is None else {**data, "against": compared.as_json()}, default=str)
            + "\n"
        )
    else:
        say(as_text(found) + ("" if compared is None else "\n".join(compared.lines()) + "\n"))
    return 0 if compared is None else int(not compared.fits)


def _compared(opened: Opened, against: str) -> Comparison:
    from transpile.commands._model import built_model
    from transpile.weights.inspecting.against import compare

    return compare(opened, built_model(against, "channels_last", (), False).model)
