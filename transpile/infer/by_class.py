"""One of several layers, at least one of them of the project, each in an order of axes of its own.

`self.norm` is a LayerNorm over the last axis for one caller and a LayerNorm2d over the channels for another. What each
takes and returns its class says when the output runs (`data_formats`); the call says what it gives, and is given back
what it gave. No class is changed for what may stand beside it.
"""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from transpile.infer.apply import Operand
from transpile.infer.channel_layers import CHANNEL_LAYERS
from transpile.infer.definitions import ClassInfo, FunctionInfo
from transpile.infer.facts import UNKNOWN, Fact, Layer, Tensor, resolve
from transpile.infer.functions import analyze
from transpile.infer.join import AnyLayer, join
from transpile.infer.layout import BY_RANK, IMAGE, PLAIN, Layout, Open, Pair
from transpile.infer.plans import Plan
from transpile.infer.run import Run
from transpile.infer.stand_ins import ANY_MODULE, ON_LAST_AXIS, of_rank, rank_asked, takes_images

__all__ = ["call_by_class", "data_formats", "member_by_class"]

WORDS = {IMAGE: "channels_last", BY_RANK: "by_rank", PLAIN: "channels_first"}
Call = Callable[[Run, Layer, Operand], Fact]
Choices = list[tuple[Layer, "Pair | None"]]


def call_by_class(run: Run, node: cst.Call | None, layer: Layer, operand: Operand, call: Call) -> Fact | None:
    """What a call of such layers returns, in the order of what it is given; None if they are not of that kind."""
    if node is None or operand[0] is None:
        return None
    choices = _apart(run, layer, operand[1])
    told = run.as_tensor(operand[1]) if choices else None
    if told is None or told.rank in (0, 1, 2):
        return None
    layout = run.ask(told, operand[0] or node)
    if told.rank is None and run.learning and not isinstance(layout, tuple):
        run.postpone()
    elif isinstance(layout, tuple) or told.rank is None:
        layout = IMAGE if layout == IMAGE and not _works_on_last(choices) else PLAIN
        run.want(operand[0], told, layout)
    result = _whichever(run, choices, told, layout, id(node), call)
    if result is not None:
        run.plans[id(node)] = Plan("call_in_order", layer=layer, given=Tensor(told.rank, None, None, layout))
    return result


def member_by_class(run: Run, member: Layer, operand: Operand, site: int | None, call: Call) -> Fact | None:
    """The same for a member of a Sequential, which is told where it is made what it is given."""
    run.in_order.pop(site or 0, None)
    if site is None or operand[0] is not None:
        return None
    choices = _apart(run, member, operand[1])
    told = run.as_tensor(operand[1]) if choices else None
    if told is None or told.rank in (0, 1, 2) or any(choice.site != site for choice, _ in choices):
        return None
    layout = run.layout(told)
    if layout not in (PLAIN, IMAGE) or (layout == IMAGE and _works_on_last(choices)):
        return None
    result = _whichever(run, choices, told, layout, site, call)
    if result is not None and isinstance(layout, tuple):
        run.in_order[site] = layout
    return result


def data_formats(run: Run, info: ClassInfo) -> tuple[str | None, str | None]:
    """What a class takes and what it returns, in words; None where it takes any, or returns what it took."""
    forward = info.methods.get("forward")
    returned = resolve(forward.returns) if forward is not None else UNKNOWN
    back = run.layout(returned) if isinstance(returned, Tensor) else None
    taken = _order_of(run, forward) if forward is not None else None
    words = [WORDS.get(layout) if isinstance(layout, tuple) else None for layout in (taken, back)]
    return words[0], words[1]


def _apart(run: Run, layer: Layer, operand: Fact) -> Choices:
    """The layers with the layout that each takes, where some need images and others torch's order; else none."""
    if not isinstance(layer, AnyLayer) or not run.channels_last:
        return []
    if any(choice.members is not None for choice in layer.choices):
        return []
    if all(_forward(choice) is None for choice in layer.choices):
        return []
    fitting, by_rank = of_rank(run, layer.choices, operand)
    choices = [(choice, _takes(run, choice)) for choice in fitting]
    images = any(taken in (IMAGE, BY_RANK) for _, taken in choices)
    if by_rank is not None or not images:
        return []
    return choices if any(taken == PLAIN and _on_last_axes(choice) for choice, taken in choices) else []


def _takes(run: Run, layer: Layer) -> Pair | None:
    forward = _forward(layer)
    if forward is not None:
        if forward.state == "new":
            analyze(run, forward)  # what it asks for by itself, before it is given this operand
        return _order_of(run, forward)
    base = _base(layer)
    if takes_images(Layer(base)) or base.rpartition(".")[2] in CHANNEL_LAYERS:
        return IMAGE
    return PLAIN if base.rpartition(".")[2] in ON_LAST_AXIS else None


def _on_last_axes(layer: Layer) -> bool:
    """Whether a layer needs torch's order, and does not only happen to be given it elsewhere."""
    forward = _forward(layer)
    return forward.on_last_axes if forward is not None else _base(layer).rpartition(".")[2] in ON_LAST_AXIS


def _order_of(run: Run, forward: FunctionInfo) -> Pair | None:
    """The layout of the first argument of a forward, where its body depends on it."""
    if not forward.own_parameters:
        return None
    fact = resolve(forward.facts.get(forward.own_parameters[0].name, UNKNOWN))
    if not isinstance(fact, Tensor) or fact.rank in (0, 1, 2):
        return None
    layout = run.layout(fact)
    if isinstance(layout, Open):
        # as it is decided where nothing else does; four axes that a caller has brought say nothing of the body
        return IMAGE if layout.asked and fact.rank in (4, 5) and not fact.lent else None
    return layout if layout in WORDS else None


def _forward(layer: Layer) -> FunctionInfo | None:
    return layer.info.find_method("forward") if layer.info is not None else None


def _base(layer: Layer) -> str:
    """The layer of torch that a layer is, or derives from."""
    names = [layer.name] if layer.info is None else layer.info.torch_bases()
    return next((name for name in names if name != ANY_MODULE), ANY_MODULE)


def _works_on_last(choices: Choices) -> bool:
    """Whether one of the layers is torch's own for the last axis, which has no word of its own about that."""
    return any(_forward(choice) is None and _on_last_axes(choice) for choice, _ in choices)


def _whichever(run: Run, choices: Choices, told: Tensor, layout: Layout, key: int, call: Call) -> Fact | None:
    """What any of the layers returns, in the layout that it is given; None where one returns no tensor."""
    result: Fact | None = None
    keeps = True
    for number, (choice, taken) in enumerate(choices):
        if not told.lent and told.rank is not None and rank_asked(choice) not in (None, told.rank):
            continue  # it is none that stands here
        own = Tensor(told.rank, told.dims, told.dtype, layout if taken is None else taken)
        given = run.scratch(hash((key, "by class", number)))
        fact = resolve(call(run, choice, (given, own)))
        run.convert.pop(id(given), None)
        if fact is UNKNOWN:
            continue  # not yet known, or never
        if not isinstance(fact, Tensor):
            return None
        keeps = keeps and (fact is own or fact.like is own or fact.rank == told.rank)
        fact = Tensor(fact.rank, fact.dims, fact.dtype, layout)
        result = fact if result is None else join(result, fact)
    forwards = [_forward(choice) for choice, _ in choices]
    run.told_by_class.update(f.owner for f in forwards if f is not None and f.owner is not None)
    if isinstance(result, Tensor) and result.rank is None and keeps:
        return Tensor(told.rank, None, result.dtype, layout).with_axes_of(told)
    if result is None:
        return Tensor(None, None, None, layout if isinstance(layout, tuple) else Open())
    return result
