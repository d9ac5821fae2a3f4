"""Every example of every rule, on both frameworks: value, shape and dtype; eagerly and in a graph of open shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from rulebook import running

from transpile.rulebook import Rule, load

RULES = list(load().rules())
CASES = [
    pytest.param(rule, example, id=f"{rule.id}-{number}-{rule.torch}")
    for rule in RULES
    if rule.kind != "layer"
    for number, example in enumerate(rule.examples)
]


def supports(rule: Rule) -> set[str]:
    return {name for variant in (*rule.variants, *rule.keras) for name in variant.template.supports}


def test_every_support_definition_that_a_rule_names_exists() -> None:
    named = {name: rule.id for rule in RULES for name in supports(rule)}
    assert {name: by for name, by in named.items() if name not in running.support()} == {}


@pytest.mark.parametrize(("rule", "example"), CASES)
def test_example(rule: Rule, example: Mapping[str, Any]) -> None:
    tensors = {name: running.array(spec, name) for name, spec in example.get("with", {}).items()}
    random = example.get("random", False)
    expected = running.under_torch(example["call"], tensors)
    formats = [(None, False)]
    if rule.layout in ("image", "hook:pad"):
        formats = [('"channels_first"', False), (None, True)]
    for data_format, last in formats:
        text = running.rendered(example["call"], tensors, data_format)
        assert "torch" not in text, text
        given = {n: v if n not in ("x", "indices") or not last else _last(v) for n, v in tensors.items()}
        for graph in (False, True) if example.get("graph", True) and tensors else (False,):
            shapes = (
                open_shapes(given, len(formats) > 1, last, example.get("graph") == "batch") if graph else None
            )
            got = running.under_tf(text, given, shapes)
            if last:
                got = _first(got)
            where = "in a graph" if graph else "eagerly"
            assert running.difference(expected, got, random) is None, f"{text} {where}"


def open_shapes(
    tensors: Mapping[str, np.ndarray], image: bool, last: bool, batch: bool
) -> dict[str, list[int | None]]:
    """The shapes of a graph: open where they are at run time. Weights (w, b, m, v) and channels are known."""
    shapes: dict[str, list[int | None]] = {}
    for name, value in tensors.items():
        shape: list[int | None] = [None] * value.ndim
        if name in ("w", "b", "m", "v") or (batch and value.ndim):
            shape = [*value.shape] if name in ("w", "b", "m", "v") else [None, *value.shape[1:]]
        elif image and value.ndim >= 3:
            channels = value.ndim - 1 if last else 1
            shape[channels] = value.shape[channels]
        shapes[name] = shape
    return shapes


def _last(value: np.ndarray) -> np.ndarray:
    return np.moveaxis(value, 1, -1).copy() if value.ndim >= 3 else value


def _first(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_first(item) for item in value]
    value = value.numpy()
    return np.moveaxis(value, -1, 1) if value.ndim >= 3 else value
