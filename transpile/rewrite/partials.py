"""functools.partial of a torch function: a lambda over what the function's rule says with these arguments.

A lambda takes no options. Where another functools.partial gives some, the first one stays, over the support function
that takes what torch's takes.
"""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.rewrite.code import expression, source
from transpile.rewrite.context import Context
from transpile.rewrite.references import support_itself
from transpile.rewrite.registry import operation
from transpile.rewrite.rule_call import render_rule

__all__: list[str] = []


@operation("partial")
def partial(context: Context, original: cst.Call, updated: cst.Call) -> Any:
    plan = context.plan(original)
    assert plan is not None
    extended = plan.data.get("extended")
    if extended is not None:
        return _to_be_extended(context, original, updated, extended)
    applied = plan.data.get("applied")
    if applied is None or applied.op != "rule":
        return None
    given = {arg.keyword.value for arg in original.args if arg.keyword is not None}
    names = [p.name for p in applied.rule.params if p.default is None and p.name not in given]
    if not names:  # partial(torch.arange, device=device): numbers alone
        names = [p.name for p in applied.rule.params[:1] if p.kind == "positional"]
    if not names or any(p.kind == "varargs" for p in applied.rule.params):
        context.say(
            "API002",
            original,
            f"{applied.rule.torch} in functools.partial is not translated; it stays as it is",
        )
        return None
    call = updated.with_changes(args=[*(cst.Arg(cst.Name(name)) for name in names), *updated.args[1:]])
    body = render_rule(context, applied, original, call)
    return expression(f"lambda {', '.join(names)}: {source(body)}") if body is not None else None


def _to_be_extended(context: Context, original: cst.Call, updated: cst.Call, rule: Any) -> Any:
    """The partial of the function that takes torch's own arguments, if there is one."""
    itself = support_itself(rule)
    if itself is None:
        context.say(
            "API002",
            original,
            f"{rule.torch} in a functools.partial that another one extends is not translated; it takes no options",
        )
        return None
    function = updated.args[0].with_changes(value=cst.Name(context.support(itself)))
    return updated.with_changes(args=[function, *updated.args[1:]])
