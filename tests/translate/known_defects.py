"""What is known to be wrong: by case (or snippet) and by what fails. An entry whose test passes turns the run red.

Each reason says what the translation does and what it should do.
"""

from __future__ import annotations

import pytest

# (case name, kind): reason. Kinds: equal (eager, with all that follows from it), open (under tf.function with open
# sizes), transposes, signature. A kind ending in "-channels_first" holds for that format alone.
CASES: dict[tuple[str, str], str] = {}


def marks(name: str, *kinds: str) -> list[pytest.MarkDecorator]:
    """xfail marks for a case whose defect of one of these kinds is known."""
    reasons = [CASES[(name, kind)] for kind in kinds if (name, kind) in CASES]
    return [pytest.mark.xfail(strict=True, reason=reasons[0])] if reasons else []
