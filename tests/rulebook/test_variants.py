"""Which variant is chosen, and what becomes of converted arguments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from transpile.rulebook import MISSING, ConversionError, Rule, convert, holds, select
from transpile.rulebook.reading import read
from transpile.rulebook.store import Rulebook, _indexed


class Known:
    """Facts from plain dicts."""

    def __init__(
        self, constants: dict[str, Any] | None = None, **tensors: tuple[int | None, str | None]
    ) -> None:
        self.constants = constants or {}
        self.tensors = tensors

    def given(self, name: str) -> bool:
        return name in self.tensors or self.constants.get(name) is not None

    def constant(self, name: str) -> Any:
        return self.constants.get(name, MISSING)

    def is_tensor(self, name: str) -> bool:
        return name in self.tensors

    def is_int(self, name: str) -> bool:
        return type(self.constants.get(name)) is int

    def rank(self, name: str) -> int | None:
        return self.tensors.get(name, (None, None))[0]

    def dtype(self, name: str) -> str | None:
        return self.tensors.get(name, (None, None))[1]


@pytest.mark.parametrize(
    ("when", "facts"),
    [
        ({"given": ["dim"]}, Known()),
        ({"given": ["dim"]}, Known({"dim": None})),
        ({"absent": ["dim"]}, Known({"dim": 0})),
        ({"literal": ["dim"]}, Known(dim=(0, None))),
        ({"equals": {"p": 2}}, Known()),
        ({"equals": {"p": 1}}, Known({"p": True})),
        ({"equals": {"p": True}}, Known({"p": 1})),
        ({"equals": {"p": 2}}, Known({"p": 3})),
        ({"equals": {"p": [1, 2]}}, Known({"p": (2, 1)})),
        ({"one_of": {"p": [0, "valid"]}}, Known({"p": "same"})),
        ({"number": ["p"]}, Known({"p": True})),
        ({"is_int": ["p"]}, Known({"p": 1.0})),
        ({"is_tensor": ["p"]}, Known({"p": 1})),
        ({"rank": {"x": 4}}, Known(x=(None, None))),
        ({"rank": {"x": [3, 4]}}, Known(x=(5, None))),
        ({"dtype": {"x": ["int64"]}}, Known(x=(1, None))),
        ({"given": ["a"], "equals": {"p": 2}}, Known({"a": 1, "p": 3})),
    ],
)
def test_what_is_not_known_does_not_hold(when: dict[str, Any], facts: Known) -> None:
    assert not holds(when, facts)


@pytest.mark.parametrize(
    ("when", "facts"),
    [
        ({}, Known()),
        ({"given": ["dim"]}, Known({"dim": 0})),
        ({"absent": ["dim"]}, Known({"dim": None})),
        ({"literal": ["dim"]}, Known({"dim": None})),
        ({"equals": {"p": 2}}, Known({"p": 2.0})),
        ({"equals": {"p": [1, 2]}}, Known({"p": (1, 2)})),
        ({"one_of": {"p": [0, "valid"]}}, Known({"p": "valid"})),
        ({"rank": {"x": [3, 4]}}, Known(x=(4, None))),
        ({"dtype": {"x": ["int64"]}}, Known(x=(1, "int64"))),
    ],
)
def test_what_is_known_holds(when: dict[str, Any], facts: Known) -> None:
    assert holds(when, facts)


@pytest.fixture
def mapped(tmp_path: Path) -> Rule:
    path = tmp_path / "own.yaml"
    path.write_text(
        "- id: TR9001\n  torch: torch.f\n  params: [x, mode='constant', n=1]\n  tf: tf.f({x}, {way}, {n})\n"
        "  args:\n    mode: {to: way, map: {constant: CONSTANT, zeros: {code: tf.zeros}, true: 1}}\n"
    )
    records = read([path])
    found = Rulebook(records, _indexed(records)).by_name("torch.f")
    assert found is not None
    return found


@pytest.mark.parametrize("text", ["mode", "'circular'", "1", "f()"])
def test_what_the_map_lacks_is_refused(mapped: Rule, text: str) -> None:
    with pytest.raises(ConversionError) as caught:
        convert(mapped, {"x": "x", "mode": text, "n": None})
    assert caught.value.code == "API003"


def test_numbers_with_an_exponent_are_numbers(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(
        "- id: TR9001\n  torch: torch.f\n  params: [eps=1e-12]\n"
        "  variants: [{when: {equals: {eps: 1e-12}}, tf: tf.f()}, {tf: 'tf.g({eps})'}]\n"
    )
    [record] = read([path])
    assert record["variants"][0]["when"] == {"equals": {"eps": 1e-12}}


def test_what_drifts_is_passed_over_for_exact_training(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(
        "- id: TR9001\n  torch: torch.f\n  params: [decay=0]\n  variants:\n"
        "    - {when: {equals: {decay: 0}}, tf: 'tf.f({decay})', drifts: true, why: it rounds}\n"
        "    - {when: {equals: {decay: 0}}, tf: 'tf.g({decay})'}\n"
    )
    records = read([path])
    rule = Rulebook(records, _indexed(records)).by_name("torch.f")
    assert rule is not None
    for exact, text in ((False, "tf.f({decay})"), (True, "tf.g({decay})")):
        chosen = select(rule.variants, Known({"decay": 0}), exact)
        assert chosen is not None and chosen.template.text == text
        assert select(rule.variants, Known({"decay": 1}), exact) is None


def test_literals_are_mapped(mapped: Rule) -> None:
    assert convert(mapped, {"x": "x", "mode": "'zeros'", "n": None})[0] == {
        "x": "x",
        "way": "tf.zeros",
        "n": None,
    }
    values, defaults = convert(mapped, {"x": "x", "mode": None, "n": None})
    assert values == {"x": "x", "n": None}
    assert defaults == {"way": '"CONSTANT"', "n": "1"}
