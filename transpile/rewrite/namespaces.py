"""Modules of torch whose members are named by strings: `eval(text)`, `getattr(nn, name)`.

A namespace takes the module's place: the counterparts that the strings of the file and the project's data name.
"""

from __future__ import annotations

import re
from typing import Any

import libcst as cst

from transpile.infer.computed_names import fitted, pattern
from transpile.infer.facts import Ref, resolve
from transpile.rewrite.code import expression, source
from transpile.rewrite.context import Context
from transpile.rewrite.references import class_text, function_value, value_of
from transpile.rewrite.registry import operation
from transpile.source.walk import descendants

__all__ = ["namespaces"]


@operation("namespace")
def by_name(context: Context, original: cst.Call, updated: cst.Call) -> Any:
    """getattr(torch.nn, name)"""
    plan = context.plan(original)
    assert plan is not None
    fact = resolve(context.fact(original))
    if type(fact) is Ref:  # getattr(nn, "Linear")
        rule = context.run.rules.by_name(fact.name)
        found = _text(context, rule) if rule is not None else None
        if found is not None:
            return expression(found)
    local = source(original.args[0].value).rpartition(".")[2] + "_members"
    while local in context.bound_names:
        local += "_"
    context.namespaces[local] = plan.data["module"]
    return updated.with_changes(args=[updated.args[0].with_changes(value=cst.Name(local)), *updated.args[1:]])


@operation("probe")
def probe(context: Context, original: cst.Call, updated: cst.Call) -> Any:
    """hasattr(F, "silu") → True; getattr(F, "silu", None) → tf.nn.silu; of what has no translation, the default."""
    plan = context.plan(original)
    assert plan is not None
    name, known = plan.data["name"], plan.data["known"]
    told = "is" if known else "is not"
    if isinstance(original.func, cst.Name) and original.func.value == "hasattr":
        context.say("API004", original, f"asked whether torch has {name}: it {told} among what is translated")
        return expression(str(known))
    if not known:
        context.say("API004", original, f"{name} is not among what is translated: the default is taken")
        return updated.args[2].value
    value = value_of(context, plan.rule) if plan.rule is not None else None
    if (
        value is None and id(original) not in context.callees
    ):  # of getattr(getattr(torch, …), …) the inner one
        context.say("API001", original, f"{name} stays as it is")
    return value


def namespaces(context: Context, tree: cst.Module, brought: dict[str, str]) -> set[str]:
    """Puts the namespaces that the output needs among its placeholders; the names that they take."""
    wanted = dict(context.namespaces)
    if context.run.module.evaluates:
        wanted.update({local: module for local, module in brought.items() if module == "torch.nn"})
    if not wanted:
        return set()
    strings = [node.value for node in descendants(tree) if type(node) is cst.SimpleString]
    done: set[str] = set()
    for local, module in sorted(wanted.items()):
        named = set(context.run.evaluated) | {text.strip("\"'") for text in strings}
        named |= set(re.findall(rf"\b{local}\.([A-Z]\w+)", "\n".join(strings)))
        named |= _computed(context, module, tree)
        members = _members(context, module, named)
        if not members and local in context.namespaces:
            members = _members(context, module, _activations(context, module))
        if members:
            context.needs("types")
            context.placeholders.append(
                f"{local} = types.SimpleNamespace({', '.join(members)})  # what strings may name"
            )
            done.add(local)
    return done


def _computed(context: Context, module: str, tree: cst.Module) -> set[str]:
    """The names that strings with gaps may give: `f"Conv{n}d"`, `"{}Norm{}d".format(kind, n)`."""
    patterns = {pattern(node) for node in descendants(tree) if isinstance(node, cst.BaseExpression)}
    fitting = [fitted(text) for text in patterns if text is not None and _telling(text)]
    names = [
        rule.torch.rpartition(".")[2]
        for rule in context.run.rules.rules()
        if rule.torch.rpartition(".")[0] == module
    ]
    return {name for name in names if any(fits.fullmatch(name) is not None for fits in fitting)}


def _telling(text: str) -> bool:
    """Whether what stands around the gaps of a name is a name's, and enough to know its kin by."""
    letters = text.replace("*", "")
    return letters.isidentifier() and len(letters) > 3


def _members(context: Context, module: str, names: set[str]) -> list[str]:
    members = []
    for name in sorted(names):
        rule = context.run.rules.by_name(f"{module}.{name}") if name.isidentifier() else None
        text = _text(context, rule) if rule is not None else None
        if text is not None:
            members.append(f"{name}={text}")
    return members


def _text(context: Context, rule: Any) -> str | None:
    """The counterpart as a value."""
    if rule.kind != "function" or not rule.variants:
        return class_text(context, rule.torch, testing=False)
    value = function_value(context, rule)
    return source(value) if value is not None else None


def _activations(context: Context, module: str) -> set[str]:
    """What a name from elsewhere most likely is: a layer or function that works on each element."""
    return {
        rule.torch.rpartition(".")[2]
        for rule in context.run.rules.rules()
        if rule.torch.rpartition(".")[0] == module and rule.layout == "elementwise"
    }
