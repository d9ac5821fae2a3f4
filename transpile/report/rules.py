"""The rule tables, listed and shown."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transpile.rulebook import Rule
    from transpile.rulebook.tensorflow import Former


def listing(rules: Iterable[Rule], style: str) -> str:
    """Every rule on a line: id, torch name, fidelity (refused where there is no translation)."""
    ordered = sorted(rules, key=lambda rule: rule.id)
    if style == "json":
        return json.dumps([_record(rule) for rule in ordered], indent=1) + "\n"
    width = max((len(rule.torch) for rule in ordered), default=0)
    return "".join(f"{rule.id}  {rule.torch:<{width}}  {_fidelity(rule)}\n" for rule in ordered)


def details(rule: Rule, style: str, examples: list[str]) -> str:
    """One rule: its names, how each variant is written in TensorFlow, how faithful that is, and where it stands.

    `examples` are its calls with what becomes of them.
    """
    record = _record(rule)
    if examples and style != "json":
        record["examples"] = examples
    return _shown(record, style)


def renaming(known: Former, style: str) -> str:
    """A name of TensorFlow 1: its spelling today, and what has to be known of it."""
    record = {"name": known.name, "tf": known.now, "keywords": dict(known.args), "why": known.why}
    return _shown({key: value for key, value in record.items() if value}, style)


def _shown(record: dict[str, Any], style: str) -> str:
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
        "examples": [example["call"] for example in rule.examples],
        "table": f"{Path(rule.source[0]).name}:{rule.source[1]}",
    }
    return {key: value for key, value in record.items() if value not in (None, [], "")}


def _fidelity(rule: Rule) -> str:
    return "refused" if rule.refuse else str(rule.fidelity)


_HEAD = """# What becomes of torch's APIs

Generated from the rule tables (`rules/*.yaml`); `TRANSPILE_UPDATE_DOCS=1 pytest tests/rulebook/test_page.py`
refreshes it. `transpile rules NAME` shows one rule whole. *Exact* means torch's numbers, shapes and dtypes, held by
the examples of the rule on both frameworks; *ambiguous*, that several results are right; the other words stand with
their reason.
"""


def page(rules: Iterable[Rule]) -> str:
    """docs/rules.md: every rule on a line, by table; what differs, or why there is no translation."""
    tables: dict[str, list[Rule]] = {}
    for rule in rules:
        tables.setdefault(Path(rule.source[0]).stem, []).append(rule)
    lines = [_HEAD]
    for table in sorted(tables):
        lines.append(
            f"\n## {table.replace('_', ' ').capitalize()}\n\n| torch | also | TensorFlow | |\n|---|---|---|---|\n"
        )
        for rule in sorted(tables[table], key=lambda rule: rule.torch):
            also = ", ".join(f"`{alias}`" for alias in _also(rule))
            written = rule.instead if rule.refuse else _cell(rule)
            note = f"refused: {rule.refuse}" if rule.refuse else _note(rule)
            lines.append(f"| `{rule.torch}` | {also} | {written} | {note} |\n".replace("|  |", "| |"))
    return "".join(lines)


def _also(rule: Rule) -> list[str]:
    method = [] if rule.method is None or rule.method_only else [f".{rule.method}"]
    return [*(alias.removeprefix("torch.") for alias in rule.aliases), *method]


def _cell(rule: Rule) -> str:
    """The first Keras or TensorFlow spelling, as code in a table's cell."""
    variants = rule.keras or rule.variants
    text = variants[0].template.text.replace("|", "\\|")
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def _note(rule: Rule) -> str:
    first = (rule.keras or rule.variants)[0].why
    reasons = "; ".join(why for why in (rule.why, first) if why)
    why = "" if rule.fidelity == "exact" or not reasons else f": {reasons}"
    return f"{rule.fidelity}{why}".replace("|", "\\|")
