"""LAY: layouts that could not be proven."""

from __future__ import annotations

from transpile.diagnostics import Severity
from transpile.hazards.codes import risk

CONVENTION = risk(
    "LAY002",
    Severity.WARNING,
    "the layout of a tensor of rank 4 or 5 was decided by convention",
    """
In channels_last an image is stored with its channels last and every other tensor in torch's order. Nothing that is
done with this tensor says which of the two it is, and what is done depends on it. A tensor of rank 4 was taken as an
image (of rank 5 where the module works on volumes): its callers must hand it over with the channels last. Attention
scores have rank 4 too.

Give the function a use that settles it, or translate with --data-format channels_first, where no layout matters.
""",
    before="""
    def mean_of_space(x):
        b, c, h, w = x.shape
        return x.sum(dim=(2, 3)) / (h * w)
    """,
    after="""
    class Mean(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 8, 1)

        def forward(self, x):
            x = self.conv(x)
            b, c, h, w = x.shape
            return x.sum(dim=(2, 3)) / (h * w)
    """,
)
RANK = risk(
    "LAY003",
    Severity.WARNING,
    "the rank of a tensor is unknown where its layout matters",
    """
What is done here names axes, and neither the rank nor the layout of the tensor is known. The output decides by the
rank at run time, taking a tensor of rank 4 for an image with its channels last, or leaves the axis in torch's order:
the message says which.

Unpack the shape, or annotate the parameter: `x: Float[Tensor, "b c h w"]`.
""",
    before="""
    def joined(x: torch.Tensor, dim):
        return x.sum(dim)
    """,
    after="""
    def joined(x: torch.Tensor):
        b, n = x.shape
        return x.sum(1)
    """,
)
UNBATCHED = risk(
    "LAY004",
    Severity.WARNING,
    "an image without a batch axis",
    """
torch takes an image without its batch axis, (C, H, W), in convolutions, pools and resizes; the counterparts here
take batches only.

Add the axis: `layer(x.unsqueeze(0)).squeeze(0)`.
""",
    before="""
    def halved(x):
        c, h, w = x.shape
        return F.max_pool2d(x, 2)
    """,
    after="""
    def halved(x):
        b, c, h, w = x.shape
        return F.max_pool2d(x, 2)
    """,
)
PARTLY = risk(
    "LAY005",
    Severity.WARNING,
    "the rest of the function is translated already, and its layouts are not known here",
    """
`transpile fix` rewrites one place by what the torch code around it shows. In a function of which other lines are
TensorFlow already, nothing shows how their results lie in memory, and a rewrite that depends on it (an axis number,
a shape, a permutation) is made by convention.

Translate such a function in one step: `transpile fix FILE --line N --scope function`, or the whole class or file.
A rewrite that is the same for both data formats does not get this code.
""",
)
