"""`dtype=dtype` where that may be None: torch takes its default then, TensorFlow takes no None."""

from __future__ import annotations

import re
from typing import Any

import libcst as cst

from transpile.infer.facts import Python
from transpile.rewrite.context import Context
from transpile.rewrite.rule_facts import RuleFacts
from transpile.source.walk import descendants

__all__ = ["default_dtype", "may_be_none"]

ENTRY = re.compile(r"""\w+\[["']\w+["']\]""")


def may_be_none(context: Context, text: str) -> bool:
    """Whether an argument is None where callers say nothing: a parameter with that default, an entry of such ones."""
    if ENTRY.fullmatch(text):
        return True  # `factory = {"device": device, "dtype": dtype}`
    function = context.functions[-1] if context.functions else None
    if function is None or not text.isidentifier():
        return False
    parameters = (*function.params.posonly_params, *function.params.params, *function.params.kwonly_params)
    default = next((p.default for p in parameters if p.name.value == text), None)
    if not isinstance(default, cst.Name) or default.value != "None":
        return False
    return not any(
        isinstance(node, cst.AssignTarget) and isinstance(node.target, cst.Name) and node.target.value == text
        for node in descendants(function)
    )


def default_dtype(
    context: Context, rule: Any, variant: Any, facts: RuleFacts, values: dict[str, str | None], maybe: bool
) -> None:
    """`dtype=dtype` that may be None: torch's default is taken then, where TensorFlow takes no None."""
    text = values.get("dtype")
    if text is None or rule.params[0].name == "input" or "{dtype?}" not in variant.template.text:
        return
    fact = facts.fact("dtype")
    if isinstance(fact, Python) and fact.type == "none":
        values["dtype"] = None
    elif maybe or not facts.is_dtype("dtype"):
        context.needs("tf")
        values["dtype"] = f"{text} or tf.{rule.dtype or 'float32'}"
