"""torch.distributions: made of tensors in torch's order, they give and take such tensors."""

from __future__ import annotations

import libcst as cst

from transpile.infer.apply import Operand, Site, hook
from transpile.infer.facts import Fact, Python, Sequence, Tensor, Var, resolve
from transpile.infer.layout import PLAIN, Open
from transpile.infer.run import Run

__all__ = ["DISTRIBUTION", "distribution_attribute", "distribution_method"]

DISTRIBUTION = "distribution"
SHAPES = ("batch_shape", "event_shape")
DRAWS = ("sample", "rsample", "sample_n")
ANSWERS = frozenset({*DRAWS, "log_prob", "entropy", "cdf", "icdf", "perplexity"})


def in_torch_order(run: Run, operand: Operand) -> Tensor | None:
    """A tensor among the arguments, wanted in torch's order; None for a number."""
    fact = resolve(operand[1])
    tensor = (
        run.as_tensor(fact)
        if isinstance(fact, Tensor) or (isinstance(fact, Var) and fact.tensorlike)
        else None
    )
    if tensor is None:
        return None
    layout = run.layout(tensor)
    if isinstance(layout, Open):
        layout.settle(PLAIN)
        run.version += 1
    else:
        run.want(operand[0], tensor, PLAIN)
    return tensor


@hook("distribution")
def distribution(site: Site) -> Fact:
    """One of its elements' distributions: `of` is what a sample is like, if every element has one of its own."""
    tensors = [
        tensor
        for value in site.values.values()
        if not isinstance(value, list) and (tensor := in_torch_order(site.run, value)) is not None
    ]
    ranks = {tensor.rank for tensor in tensors}
    rank = max((rank for rank in ranks if rank is not None), default=0) if None not in ranks else None
    joint = site.rule.torch.rpartition(".")[2] in ("Independent",)
    dtype = tensors[0].dtype if tensors else "float32"
    return Python(DISTRIBUTION, of=Tensor(None if joint else rank, None, dtype, PLAIN))


def distribution_method(
    run: Run, node: cst.Call, owner: Python, name: str, positional: list[Operand]
) -> Fact:
    """What a distribution is asked: its arguments in torch's order, and so its answer."""
    if name not in DRAWS:
        for operand in positional:
            in_torch_order(run, operand)
    if name not in ANSWERS:
        return owner if name == "expand" else Tensor(None, None, None, PLAIN)
    like = owner.of if isinstance(owner.of, Tensor) else Tensor()
    rank = like.rank if name in DRAWS and not positional else None
    return Tensor(rank, None, like.dtype if name != "log_prob" else "float32", PLAIN)


def distribution_attribute(name: str) -> Fact:
    """Its parameters and moments."""
    if name in SHAPES:
        return Sequence("tuple", None, Python("int"))
    return Tensor(None, None, "float32", PLAIN)
