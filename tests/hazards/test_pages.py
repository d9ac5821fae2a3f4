"""Every code of the hazards has a severity and a page, and its own example triggers it while the other does not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from transpile import Severity, translate
from transpile.hazards import check_tensorflow
from transpile.hazards.codes import EXAMPLES, HEADER, SEVERITIES, TENSORFLOW_HEADER, load, risk
from transpile.report.codes import load as catalogue

load()
ROOT = Path(__file__).parents[2]
DIAGNOSTICS = ROOT / "docs" / "diagnostics.md"
SCALED = """
- id: TR9001
  torch: house.scaled
  params: input, mode="linear"
  tf: house.scaled({input}, {mode})
  args:
    mode: {map: {linear: LINEAR, nearest: NEAREST}}
"""


def codes(source: str, is_tensorflow: bool) -> set[str]:
    if is_tensorflow:
        return {d.code for d in check_tensorflow(TENSORFLOW_HEADER + source, "x.py")}
    return {d.code for d in translate(HEADER + source).diagnostics}


@pytest.mark.parametrize("code", sorted(code for code, example in EXAMPLES.items() if example.after))
def test_what_is_meant_instead_does_not_trigger_the_code(code: str) -> None:
    assert code not in codes(EXAMPLES[code].after, EXAMPLES[code].is_tensorflow)


@pytest.mark.parametrize("code", sorted(code for code, example in EXAMPLES.items() if example.before))
def test_its_own_example_triggers_the_code(code: str) -> None:
    assert code in codes(EXAMPLES[code].before, EXAMPLES[code].is_tensorflow)


@pytest.mark.parametrize(("call", "reported"), [('"nearest"', False), ("mode", True), ('"cubic"', True)])
def test_a_value_that_a_rule_does_not_map_is_reported(call: str, reported: bool, tmp_path: Path) -> None:
    table = tmp_path / "house.yaml"
    table.write_text(SCALED)
    source = (
        f"import torch\nimport house\n\ndef f(x: torch.Tensor, mode):\n    return house.scaled(x, {call})\n"
    )
    found = {d.code for d in translate(source, rules=[table]).diagnostics}
    assert ("API003" in found) == reported


def test_the_page_of_api003_shows_the_rule_that_is_tested_here() -> None:
    page = catalogue()["API003"].text
    assert all(line.strip() in page for line in SCALED.strip().splitlines())


def test_a_code_with_a_severity_has_a_page() -> None:
    assert set(SEVERITIES) <= set(catalogue())


def test_a_stated_difference_is_no_warning() -> None:
    stated = {code for code, severity in SEVERITIES.items() if severity is Severity.INFO}
    assert {code for code in stated if not EXAMPLES[code].is_tensorflow} == {"API004", "API006", "LAY001"}


def test_a_code_is_entered_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        risk("API001", Severity.ERROR, "another", "page")
    assert SEVERITIES["API001"] is Severity.WARNING


def generated() -> str:
    """The page of all codes, from the catalogue."""
    parts = [
        "# What the translator says",
        "",
        "Every code, as `transpile explain CODE` shows it. This page is generated: edit the text where the code is",
        "entered, and refresh the page with `TRANSPILE_UPDATE_DOCS=1 pytest tests/hazards/test_pages.py`.",
        "",
        "| code | severity | |",
        "|---|---|---|",
    ]
    pages = catalogue().values()
    for page in pages:
        severity = SEVERITIES.get(page.code, Severity.ERROR).value
        parts.append(f"| [{page.code}](#{page.code.lower()}) | {severity} | {page.title} |")
    for page in pages:
        parts += [
            "",
            f"## {page.code}",
            "",
            f"**{page.title[0].upper()}{page.title[1:]}.**",
            "",
            page.text.rstrip("\n"),
        ]
    return "\n".join(parts) + "\n"


def test_the_page_of_all_codes_is_fresh() -> None:
    if os.environ.get("TRANSPILE_UPDATE_DOCS"):
        DIAGNOSTICS.write_text(generated(), encoding="utf-8")
    assert DIAGNOSTICS.read_text(encoding="utf-8") == generated()
