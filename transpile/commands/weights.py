"""`transpile weights FILE.pth [--model FILE:FACTORY] -o OUT`: weights from torch to TensorFlow, and back."""

from __future__ import annotations

from pathlib import Path

import click

from transpile.commands._needs import needs
from transpile.commands._options import read_options
from transpile.project.plan import UnusableCall

_MODEL = "The torch source or its translation, and the expression that makes the model: net.py:Net(8)."


@click.command("weights")
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option("--model", metavar="FILE:FACTORY", help=_MODEL)
@click.option("-o", "--out", required=True, metavar="OUT", help="What to write; its suffix tells the format.")
@click.option("--key", help="Where the weights stand in the checkpoint, as in ema or teacher.state_dict.")
@click.option("--partial", is_flag=True, help="Load what fits, and list what does not.")
@click.option("--dtype", type=click.Choice(["float32", "float16", "bfloat16"]), help="Of floating weights.")
@click.option("--by-name", is_flag=True, help="Key the output by the torch names.")
@click.option(
    "--names", type=click.Path(path_type=Path), help="A table (YAML) of old: new names; one * each."
)
@click.option("--transpose", is_flag=True, help="Without a model: transpose what is proven to need it.")
@click.option("--optimizer", is_flag=True, help="Convert the state of the optimizer, too.")
@click.option("--to-torch", is_flag=True, help="The way back: from a Keras file to a torch state dict.")
@click.option(
    "--input", "inputs", multiple=True, metavar="[DTYPE:]SIZES", help="An input of the Keras model."
)
@click.option("--allow-pickle", is_flag=True, help="Take the tensors out of pickled objects; no code is run.")
@click.option(
    "--data-format",
    type=click.Choice(["channels_last", "channels_first"]),
    default="channels_last",
    show_default=True,
    help="Of the translation that is made of a torch source.",
)
@click.option("--exact-training", is_flag=True, help="Translate with torch's own parametrization.")
@click.option(
    "--rules", multiple=True, type=click.Path(path_type=Path), help="A rule table of your own (YAML)."
)
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    checkpoint: Path,
    model: str | None,
    out: str,
    key: str | None,
    partial: bool,
    dtype: str | None,
    by_name: bool,
    names: Path | None,
    transpose: bool,
    optimizer: bool,
    to_torch: bool,
    inputs: tuple[str, ...],
    allow_pickle: bool,
    data_format: str,
    exact_training: bool,
    rules: tuple[Path, ...],
    style: str,
) -> int:
    """Turn torch weights into a TensorFlow checkpoint, .weights.h5, .keras, a SavedModel, .npz or safetensors.

    CHECKPOINT is a .pth of any age, safetensors or the index of a sharded checkpoint; nothing in it is run. OUT:
    .weights.h5, .keras, .npz, .h5, .safetensors, .pth; a name that ends in / or in saved_model is a SavedModel;
    any other is the prefix of a TensorFlow checkpoint. With --model THE CODE OF FILE RUNS, the weights go through
    the model, and plain TensorFlow restores them. Without it names and tensors stay as they are.
    """
    with needs("weights"):
        from transpile.commands._weights import Request, Told, convert
    options = read_options(data_format, rules, exact_training)
    request = Request(
        checkpoint=checkpoint,
        out=out,
        model=model,
        key=key,
        strict=not partial,
        dtype=dtype,
        by_name=by_name,
        names=names,
        transpose=transpose,
        optimizer=optimizer,
        to_torch=to_torch,
        inputs=inputs,
        allow_pickle=allow_pickle,
        options=options,
    )
    told = Told(style)
    try:
        convert(request, told)
    except (
        ValueError,
        TypeError,
    ) as error:  # of a file, of an output, of weights that do not fit: each says why
        lines = [" ".join(line.split()) for line in str(error).splitlines()]
        raise UnusableCall("; ".join(line for line in lines if line)) from None
    told.end()
    return 0
