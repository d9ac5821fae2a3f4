"""API: torch APIs that were left as they are, or mean something a little different."""

from __future__ import annotations

from transpile.diagnostics import Severity
from transpile.hazards.codes import risk

UNKNOWN = risk(
    "API001",
    Severity.WARNING,
    "a torch API without a rule stays as it is",
    """
No rule knows this function, method, attribute or layer, so the output still names torch's. The module imports where
torch is absent; what needs the name raises when it runs. `transpile coverage` counts such uses, and a rule of
your own (`--rules FILE`, one entry in YAML) translates them.
""",
    before="""
    def place(x: torch.Tensor):
        return torch.cuda.comm.broadcast(x, [0])
    """,
    after="""
    def place(x: torch.Tensor):
        return torch.relu(x)
    """,
)
ARGUMENTS = risk(
    "API002",
    Severity.WARNING,
    "a torch API is used with arguments that its rule does not cover",
    """
The rule for this API translates other calls of it, but not this one: an argument that the rule does not have, one
that it can only take as a literal, or arguments handed on by a star. The call stays as it is.

Write the argument out, or leave it at its default.
""",
    before="""
    def total(x: torch.Tensor, *more):
        return torch.cumsum(x, *more)
    """,
    after="""
    def total(x: torch.Tensor):
        return torch.cumsum(x, 0)
    """,
)
VALUE = risk(
    "API003",
    Severity.WARNING,
    "an argument's value has no counterpart",
    """
The rule translates this argument value by value, and this value is not among them: a mode that TensorFlow lacks, or
an expression where only a literal can be looked up. The call stays as it is.

With this rule of a table of your own, `house.scaled(x, "nearest")` is translated, and `house.scaled(x, mode)` and
`house.scaled(x, "cubic")` get this code:

    - id: TR9001
      torch: house.scaled
      params: input, mode="linear"
      tf: house.scaled({input}, {mode})
      args:
        mode: {map: {linear: LINEAR, nearest: NEAREST}}
""",
)
CHANGED = risk(
    "API004",
    Severity.INFO,
    "the translation differs in a stated way",
    """
The nearest TensorFlow API is used, and it is not the same in every respect: the message says in which. Nothing has
to be done where that respect does not matter.
""",
    before="""
    def noise(x: torch.Tensor):
        b, n = x.shape
        return torch.rand(b, n)
    """,
    after="""
    def noise(x: torch.Tensor):
        b, n = x.shape
        return torch.zeros(b, n)
    """,
)
REFUSED = risk(
    "API005",
    Severity.WARNING,
    "this API is known, and deliberately not translated",
    """
A rule names this API in order to say why no translation of it would be right; the message gives the reason, the
help another way where there is one. The call stays as it is.
""",
    before="""
    def factor(x: torch.Tensor):
        b, n = x.shape
        return torch.linalg.ldl_factor(x)
    """,
    after="""
    def factor(x: torch.Tensor):
        b, n = x.shape
        return torch.linalg.cholesky(x)
    """,
)
IMPORT = risk(
    "API006",
    Severity.INFO,
    "an import is deferred or left out",
    """
A library that needs torch itself is imported only inside the functions that use it, so that the output imports where
torch is absent; a star import from torch is left out, since the names that it brought have been translated.
""",
    before="""
    from torch.nn import *

    class Activation(Module):
        def forward(self, x):
            return x * 2
    """,
    after="""
    class Activation(nn.Module):
        def forward(self, x):
            return x * 2
    """,
)
AMBIGUOUS = risk(
    "API007",
    Severity.WARNING,
    "several results are right, and TensorFlow may give another one than torch",
    """
Mathematics leaves this result open, such as the sign of a singular vector or the order of eigenvalues, and so does
torch's documentation. Each library gives one of the right results, and not always the same one. Code that depends on
which one it gets computes something else after translation.

Make the result unique before it is used, for example by making the largest element of each vector positive.
""",
    before="""
    def axes(x: torch.Tensor):
        b, n, m = x.shape
        return torch.linalg.svd(x)[0]
    """,
    after="""
    def axes(x: torch.Tensor):
        b, n, m = x.shape
        return torch.linalg.svdvals(x)
    """,
)
