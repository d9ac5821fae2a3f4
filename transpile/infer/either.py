"""One of several layers of torch that callers choose and one expression makes: which, only the run tells.

`dense(dim, hidden)` makes a Linear for one caller and a Conv1d for another. What each needs is known, but there is one
place to say it: there, whichever works on images is told to take and to leave torch's order, as the others do. Where
an attribute holds one of them, the call says so.
"""

from __future__ import annotations

import operator
from collections.abc import Callable

import libcst as cst

from transpile.infer.apply import Operand
from transpile.infer.facts import Fact, Layer, Tensor, resolve
from transpile.infer.join import AnyLayer, join
from transpile.infer.layout import PLAIN, Open
from transpile.infer.plans import Plan
from transpile.infer.run import Run
from transpile.infer.stand_ins import ON_LAST_AXIS, takes_images
from transpile.infer.torch_layers import is_elementwise

__all__ = ["call_either", "call_one_of"]

Call = Callable[[Run, Layer, Operand], Fact]


def call_either(run: Run, member: Layer, operand: Operand, site: int | None, call: Call) -> Fact | None:
    """What such a member of a Sequential returns; None if it is not of that kind. `call` runs one of the layers."""
    if site is None or not run.channels_last or not _is_mixed(member) or not _made_at(member, site):
        run.either.discard(site or 0)
        return None
    told = run.as_tensor(resolve(operand[1]))
    if told is None or not isinstance(layout := run.layout(told), (tuple, Open)):
        return None
    if layout != PLAIN and operand[0] is None and not isinstance(layout, Open):
        return None  # the place where it could be converted is where the layer is written
    run.either.add(site)
    return _each(run, member, (operand[0] or run.scratch(hash((site, "either"))), told), site, call)


def call_one_of(run: Run, node: cst.Call | None, layer: Layer, operand: Operand, call: Call) -> Fact | None:
    """The same for a call of one of such layers; the call itself says that it is in torch's order."""
    if node is None or operand[0] is None or not run.channels_last or not _is_mixed(layer):
        return None
    told = run.as_tensor(resolve(operand[1]))
    if told is None or not isinstance(run.layout(told), (tuple, Open)):
        return None
    run.plans[id(node)] = Plan("call_in_torch_order", layer=layer)
    return _each(run, layer, (operand[0], told), id(node), call)


def _each(run: Run, layer: Layer, operand: tuple[cst.BaseExpression, Tensor], key: int, call: Call) -> Fact:
    """What any of the layers returns for an operand in torch's order, in torch's order."""
    assert isinstance(layer, AnyLayer)
    place, told = operand
    run.want(place, told, PLAIN)
    result: Fact | None = None
    for number, choice in enumerate(layer.choices):
        own = Tensor(told.rank, told.dims, told.dtype, PLAIN)
        given = run.scratch(hash((key, number)))
        fact = resolve(call(run, choice, (given, own)))
        run.convert.pop(id(given), None)
        if told.rank is None and own.rank == 3:  # elsewhere the others may be given another rank
            told.settle_rank(own.rank)
            run.version += 1
        if isinstance(fact, Tensor):
            fact = Tensor(fact.rank, fact.dims, fact.dtype, PLAIN)
        result = fact if result is None else join(result, fact)
    assert result is not None
    if isinstance(result, Tensor) and result.rank is None:
        result.with_axes_of(told)  # torch's own layers of these kinds keep the number of axes
    return result


def _made_at(layer: Layer, site: int) -> bool:
    """Whether all of several layers that do more than work element by element are made where `site` is."""
    assert isinstance(layer, AnyLayer)
    return all(choice.site == site for choice in layer.choices if not is_elementwise(choice.name))


def _works_on_last(layer: Layer) -> bool:
    """Whether a layer works on torch's last axis: one of torch's own, or a Sequential of such and no others."""
    if layer.members is None:
        return layer.info is None and layer.name.rpartition(".")[2] in ON_LAST_AXIS
    facts = layer.members.items if layer.members.items is not None else [layer.members.element]
    inner = [member for fact in facts if isinstance(member := resolve(fact), Layer)]
    working = [member for member in inner if member.info is not None or not is_elementwise(member.name)]
    known = len(inner) == len(facts) and layer.info is None and layer.name == "torch.nn.Sequential"
    return known and bool(working) and all(map(_works_on_last, working))


def _is_mixed(layer: Layer) -> bool:
    """Whether some of several layers work on images and others do not, all of them torch's own."""
    if not isinstance(layer, AnyLayer):
        return False
    working = [choice for choice in layer.choices if not is_elementwise(choice.name)]
    on_last = [_works_on_last(choice) for choice in working]
    for choice, last in zip(working, on_last, strict=True):
        if choice.info is not None or (choice.members is not None and not last):
            return False
    on_images = [takes_images(choice) for choice in working]
    return any(on_last) and any(on_images) and all(map(operator.or_, on_last, on_images))
