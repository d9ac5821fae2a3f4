"""What is known of the place under the pointer, as Markdown: the rule, the TensorFlow for it, the difference."""

from __future__ import annotations

from typing import Any

from transpile.editor.place import find
from transpile.editor.source import Source
from transpile.infer.facts import Fact, Ref, Tensor
from transpile.infer.layout import Open
from transpile.infer.run import Run

__all__ = ["hover"]


def hover(source: Source, line: int, column: int) -> tuple[str, tuple[int, int, int, int]] | None:
    """The text for a place (from 1) and the span that it is about; None where there is nothing to tell."""
    run = source.run
    for node in find(source.tree, source.places, line, column).nodes:
        fact = run.fact(node)
        rule = _rule(run, node, fact)
        about = [_of_rule(rule)] if rule is not None else []
        described = _of_fact(run, fact)
        if described:
            about.append(described)
        if about:
            return "\n\n---\n\n".join(about), source.places.span(node)
    return None


def _rule(run: Run, node: Any, fact: Fact) -> Any:
    plan = run.plans.get(id(node))
    if plan is not None and plan.rule is not None:
        return plan.rule
    if isinstance(fact, Ref) and fact.name.startswith("torch"):
        return run.rules.by_name(fact.name)
    return None


def _of_rule(rule: Any) -> str:
    if rule.refuse:
        text = f"**{rule.torch}** is not translated: {rule.refuse}"
        return f"{text}\n\n{rule.instead}" if rule.instead else text
    templates = [variant.template.text for variant in (*rule.variants, *rule.keras)]
    code = "\n".join(dict.fromkeys(template.strip() for template in templates if template.strip()))
    parts = [f"**{rule.torch}**", f"```python\n{code}\n```" if code else ""]
    parts.append(f"_{rule.fidelity}_" + (f": {rule.why}" if rule.why else ""))
    link = f" · [TensorFlow]({rule.url})" if rule.url else ""
    parts.append(f"rule {rule.id}{link}")
    return "\n\n".join(part for part in parts if part)


def _of_fact(run: Run, fact: Fact) -> str:
    if not isinstance(fact, Tensor):
        return ""
    words = ["tensor"]
    if fact.dims is not None and fact.rank:
        words.append("(" + ", ".join(_dim(dim) for dim in fact.dims) + ")")
    elif fact.rank is not None:
        words.append(f"of rank {fact.rank}")
    if fact.dtype:
        words.append(fact.dtype)
    layout = run.layout(fact)
    if not isinstance(layout, Open) and run.channels_last and (fact.rank or 0) > 2:
        words.append("kept channels-last" if layout else "in torch's order")
    return "`" + " ".join(words) + "`" if len(words) > 1 else ""


def _dim(dim: object) -> str:
    """A size as a number or a name; `?` for what only inference has a name for."""
    text = str(dim)
    return "?" if dim is None or "%" in text or "<" in text else text
