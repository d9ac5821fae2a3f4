"""docs/rules.md says what the tables say."""

import os
from pathlib import Path

from transpile.report.rules import page
from transpile.rulebook import load

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"


def test_the_page_is_fresh() -> None:
    text = page(load().rules())
    if os.environ.get("TRANSPILE_UPDATE_DOCS"):
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == text
