"""Every code that is used anywhere has its page, so that `transpile explain` answers for all of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from transpile.diagnostics import CODE_PATTERN, describe
from transpile.report.codes import load

ROOT = Path(__file__).parents[2]


def used() -> dict[str, str]:
    """Each code in the sources and the rules, with one file that uses it."""
    files = [*(ROOT / "transpile").rglob("*.py"), *(ROOT / "rules").glob("*.yaml")]
    found: dict[str, str] = {}
    for file in sorted(files):
        for match in re.finditer(rf"\b{CODE_PATTERN.pattern}\b", file.read_text(encoding="utf-8")):
            found.setdefault(match[0], file.relative_to(ROOT).as_posix())
    return found


def test_every_code_in_use_is_described() -> None:
    assert {code: file for code, file in used().items() if code not in load()} == {}


def test_every_page_says_something() -> None:
    for page in load().values():
        assert page.title and not page.title.endswith(".")
        assert len(page.text.split()) >= 12, page.code


@pytest.mark.parametrize("code", ["API1", "XYZ001", "api001", "API0011"])
def test_a_malformed_code_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match=code):
        describe(code, "title", "text")


def test_a_code_has_one_page() -> None:
    page = load()["SYN001"]
    assert describe(page.code, page.title, page.text) == "SYN001"
    with pytest.raises(ValueError, match="twice"):
        describe("SYN001", "another", "page")
