"""Fourier transforms: complex numbers out of real ones, and real ones out of complex."""

from __future__ import annotations

from collections.abc import Callable

from transpile.infer.apply import Site, hook
from transpile.infer.facts import UNKNOWN, Fact, Tensor
from transpile.infer.layout import PLAIN
from transpile.infer.promotion import complex_of, real_of


@hook("returns:complex")
def complex_result(site: Site) -> Fact:
    """As many axes as the operand, in torch's order; complex numbers of its precision."""
    return _with_axes(site, complex_of)


@hook("returns:real")
def real_result(site: Site) -> Fact:
    """As many axes as the operand, in torch's order; real numbers of its precision."""
    return _with_axes(site, real_of)


def _with_axes(site: Site, dtype: Callable[[str | None], str | None]) -> Fact:
    tensor = site.tensor(site.rule.params[0].name)
    if tensor is None:
        return UNKNOWN
    return Tensor(tensor.rank, None, dtype(tensor.dtype), PLAIN).with_axes_of(tensor)
