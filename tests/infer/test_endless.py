"""What never comes to rest is run a bounded number of times, and what rests is run until it does."""

from __future__ import annotations

import libcst as cst

from transpile.infer.facts import Python, Sequence
from transpile.infer.modules import Modules
from transpile.infer.run import STATES, Run
from transpile.infer.summaries import RUNS_AGAIN
from transpile.rulebook import load
from transpile.translate import Project, Text

SOURCE = """
import torch


def collect(items, total, **more):
    total.append(more)
    return total


def f(x: torch.Tensor):
    total = []
"""


def test_a_place_that_is_ever_new_is_new_a_bounded_number_of_times() -> None:
    run = Run(load([]), Modules({}), data_format="channels_last")
    assert [run.is_new("place", Python("int", n)) for n in range(STATES + 3)] == [True] * STATES + [False] * 3
    assert run.is_new("other", Python("int", 0))


def test_a_list_is_kept_as_it_was() -> None:
    """The body goes on to fill the list that it has made: made empty again in the next round it is nothing new."""
    run = Run(load([]), Modules({}), data_format="channels_last")
    made = Sequence("list", [])
    assert run.is_new("place", made)
    assert made.items is not None
    made.items.append(Python("int", 1))
    assert not run.is_new("place", Sequence("list", []))


def test_calls_run_a_body_again_a_bounded_number_of_times_in_a_round() -> None:
    """Each call brings another kind; the body is run for the first of them, and by the rounds."""
    calls = "\n".join(f"    total = collect([{n}], total, key{n}={n})" for n in range(100))
    text = SOURCE + calls + "\n    return total\n"
    run = Project({"m": Text(text)}).infer()
    (collect,) = [function for function in run.all_functions() if function.name == "collect"]
    assert isinstance(collect.node, cst.FunctionDef)
    assert collect.runs <= (RUNS_AGAIN + 1) * run.round
