"""Conversions of arguments, and the names that tables share with the inference."""

from __future__ import annotations

from pathlib import Path

import pytest

from transpile.rulebook import ConversionError, convert, hooks, load
from transpile.rulebook.reading import read
from transpile.rulebook.schema import LAYOUT_HOOKS
from transpile.rulebook.store import Rulebook, _indexed

USED = {
    word[len("hook:") :]
    for rule in load().rules()
    for word in (rule.layout, rule.returns)
    if word.startswith("hook:")
}
# Decided in the rewriter, or still read as torch's order by the inference.
UNREGISTERED = {"max", "min"}


def test_every_layout_hook_of_the_tables_is_known_to_the_inference() -> None:
    import transpile.infer.ops  # noqa: F401  (registers them)
    from transpile.infer.apply import HOOKS

    assert {name for name in USED if name not in HOOKS and f"returns:{name}" not in HOOKS} <= UNREGISTERED


def test_the_schema_names_no_layout_hook_that_no_table_uses() -> None:
    assert LAYOUT_HOOKS == USED


def test_no_argument_hook_is_unused() -> None:
    used = {spec["by"] for rule in load().rules() for spec in rule.args.values() if "by" in spec}
    assert set(hooks.HOOKS) == used


def test_an_argument_hook_converts_or_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "HOOKS", {})

    @hooks.argument_hook
    def doubled(text: str) -> str:
        if not text.isdigit():
            raise hooks.Unconvertible("is no number")
        return str(2 * int(text))

    monkeypatch.setattr("transpile.rulebook.reading.HOOKS", hooks.HOOKS)
    monkeypatch.setattr("transpile.rulebook.conversion.HOOKS", hooks.HOOKS)
    path = tmp_path / "own.yaml"
    path.write_text(
        "- id: TR9001\n  torch: torch.f\n  params: [n=2]\n  tf: tf.f({twice})\n"
        "  args: {n: {to: twice, by: doubled, otherwise: API002}}\n"
    )
    records = read([path])
    rule = Rulebook(records, _indexed(records)).by_name("torch.f")
    assert rule is not None
    with pytest.raises(ConversionError, match="is no number") as caught:
        convert(rule, {"n": "k"})
    assert caught.value.code == "API002"
    assert convert(rule, {"n": "3"}) == ({"twice": "6"}, {})
    assert convert(rule, {"n": None}) == ({}, {"twice": "4"})
