"""One of several layers of torch that callers choose and one expression makes: which, only the run tells.

`dense(dim, hidden)` makes a Linear for one caller and a Conv1d for another. What each needs is known, but there is one
place to say it: there, whichever works on images is told to take and to leave torch's order, as the others do.
"""

from __future__ import annotations

import operator
from collections.abc import Callable

from transpile.infer.apply import Operand
from transpile.infer.facts import Fact, Layer, Tensor, resolve
from transpile.infer.join import AnyLayer, join
from transpile.infer.layout import PLAIN, Open
from transpile.infer.run import Run
from transpile.infer.stand_ins import takes_images
from transpile.infer.torch_layers import is_elementwise

__all__ = ["call_either"]

ON_LAST_AXIS = ("Linear", "LazyLinear")
Call = Callable[[Run, Layer, Operand], Fact]


def call_either(run: Run, member: Layer, operand: Operand, site: int | None, call: Call) -> Fact | None:
    """What such a member of a Sequential returns; None if it is not of that kind. `call` runs one of the layers."""
    tensor = resolve(operand[1])
    if site is None or not run.channels_last or not _is_mixed(member, site):
        run.either.discard(site or 0)
        return None
    assert isinstance(member, AnyLayer)
    told = run.as_tensor(tensor)
    if told is None or not isinstance(layout := run.layout(told), (tuple, Open)):
        return None
    place = operand[0] if operand[0] is not None else run.scratch(hash((site, "either")))
    if layout != PLAIN and operand[0] is None and not isinstance(layout, Open):
        return None  # the place where it could be converted is where the layer is written
    run.want(place, told, PLAIN)
    result: Fact | None = None
    for number, choice in enumerate(member.choices):
        own = Tensor(told.rank, told.dims, told.dtype, PLAIN)
        given = run.scratch(hash((site, number)))
        fact = resolve(call(run, choice, (given, own)))
        run.convert.pop(id(given), None)
        if told.rank is None and own.rank is not None:
            told.settle_rank(own.rank)
            run.version += 1
        if isinstance(fact, Tensor):
            fact = Tensor(fact.rank, fact.dims, fact.dtype, PLAIN)
        result = fact if result is None else join(result, fact)
    run.either.add(site)
    return result


def _is_mixed(member: Layer, site: int) -> bool:
    """Whether some of these layers work on images and others do not, and all are made where `site` is."""
    if not isinstance(member, AnyLayer) or any(choice.site != site for choice in member.choices):
        return False
    if any(choice.info is not None or choice.members is not None for choice in member.choices):
        return False
    working = [choice for choice in member.choices if not is_elementwise(choice.name)]
    on_last = [choice.name.rpartition(".")[2] in ON_LAST_AXIS for choice in working]
    on_images = [takes_images(choice) for choice in working]
    return any(on_last) and any(on_images) and all(map(operator.or_, on_last, on_images))
