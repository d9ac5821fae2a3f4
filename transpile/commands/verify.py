"""`transpile verify FILE:FACTORY`: the original and its translation side by side."""

from __future__ import annotations

import json
import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import click

from transpile.commands._needs import needs_frameworks
from transpile.commands._options import read_options
from transpile.commands._output import say
from transpile.project.plan import UnusableCall

if TYPE_CHECKING:
    from transpile.report.html import Page
    from transpile.verify.result import Result

FORMATS = click.Choice(["channels_last", "channels_first"])
EXPORTS = click.Choice(["saved_model", "keras", "tflite", "all"])
INPUT = "An argument: 1,3,64,64 or ids=int64:2,16:0..99 or n=py:3; a list of tensors: '[3,64,64; 3,48,80]'."


@click.command("verify")
@click.argument("model", metavar="FILE:FACTORY")
@click.option("--input", "inputs", multiple=True, metavar="[NAME=][DTYPE:]SIZES[:LOW..HIGH]", help=INPUT)
@click.option(
    "--output", metavar="FILE[:FACTORY]", help="A translation that is there; made anew if not given."
)
@click.option(
    "--data-format", type=FORMATS, default="channels_last", show_default=True, help="Of the output."
)
@click.option("--exact-training", is_flag=True, help="Translate with torch's own parametrization.")
@click.option(
    "--rules", multiple=True, type=click.Path(path_type=Path), help="A rule table of your own (YAML)."
)
@click.option("--grad", is_flag=True, help="Compare the gradients of inputs and weights.")
@click.option("--steps", type=click.IntRange(min=0), default=0, help="Compare N training steps, dropout off.")
@click.option("--export", "exports", multiple=True, type=EXPORTS, help="Compare after an export.")
@click.option("--speed", is_flag=True, help="Time both.")
@click.option("--no-graph", is_flag=True, help="Eager calls alone.")
@click.option(
    "--tolerance", type=float, help="The largest difference that is equal; found from float64 if not given."
)
@click.option("--layers", is_flag=True, help="Show every layer, not only those around a difference.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option(
    "--svg", type=click.Path(path_type=Path, dir_okay=False), help="Draw the differences along the depth."
)
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a page: both sides, and the picture.",
)
def command(
    model: str,
    inputs: tuple[str, ...],
    output: str | None,
    data_format: str,
    exact_training: bool,
    rules: tuple[Path, ...],
    grad: bool,
    steps: int,
    exports: tuple[str, ...],
    speed: bool,
    no_graph: bool,
    tolerance: float | None,
    layers: bool,
    as_json: bool,
    svg: Path | None,
    html: Path | None,
) -> int:
    """Run a torch model and its translation side by side; USER CODE RUNS.

    FILE is a torch source, FACTORY an expression in its names: net.py:Net(8). It is translated, both models are
    built, get the same weights, and are compared layer by layer, under tf.function, and with unknown batch,
    height and width. A translated FILE alone is held against its own eager run. Exit status: 0 equal,
    1 different, 2 could not be run.
    """
    needs_frameworks("verify")
    from transpile.verify.run import Request, verify
    from transpile.verify.sides import is_translation
    from transpile.verify.spec import SpecError, givens, target
    from transpile.verify.text import Live

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    read_options(data_format, rules, exact_training)
    try:
        named = target(model)
        request = Request(
            source=named,
            inputs=givens(inputs),
            data_format=data_format,
            rules=tuple(rule.resolve() for rule in rules),
            exact_training=exact_training,
            tolerance=tolerance,
            grad=grad,
            steps=steps,
            exports=("saved_model", "keras", "tflite") if "all" in exports else exports,
            speed=speed,
            graph=not no_graph,
        )
        if is_translation(named.path):
            request.source, request.output = None, named
        elif output is not None:
            request.output = target(output if ".py:" in output else f"{output}:{named.factory}")
    except SpecError as error:
        raise UnusableCall(str(error)) from None
    warnings.filterwarnings(
        "ignore", module="keras|tensorflow|torch"
    )  # they speak of code that is not the user's
    texts: list[Page | None] = []
    if html is not None:
        from transpile.verify.page import texts as read

        request.on_output = lambda side: texts.append(read(named.path if request.source else None, side))
    with Live(not as_json) as live:
        request.on_row = live.row
        result = verify(request)
    if html is not None:
        from transpile.project.writing import write
        from transpile.verify.page import page

        write(html, page(result, texts[0] if texts else None).encode(), None)
    if svg is not None:
        from transpile.verify.chart import svg as drawn

        svg.write_text(drawn(result.rows, result.tolerance) + "\n", encoding="utf-8")
    _tell(result, as_json, layers)
    return result.status


def _tell(result: Result, as_json: bool, layers: bool) -> None:
    if as_json:
        say(json.dumps(result.as_json(), indent=1, default=str) + "\n")
        return
    from transpile.verify.text import summary

    for note in result.notes:
        if note.startswith("Traceback"):
            say(note, sys.stderr)
    say(summary(result, layers))
