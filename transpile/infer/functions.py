"""Functions of the project: registering, running, calling them with facts."""

from __future__ import annotations

import libcst as cst

from transpile.infer.annotations import ANYTHING, from_annotation
from transpile.infer.autograd import gradients_like_inputs, takes_context, told_by_forward
from transpile.infer.definitions import ClassInfo, Env, FunctionInfo, Parameter
from transpile.infer.dims import Dim
from transpile.infer.expressions import evaluate
from transpile.infer.facts import (
    UNKNOWN,
    Class,
    Dict,
    Fact,
    Layer,
    Python,
    Ref,
    Self,
    Sequence,
    Tensor,
    Var,
    resolve,
)
from transpile.infer.join import join, link
from transpile.infer.layout import BY_RANK, IMAGE, PLAIN, Open, settle
from transpile.infer.run import Run
from transpile.infer.sameness import same
from transpile.infer.statements import suite
from transpile.infer.unification import is_callable, learn

__all__ = ["analyze", "is_told", "parameter_fact", "register"]


def register(run: Run, node: cst.FunctionDef | cst.Lambda, owner: ClassInfo | None) -> FunctionInfo:
    """The record of a definition, the same in every round."""
    info = run.function_of.get(id(node))
    env = owner.env if owner is not None else run.closure
    if info is None:
        if isinstance(node, cst.FunctionDef):
            name = node.name.value
        else:
            name = "<lambda>"
        prefix = owner.qualname + "." if owner is not None else ""
        if run.function is not None and owner is None:
            prefix = run.function.qualname + "."
        info = FunctionInfo(name, node, env, owner, prefix + name, run.module)
        run.function_of[id(node)] = info
        if not isinstance(node, cst.Lambda):
            run.module.functions.append(info)
    info.env = env
    if isinstance(node, cst.FunctionDef):
        info.decorators = [evaluate(run, d.decorator) for d in node.decorators]
        for decorator in info.decorators:
            if isinstance(decorator, Ref):
                kind = {
                    "builtins.staticmethod": "static",
                    "builtins.classmethod": "class",
                    "builtins.property": "property",
                }
                info.kind = kind.get(decorator.name, info.kind)
        if owner is not None and owner.is_autograd and takes_context(owner, info.name):
            info.kind = "context"
        if node.returns is not None:
            evaluate(run, node.returns.annotation)
    for parameter in info.parameters:
        run.bound.add(parameter.name)
        if parameter.default is not None:
            evaluate(run, parameter.default)
        if parameter.node.annotation is not None:
            evaluate(run, parameter.node.annotation.annotation)
    for stated in info.commented.values():
        evaluate(run, stated)
    return info


def parameter_fact(run: Run, info: FunctionInfo, parameter: Parameter) -> Fact:
    """What a parameter is before its uses: by annotation, by default, by the callers so far."""
    known = info.facts.get(parameter.name)
    if known is not None:
        return known
    told = None
    if parameter.node.annotation is not None:
        told = from_annotation(run, parameter.node.annotation.annotation)
    elif parameter.name in info.commented and not parameter.star:
        told = from_annotation(run, info.commented[parameter.name])
    name = f"{info.key}.{parameter.name}"
    forward = info.owner is not None and info.owner.is_module and info.name == "forward"
    fact: Fact
    if parameter.star == "*":
        fact = Sequence("tuple", None, Var(name + "[]", forward))
    elif parameter.star == "**":
        fact = Dict(Var(name + "{}"))
    elif isinstance(told, Layer) and told.info is None and told.members is None:
        fact = Var(name)
        fact.bound = told  # `encoder: nn.Module`: callers say which
    elif isinstance(told, Sequence) and told.element is ANYTHING:
        fact = Sequence(told.type, None, Var(name + "[]"))  # callers say which here, too
    elif told is not None:
        fact = told
    else:
        fact = Var(name, forward and parameter.default is None)
        if parameter.default is not None:
            default = resolve(run.facts.get(id(parameter.default), UNKNOWN))
            if isinstance(default, Python) and default.type == "str":
                fact = Python("str")
            elif is_callable(default) and isinstance(fact, Var):
                fact.bound = default
                info.assumed.add(parameter.name)
    info.facts[parameter.name] = fact
    return fact


def analyze(run: Run, info: FunctionInfo) -> None:
    """Run a function's body with what is known of its parameters."""
    if info.state == "running" or run.depth > 40:
        return
    info.state = "running"
    info.dirty = False
    info.runs += 1
    for key in info.remarked:
        info.module.remarks.pop(key, None)
    info.remarked.clear()
    info.found_open.clear()
    info.postponed = False
    fills = Open.fills_settled
    saved = run.env, run.function, run.returned, run.module, run.class_outside, run.within
    returning, run.returning = run.returning, {}
    run.class_outside = None
    run.depth += 1
    run.module = info.module
    env = Env(info.env)
    parameters = info.parameters
    if info.kind in ("method", "property") and parameters and info.owner is not None:
        env[parameters[0].name] = Self(info.owner.name, info.owner)
    elif info.kind == "class" and parameters and info.owner is not None:
        env[parameters[0].name] = Class(info.owner)
    elif info.kind == "context" and parameters and info.owner is not None:
        env[parameters[0].name] = Self(info.owner.name, info.owner)
        run.function = info
        for parameter, fact in told_by_forward(info):
            learn(run, info, parameter_fact(run, info, parameter), fact, None)
    for parameter in info.own_parameters:
        fact = env[parameter.name] = parameter_fact(run, info, parameter)
        hint = info.hints.get(parameter.name)
        if hint is not None and isinstance(resolve(fact), (Var, Tensor)):
            told = run.as_tensor(fact)
            if told is not None and isinstance(run.layout(told), Open):
                told.layout = hint
                run.version += 1
        tensor = resolve(fact)
        if isinstance(tensor, Tensor) and tensor.dims is None and tensor.rank is not None:
            # sizes are symbols of the function; a call puts its own sizes in their place
            tensor.dims = tuple(
                Dim.symbol(f"{info.key}.{parameter.name}.{axis}") for axis in range(tensor.rank)
            )
        run.facts[id(parameter.node)] = env[parameter.name]
    run.env, run.function, run.returned, run.within = env, info, [], []
    if info.runs == 1:
        info.asked = _asked(info)
    try:
        if isinstance(info.node, cst.Lambda):
            run.returned.append((info.node.body, evaluate(run, info.node.body)))
        else:
            suite(run, info.node.body)
        if info.kind == "context":
            gradients_like_inputs(run, info)
        returns = _merge_returns(run, info)
    except Exception as error:  # one file must not sink the project; whoever rewrites it says so
        info.module.failure = info.module.failure or error
        returns = UNKNOWN
    finally:
        _settle_stores(run)
        run.env, run.function, run.returned, run.module, run.class_outside, run.within = saved
        run.returning = returning
        run.depth -= 1
        info.state = "done"
        _keep_open(info)
    asked = _asked(info)
    if asked != info.asked:  # by its own run, or by a caller since the last one
        info.asked = asked
        for dependent in info.dependents:
            dependent.dirty = True
    if Open.fills_settled != fills:
        info.dirty = True  # the layout of a fill was decided behind the place where it is made
    if info.generator:
        returns = Sequence("generator", None, returns)
    _tie(info.returns, returns)
    if not same(returns, info.returns):
        info.returns = returns
        if run.is_new(info, returns):
            run.version += 1
            for dependent in info.dependents:
                dependent.dirty = True


def _asked(info: FunctionInfo) -> list[object]:
    """What a function takes its parameters for: their kinds, and how many axes tensors have in which order."""
    facts = [resolve(fact) for fact in info.facts.values()]
    items = [resolve(fact.element) for fact in facts if type(fact) is Var and fact.element is not None]
    return [
        (fact.rank, settle(fact.layout)) if type(fact) is Tensor else type(fact) for fact in (*facts, *items)
    ]


def _keep_open(info: FunctionInfo) -> None:
    """Keep what a run of the body has left open. What it has told itself concerns what it did before."""
    left = [fact for fact in info.found_open if not is_told(fact)]
    if len(left) < len(info.found_open):
        given = info.facts.values()  # a tensor that the body makes is another one in each run
        lasting = {id(fact) for fact in given} | {id(fact.element) for fact in given if type(fact) is Var}
        if any(id(fact) in lasting for fact in info.found_open if is_told(fact)):
            info.dirty = True
    info.found_open = left


def is_told(fact: Fact) -> bool:
    """Whether what was open is known by now: what a variable is bound to, how many axes a tensor has."""
    return resolve(fact) is not fact or (type(fact) is Tensor and fact.rank is not None)


def _settle_stores(run: Run) -> None:
    """An attribute that the body has left as it was is nothing new, whatever else it was on the way."""
    for place, old in run.returning.items():
        if old is None or not same(old, run.stored[place]):
            run.stored_anew(place[0])


def _tie(old: Fact, new: Fact) -> None:
    """What two runs of one body return is one value: the layouts that both leave open are one question."""
    old, new = resolve(old), resolve(new)
    if isinstance(old, Tensor) and isinstance(new, Tensor):
        if (
            old.rank == new.rank
            and isinstance(settle(old.layout), Open)
            and isinstance(settle(new.layout), Open)
        ):
            link(old.layout, new.layout)
    elif isinstance(old, Sequence) and isinstance(new, Sequence):
        if old.items is not None and new.items is not None:
            for one, other in zip(old.items, new.items, strict=False):
                _tie(one, other)
        elif old.items is None and new.items is None and old.element is not old:
            _tie(old.element, new.element)
    elif isinstance(old, Dict) and isinstance(new, Dict):
        for name in old.entries.keys() & new.entries.keys():
            _tie(old.entries[name], new.entries[name])
        _tie(old.value, new.value)


def _leave(fact: Fact) -> None:
    """What leaves a function is used by callers, whose ranks say nothing of the names in its body."""
    fact = resolve(fact)
    if isinstance(fact, Tensor):
        fact.peers = []
    elif isinstance(fact, Sequence):
        for item in fact.items if fact.items is not None else [fact.element]:
            _leave(item)


def _merge_returns(run: Run, info: FunctionInfo) -> Fact:
    if not run.returned:
        return Python("none")
    for _, fact in run.returned:
        _leave(fact)
    merged: Fact | None = None
    for _, fact in run.returned:
        if merged is None:
            merged = fact
            continue
        combined = _beside_unknown(run, merged, fact) or join(merged, fact)
        if isinstance(combined, Tensor) and combined.source == "conflict" and "" not in info.pins:
            layouts = [run.layout(t) for _, f in run.returned if isinstance(t := resolve(f), Tensor)]
            images = IMAGE in layouts or BY_RANK in layouts
            apart = BY_RANK if combined.rank is None else IMAGE if combined.rank in (4, 5) else PLAIN
            info.pins[""] = apart if images else PLAIN
            run.version += 1
            info.dirty = True
        merged = combined
    if run.channels_last:
        merged = _canonical(run, merged)
        _as_sequences(run, info, merged)
    target = info.pins.get("")
    if target is not None and run.channels_last:
        for node, fact in run.returned:
            tensor = resolve(fact)
            if node is not None and isinstance(tensor, Tensor):
                run.want(node, tensor, target)
        if isinstance(merged, Tensor):
            before, merged = merged, Tensor(merged.rank, merged.dims, merged.dtype, target)
            merged.lead = before.lead
            merged.with_axes_of(before)
    assert merged is not None
    _leave(merged)
    return merged


def _beside_unknown(run: Run, left: Fact, right: Fact) -> Tensor | None:
    """What is returned in place of something of which nothing is known: whichever it is has one order."""
    left, right = resolve(left), resolve(right)
    told = right if left is UNKNOWN else left if right is UNKNOWN else None
    if not isinstance(told, Tensor) or told.rank in (0, 1, 2) or isinstance(run.layout(told), Open):
        return None
    return Tensor(None, None, None, run.layout(told))


def _as_sequences(run: Run, info: FunctionInfo, merged: Fact | None) -> None:
    """What a model makes of images and returns with three axes, points or tokens, is in torch's order."""
    tensors = [t for _, fact in run.returned if isinstance(t := resolve(fact), Tensor)]
    if info.name != "forward" or "" in info.pins or not isinstance(merged, Tensor):
        return
    if not any(t.rank == 3 and run.layout(t) == IMAGE for t in tensors):
        return
    if run.learning:
        run.postpone()
        return
    given = [t for fact in info.facts.values() if isinstance(t := resolve(fact), Tensor)]
    if any(t.rank in (None, 3) and run.layout(t) != PLAIN for t in given):
        return  # of its kind: a map of one axis
    if any(caller.owner is not None and caller.owner.is_module for caller in info.dependents):
        return  # a part of a model: whoever calls it goes on with what is there
    info.pins[""] = BY_RANK
    info.dirty = True
    run.version += 1


def _canonical(run: Run, merged: Fact | None) -> Fact | None:
    """What leaves a function is plain or an image: other layouts (one image of a batch) are converted back."""
    for node, fact in run.returned:
        tensor = resolve(fact)
        if isinstance(tensor, Tensor) and _is_odd(run, tensor):
            if node is not None:
                run.want(node, tensor, PLAIN)
            if isinstance(merged, Tensor):
                merged = Tensor(merged.rank, merged.dims, merged.dtype, PLAIN)
        if (
            isinstance(tensor, Sequence)
            and tensor.items is not None
            and isinstance(node, (cst.Tuple, cst.List))
        ):
            for number, (element, item) in enumerate(zip(node.elements, tensor.items, strict=False)):
                part = resolve(item)
                if (
                    isinstance(part, Tensor)
                    and not isinstance(element, cst.StarredElement)
                    and part.rank is not None
                    and _is_odd(run, part)
                ):
                    run.want(element.value, part, PLAIN)
                    tensor.items[number] = Tensor(part.rank, part.dims, part.dtype, PLAIN)
    return merged


def _is_odd(run: Run, tensor: Tensor) -> bool:
    """Whether this is neither in torch's order nor an image of one to three axes of space."""
    layout = run.layout(tensor)
    if isinstance(layout, Open) or layout == PLAIN:
        return False
    return layout not in (IMAGE, BY_RANK) or (tensor.rank is not None and tensor.rank > 5)
