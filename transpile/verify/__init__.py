"""Runs a torch model and its translation side by side, and says whether they are equal, and if not, where they part.

    verify(Request(target("net.py:Net(8)"), inputs=[given("1,3,64,64")])) -> Result

User code runs here. Importing this package loads neither torch nor TensorFlow; a call loads both.
"""

from __future__ import annotations

from transpile.verify.result import Comparison, Divergence, Place, Result, Row, StageError
from transpile.verify.run import Request, verify
from transpile.verify.spec import Given, SpecError, Target, given, target

__all__ = [
    "Comparison",
    "Divergence",
    "Given",
    "Place",
    "Request",
    "Result",
    "Row",
    "SpecError",
    "StageError",
    "Target",
    "given",
    "target",
    "verify",
]
