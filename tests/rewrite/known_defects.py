"""What is known to be wrong: by snippet and by what fails. An entry whose test passes turns the run red.

Each reason says what the translation does and what it should do.
"""

from __future__ import annotations

SNIPPETS: dict[tuple[str, str], str] = {}
