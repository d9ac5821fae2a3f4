"""The rule tables, listed and shown."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transpile.rulebook import Rule


def listing(rules: Iterable[Rule], style: str) -> str:
    """Every rule on a line: id, torch name, fidelity (refused where there is no translation)."""
    ordered = sorted(rules, key=lambda rule: rule.id)
    if style == "json":
        return json.dumps([_record(rule) for rule in ordered], indent=1) + "\n"
    width = max((len(rule.torch) for rule in ordered), default=0)
    return "".join(f"{rule.id}  {rule.torch:<{width}}  {_fidelity(rule)}\n" for rule in ordered)


def details(rule: Rule, style: str) -> str:
    """One rule: its names, how each variant is written in TensorFlow, how faithful that is, and where it stands."""
    record = _record(rule)
    if style == "json":
        return json.dumps(record, indent=1) + "\n"
    width = max(map(len, record))
    lines = []
    for key, value in record.items():
        values = value if isinstance(value, list) else [value]
        for index, entry in enumerate(values):
            lines.append(f"{key if index == 0 else '':<{width}}  {entry}\n")
    return "".join(line for line in lines if line.strip())


def _record(rule: Rule) -> dict[str, Any]:
    record: dict[str, Any] = {
        "id": rule.id,
        "torch": rule.torch,
        "aliases": list(rule.aliases),
        "method": rule.method,
        "tf": [variant.template.text for variant in rule.variants],
        "keras": [variant.template.text for variant in rule.keras],
        "refuse": rule.refuse,
        "instead": rule.instead,
        "fidelity": _fidelity(rule),
        "why": rule.why,
        "url": rule.url,
        "table": f"{Path(rule.source[0]).name}:{rule.source[1]}",
    }
    return {key: value for key, value in record.items() if value not in (None, [], "")}


def _fidelity(rule: Rule) -> str:
    return "refused" if rule.refuse else str(rule.fidelity)
