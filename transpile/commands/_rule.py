"""One rule, as `rules NAME` and `explain` show it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transpile.commands._options import rulebook
from transpile.commands._output import say, unknown
from transpile.project.plan import UnusableCall
from transpile.report.rules import details, renaming
from transpile.rulebook.tensorflow import former

EXAMPLE = """import torch
import torch.nn as nn
import torch.nn.functional as F


def example({parameters}):
    return {call}
"""


def result_of(call: str, example: Mapping[str, Any]) -> str:
    """An example with what it becomes, on one line."""
    import ast

    from transpile import translate

    parameters = ", ".join(f"{name}: torch.Tensor" for name in example.get("with", {}))
    code = translate(EXAMPLE.format(parameters=parameters, call=call), data_format="channels_first").code
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.FunctionDef) and node.name == "example":
            last = node.body[-1]
            if isinstance(last, ast.Return) and len(node.body) == 1 and last.value is not None:
                return f"{call}  →  {ast.unparse(last.value)}"
    return call


def show_rule(name: str, style: str) -> int:
    """Show one rule, named by its id or its torch name."""
    book = rulebook()
    rule = book.by_name(name) or next((rule for rule in book.rules() if rule.id == name), None)
    known = former(name) if rule is None else None
    if known is not None:
        say(renaming(known, style))
        return 0
    if rule is None:
        raise UnusableCall(unknown(name, [n for rule in book.rules() for n in (rule.id, rule.torch)], "rule"))
    say(details(rule, style, [result_of(str(example["call"]), example) for example in rule.examples]))
    return 0
