"""`transpile inspect CHECKPOINT`: names, shapes, dtypes and values of a checkpoint of any kind."""

from __future__ import annotations

from pathlib import Path

import click

from transpile.commands._output import say
from transpile.commands._progress import progress
from transpile.project.plan import UnusableCall
from transpile.weights.files import FileError, FileTensor, open_checkpoint
from transpile.weights.inspecting.table import as_json, as_text, table


@click.command("inspect")
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option("--name", "pattern", metavar="GLOB", help="Only the entries of these names, as in '*.weight'.")
@click.option("--values", is_flag=True, help="Show the values (long ones shortened; in JSON all of them).")
@click.option("--stats", is_flag=True, help="Show minimum, mean and maximum, and count what is no number.")
@click.option("--allow-pickle", is_flag=True, help="Take the tensors out of pickled objects; no code is run.")
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    checkpoint: Path, pattern: str | None, values: bool, stats: bool, allow_pickle: bool, style: str
) -> int:
    """Say what is in a checkpoint: of torch, safetensors, TensorFlow, HDF5, Keras or numpy.

    CHECKPOINT is a file, the prefix or folder of a TensorFlow checkpoint, a SavedModel, or the index of a
    sharded checkpoint. Nothing that it contains is run, and tensors are read only for --stats and --values.
    """
    try:
        opened = open_checkpoint(checkpoint, allow_pickle)
        total = sum(value.nbytes for _, value in opened.entries() if isinstance(value, FileTensor))
        with progress("reading", total if stats or values else 0) as step:
            found = table(opened, pattern, stats, values, step)
    except FileError as error:
        raise UnusableCall(str(error)) from None
    say(as_json(found) + "\n" if style == "json" else as_text(found))
    return 0
