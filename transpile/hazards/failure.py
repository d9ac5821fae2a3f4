"""SYN901: a defect of the translator, at the place that showed it."""

from __future__ import annotations

from transpile.diagnostics import Severity
from transpile.hazards.codes import risk

FAILED = risk(
    "SYN901",
    Severity.ERROR,
    "the translator itself failed on an expression",
    """
An error inside transpile: the expression stays as it is, nothing is known of its value, and the rest of the file is
translated. Please report it with the message and the smallest source that shows it; with TRANSPILE_RAISE=1 in the
environment the error ends the translation, and `transpile FILE` prints the traceback.
""",
)
