"""Verdicts on torch's own operator and layer tests, held against the committed table (verdicts.json).

A verdict may improve, it may not worsen. A run takes a fifth of the cases, drawn by the seed of the slow tests;
`pytest tests/conformance --slow=all` takes all of them, and with TRANSPILE_UPDATE_VERDICTS=1 writes the table anew.
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from pathlib import Path

import pytest
from conformance import layers, operators

TABLE = Path(__file__).with_name("verdicts.json")
UPDATE = "TRANSPILE_UPDATE_VERDICTS"
MODES = [
    f"{data_format}, {mode}"
    for data_format in ("channels_first", "channels_last")
    for mode in ("eval", "training")
]


def cases() -> list[tuple[str, str]]:
    """(kind, name): the operators, and the layers by data format and mode."""
    found = [("operators", name) for name in operators.database()]
    return found + [(mode, name) for mode in MODES for name in layers.database()]


def verdict(kind: str, name: str) -> tuple[str, str] | None:
    if kind == "operators":
        return operators.verdict(name)
    data_format, mode = kind.split(", ")
    return layers.verdict(name, data_format, mode == "training")


def table() -> dict[str, dict[str, str]]:
    return json.loads(TABLE.read_text(encoding="utf-8")) if TABLE.exists() else {}


def test_verdicts(request: pytest.FixtureRequest) -> None:
    chosen = cases()
    if request.config.getoption("--slow") != "all":
        seed = os.environ["TRANSPILE_TEST_SEED"]
        chosen = random.Random(seed).sample(chosen, len(chosen) // 5)
    known, found, worse = table(), table(), []
    for kind, name in chosen:
        result = verdict(kind, name)
        if result is None:
            continue
        found.setdefault(kind, {})[name] = result[0]
        before = known.get(kind, {}).get(name)
        if before is None or operators.VERDICTS.index(result[0]) < operators.VERDICTS.index(before):
            worse.append(f"{kind}: {name} is {result[0]}, was {before}: {result[1]}")
    if os.environ.get(UPDATE):
        ordered = {kind: dict(sorted(found[kind].items())) for kind in sorted(found)}
        TABLE.write_text(json.dumps(ordered, indent=1) + "\n", encoding="utf-8")
        return
    assert worse == [], "\n".join(worse)


def test_the_table_shows_enough() -> None:
    """How many operators and layers agree with torch; none differs without a word."""
    counts = {kind: Counter(verdicts.values()) for kind, verdicts in table().items()}
    assert counts["operators"]["equal"] + counts["operators"]["dtype"] >= 612
    assert counts["operators"]["dtype"] <= 5
    for kind in MODES:
        assert set(table()[kind]) == set(layers.database())  # each has a verdict
        assert counts[kind]["equal"] >= 112
    assert [kind for kind, count in counts.items() if count["silent"]] == []
