"""Matrix products: operands in torch's order."""

from __future__ import annotations

from transpile.infer.apply import Site, by_returns, hook, plain_inputs
from transpile.infer.facts import Fact, Tensor
from transpile.infer.layout import PLAIN, Open
from transpile.infer.operators import matmul_result


@hook("matmul", "mm", "bmm")
def matmul(site: Site) -> Fact:
    names = [p.name for p in site.rule.params[:2]]
    first, second = (site.tensor(name) for name in names)
    for name, tensor in zip(names, (first, second), strict=True):
        if tensor is not None:
            site.run.want(site.operand(name), tensor, PLAIN)
    return matmul_result(first, second)


@hook("einsum")
def einsum(site: Site) -> Fact:
    """The letters behind the arrow are the axes of what comes out."""
    result = by_returns(site, plain_inputs(site))
    equation = site.constant("equation")
    if not isinstance(result, Tensor) or not isinstance(equation, str):
        return result
    _, arrow, out = equation.partition("->")
    if arrow and "." not in out:
        return Tensor(len(out.replace(" ", "")), None, result.dtype, PLAIN)
    return result


@hook("last_axes")
def last_axes(site: Site) -> Fact:
    """What works along torch's last axes is given torch's order, as the layers of that kind are."""
    tensor = site.tensor()
    layout = site.run.layout(tensor) if tensor is not None else PLAIN
    if tensor is not None and tensor.rank not in (0, 1, 2) and site.run.function is not None:
        site.run.function.on_last_axes = True
    if tensor is not None and isinstance(layout, Open) and tensor.rank not in (0, 1, 2):
        layout.settle(PLAIN)
        site.run.learn("layout", site.operand("input") or site.node)
    return by_returns(site, plain_inputs(site))


@hook("linear")
def linear(site: Site) -> Fact:
    result = last_axes(site)
    first = site.tensor()
    if isinstance(result, Tensor) and first is not None:
        return Tensor(first.rank, None, first.dtype)
    return result
