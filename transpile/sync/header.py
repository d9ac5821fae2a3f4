"""What a twin says of itself in its first lines, and the parts that a twin has.

    # Translated from models/common.py; `transpile sync` renews this file and merges what is changed here.
    # transpile: source 9f86d081884c7d65 output 60303ae22b998861 rules 0.1.0-3fc9b689 options channels_last

`output` is the digest of what was written, so that a hand edit is seen; everything below the line MARK is the
user's own.
"""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

__all__ = ["MARK", "Stamp", "Twin", "compose", "digest", "split"]

MARK = "# --- yours: `transpile sync` keeps what stands below this line ---"
_FIRST = "# Translated from "
_ABOUT = "; `transpile sync` renews this file and merges what is changed here."
_HEADER = re.compile(
    rf"^{re.escape(_FIRST)}(?P<path>.*){re.escape(_ABOUT)}\n"
    r"# transpile: source (?P<source>\w+) output (?P<output>\w+) rules (?P<rules>\S+) options (?P<options>\S+)\n\n?",
    re.MULTILINE,
)
_BEFORE = re.compile(r"\A(?:#!.*\n)?(?:#.*coding[:=].*\n)?")  # a header stands behind what must come first


class Stamp(NamedTuple):
    """What a twin was made of: the digest of its source, and what the translation depends on besides."""

    path: str
    source: str
    rules: str
    options: str


class Twin(NamedTuple):
    """A twin's parts: what it was made of, the digest of what was written then, the text, the user's own part."""

    stamp: Stamp
    output: str
    body: str
    own: str

    @property
    def edited(self) -> bool:
        """Whether somebody has changed the body since it was written."""
        return digest(self.body) != self.output


def digest(data: str | bytes) -> str:
    """A short digest of a text or of bytes."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()[:16]


def compose(stamp: Stamp, output: str, body: str, own: str) -> str:
    """The text of a twin."""
    at = _head_end(body)
    about = f"{_FIRST}{stamp.path}{_ABOUT}\n"
    made = f"# transpile: source {stamp.source} output {output} rules {stamp.rules} options {stamp.options}\n"
    return f"{body[:at]}{about}{made}\n{body[at:]}{own}"


def split(text: str) -> Twin | None:
    """The parts of a twin; None for a text that is none."""
    match = _HEADER.search(text)
    if match is None or match.start() != _head_end(text):
        return None
    stamp = Stamp(match["path"], match["source"], match["rules"], match["options"])
    rest = text[: match.start()] + text[match.end() :]
    at = rest.find(MARK + "\n")
    if at < 0:
        return Twin(stamp, match["output"], rest, "")
    at = len(rest[:at].rstrip("\n")) + 1  # the empty lines above the mark belong to it
    return Twin(stamp, match["output"], rest[:at], rest[at:])


def _head_end(text: str) -> int:
    match = _BEFORE.match(text)
    return match.end() if match else 0
