"""STA007: memory that nothing has written is read (transpile/rewrite/unwritten.py finds it)."""

from __future__ import annotations

from transpile.diagnostics import Severity
from transpile.hazards.codes import risk

UNWRITTEN = risk(
    "STA007",
    Severity.WARNING,
    "the contents of a new tensor are read before anything is written to it",
    """
torch.empty, empty_like and new_empty give memory as it is found, with whatever it holds; the translation gives zeros,
since TensorFlow has no tensors without contents. Where such a tensor is handed out or computed with, torch's own result
is not determined. Write torch.zeros where zeros are meant.
""",
    before="""
    def scratch(x: torch.Tensor):
        return torch.empty_like(x)
    """,
    after="""
    def scratch(x: torch.Tensor):
        return torch.zeros_like(x)
    """,
)
