"""INF: places where the facts ran out."""

from __future__ import annotations

from transpile.diagnostics import Severity
from transpile.hazards.codes import risk

LEFT = risk(
    "INF001",
    Severity.WARNING,
    "a tensor method is called on something of which nothing is known",
    """
A method is rewritten only where its receiver is known to be a tensor, or can be nothing else. Here the receiver
comes from where the translator cannot look (another library, a container of mixed things, reflection), so the call
stays as torch spells it, and fails if the receiver is a tensor.

Annotate the value, or the function that it comes from.
""",
    before="""
    class Head(nn.Module):
        def forward(self, x, settings: dict):
            return F.relu(x) * settings["scale"].mean()
    """,
    after="""
    class Head(nn.Module):
        def forward(self, x, settings: dict):
            scale: torch.Tensor = settings["scale"]
            return F.relu(x) * scale.mean()
    """,
)
