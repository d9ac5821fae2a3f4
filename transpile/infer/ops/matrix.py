"""Matrix products: operands in torch's order."""

from __future__ import annotations

from transpile.infer.apply import Site, by_returns, hook, plain_inputs
from transpile.infer.facts import UNKNOWN, Fact, Sequence, Tensor, resolve
from transpile.infer.layout import PLAIN, Open
from transpile.infer.operators import matmul_result
from transpile.infer.promotion import FLOATS, promoted


@hook("matmul", "mm", "bmm")
def matmul(site: Site) -> Fact:
    names = [p.name for p in site.rule.params[:2]]
    first, second = (site.tensor(name) for name in names)
    for name, tensor in zip(names, (first, second), strict=True):
        if tensor is not None:
            site.run.want(site.operand(name), tensor, PLAIN)
    return matmul_result(first, second)


@hook("attention")
def attention(site: Site) -> Fact:
    """Two matrix products, and a mask beside the first: no operand is an image, as far as nothing else says so."""
    for name in ("query", "key", "value", "attn_mask"):
        tensor = site.tensor(name) if site.given(name) else None
        if tensor is not None:
            site.run.want(site.operand(name), tensor, PLAIN)
    return by_returns(site, plain_inputs(site))


@hook("einsum")
def einsum(site: Site) -> Fact:
    """The letters behind the arrow are the axes of what comes out."""
    result = by_returns(site, plain_inputs(site))
    equation = site.constant("equation")
    if not isinstance(result, Tensor) or not isinstance(equation, str):
        return result
    dtype = _dtype_of_all(site) or (result.dtype if result.dtype in FLOATS else None)
    _, arrow, out = equation.partition("->")
    if arrow and "." not in out:
        return Tensor(len(out.replace(" ", "")), None, dtype, PLAIN)
    result.dtype = dtype
    return result


def _dtype_of_all(site: Site) -> str | None:
    """What torch promotes the operands to."""
    given = [fact for _, fact in site.values.get("operands") or []]
    listed = resolve(given[0]) if len(given) == 1 else None
    facts = [resolve(f) for f in (listed.items or [] if isinstance(listed, Sequence) else given)]
    whole = facts[0] if facts else UNKNOWN
    for fact in facts[1:]:
        whole = Tensor(1, None, promoted(whole, fact, "Multiply"))
    return whole.dtype if isinstance(whole, Tensor) else None


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
