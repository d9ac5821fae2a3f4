"""Packed sequences: what packs tensors, and what makes tensors of them again."""

from __future__ import annotations

from transpile.infer.apply import Site, hook
from transpile.infer.facts import Fact, Python, Sequence, Tensor, resolve
from transpile.infer.layout import PLAIN, Open


@hook("packed")
def packed(site: Site) -> Fact:
    """Sequences are no images: what is packed stands in torch's order."""
    for name in ("input", "lengths", "sequences"):
        given = site.fact(name)
        if isinstance(given, Sequence):
            given = resolve(given.any())
        tensor = site.run.as_tensor(given) if name != "sequences" or isinstance(given, Tensor) else None
        if tensor is None:
            continue
        layout = site.run.layout(tensor)
        if isinstance(layout, Open):
            layout.settle(PLAIN)
            site.run.version += 1
        elif not isinstance(site.fact(name), Sequence):
            site.run.want(site.operand(name), tensor, PLAIN)
    tensor = site.tensor("input")
    return Python("packed", of=tensor)


@hook("pad_packed")
def padded(site: Site) -> Fact:
    given = site.fact("sequence")
    source = given.of if isinstance(given, Python) and isinstance(given.of, Tensor) else Tensor()
    lengths = Tensor(1, None, "int64", PLAIN)
    return Sequence("tuple", [Tensor(source.rank, None, source.dtype, PLAIN), lengths])
