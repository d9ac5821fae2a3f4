"""Layers: what constructing one gives, and what calling one does to a tensor."""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.apply import Operand, constant
from transpile.infer.arguments import arguments
from transpile.infer.builtins import SuperOf
from transpile.infer.by_class import call_by_class, member_by_class
from transpile.infer.channel_layers import made
from transpile.infer.child_layers import children_of, submodule
from transpile.infer.computed_names import pattern
from transpile.infer.containers import (
    CONTAINERS,
    container_kind,
    extend,
    grow,
    hold_any,
    members_of,
    own_members,
    put_last,
)
from transpile.infer.contents import Group
from transpile.infer.contents import members as in_order
from transpile.infer.either import call_either, call_one_of
from transpile.infer.facts import (
    UNKNOWN,
    Dict,
    Fact,
    Function,
    Layer,
    Python,
    Self,
    Sequence,
    Tensor,
    resolve,
)
from transpile.infer.foreign import LAYERS
from transpile.infer.join import AnyLayer, join
from transpile.infer.layout import PLAIN
from transpile.infer.one_of import call_any
from transpile.infer.plans import Plan
from transpile.infer.repetition import call_repeated
from transpile.infer.run import Run
from transpile.infer.stand_ins import (
    ANY_MODULE,
    NEUTRAL,
)
from transpile.infer.summaries import call
from transpile.infer.torch_layers import torch_layer

__all__ = [
    "MODULE_METHODS",
    "call_layer",
    "construct_layer",
    "construct_unknown_layer",
    "layer_method",
    "module_method",
    "plan_module_method",
]


def construct_layer(
    run: Run,
    node: cst.Call,
    rule: Any,
    positional: list[Operand],
    keywords: dict[str, Operand],
    starred: bool,
) -> Fact:
    name = rule.torch
    run.plans[id(node)] = Plan("layer", rule, starred=starred)
    if name in CONTAINERS:
        container = Layer(name, None, members_of(run, node, name, positional, starred))
        container.site = id(node)
        return container
    if name.endswith(("Parameter", ".Buffer")):
        return _parameter(run, node, name, positional)
    arguments: dict[str, Fact] = {}
    names = [p.name for p in rule.params if p.kind == "positional"]
    if not starred:
        for key, (_, fact) in zip(names, positional, strict=False):
            arguments[key] = fact
    for key, (_, fact) in keywords.items():
        arguments[key] = fact
    layer = Layer(name, None, None, arguments)
    layer.site = id(node)
    run.plans[id(node)].data["layer"] = layer
    made(run, node, name, starred)
    return layer


def construct_unknown_layer(run: Run, node: cst.Call, name: str) -> Fact:
    run.plans[id(node)] = Plan("left", reason="no rule for this layer")
    return Layer(name)


def _parameter(run: Run, node: cst.Call, name: str, positional: list[Operand]) -> Fact:
    run.plans[id(node)] = Plan("parameter", trainable=name.endswith("Parameter"))
    source = resolve(positional[0][1]) if positional else UNKNOWN
    if isinstance(source, Tensor):
        if positional[0][0] is not None:
            run.want(positional[0][0], source, PLAIN)
        return Tensor(source.rank, source.dims, source.dtype, PLAIN, is_parameter=True)
    return Tensor(None, None, "float32", PLAIN, is_parameter=True)


def layer_method(run: Run, node: cst.Call, func: cst.Attribute, owner: Layer, name: str) -> Fact | None:
    """Methods of nn.Module and of containers on a layer; None for the project's own methods."""
    info = owner.info
    is_super = isinstance(owner, SuperOf)
    if is_super and info is not None:
        return super_call(run, node, func, owner, name)
    if info is not None and info.find_method(name) is not None:
        return None
    kind = container_kind(owner.name, info)
    if info is not None and not info.is_module:
        return None
    if info is not None and info.find_attribute(name) is not None:
        return None
    if name not in ("eval", "train", "to", "cuda", "forward"):
        run.look_into(owner)
    held = own_members(owner) if kind is not None else None
    if name in ("append", "add_module", "insert", "extend", "register_module") and held is not None:
        positional, _, _ = arguments(run, node)
        if positional:
            fact = positional[-1][1]
            if name == "extend":
                resolved = resolve(fact)
                fact = resolved.any() if isinstance(resolved, Sequence) else UNKNOWN
            if kind == "torch.nn.Sequential" and name != "insert":
                _put_last(run, node, owner, held, positional[-1][1], name == "extend")
            else:
                current = held.any()
                held.element = fact if held.items == [] else join(current, fact)
                held.items = None
            key = constant(positional[0][1]) if len(positional) > 1 else None
            if name in ("add_module", "register_module") and owner.site is not None and isinstance(key, str):
                known = run.named_members.get((owner.site, key))
                run.named_members[owner.site, key] = fact if known is None else join(known, fact)
                run.learn("member", node)
        plan_module_method(run, node, name, owner)
        return owner if name == "append" else Python("none")
    if name == "update" and kind == "torch.nn.ModuleDict" and held is not None:
        positional, _, _ = arguments(run, node)
        given = resolve(positional[0][1]) if positional else UNKNOWN
        hold_any(run, held, given.value if isinstance(given, Dict) else UNKNOWN, node)
        plan_module_method(run, node, name, owner)
        return Python("none")
    if name in ("values", "items", "keys") and kind in ("torch.nn.ModuleDict", "torch.nn.ParameterDict"):
        arguments(run, node)
        element = held.any() if held is not None else UNKNOWN
        if name == "items":
            return Sequence("list", None, Sequence("tuple", [Python("str"), element]))
        return Sequence("list", None, element if name == "values" else Python("str"))
    if name in MODULE_METHODS:
        positional, keywords, _ = arguments(run, node)
        plan_module_method(run, node, name, owner)
        return module_method(run, node, owner, name, positional, keywords)
    if name == "__call__" or (name == "forward" and info is None):
        positional, keywords, starred = arguments(run, node)
        return call_layer(run, node, owner, positional, keywords, starred)
    return None


def _put_last(run: Run, node: cst.Call, owner: Layer, held: Sequence, fact: Fact, several: bool) -> None:
    """`self.add_module("conv", conv)`, `layers.append(conv)`: what a Sequential runs after all that it holds so far."""
    place = node.args[-1].value
    made_elsewhere = held.made_in is not None and held.made_in[0] is not run.function
    if made_elsewhere and held.items is not None and not several and not run.within:
        # whoever else asks that function for one has it without this member
        maybe = AnyLayer([fact, Layer(NEUTRAL)]) if isinstance(fact, Layer) else fact
        put_last(held, held.items, [(id(place), maybe)])
    elif several:
        extend(run, held, place, fact)
    else:
        grow(run, held, [(id(place), fact)])
    if owner.info is not None and ("last", id(place), None) not in run.learnt:
        run.learn("last", place)
        run.stored_anew(owner.info)


MODULE_METHODS = frozenset(
    {
        "modules", "named_modules", "children", "named_children", "parameters", "named_parameters", "buffers",
        "named_buffers", "state_dict", "load_state_dict", "register_buffer", "register_parameter",
        "register_module", "add_module", "apply", "train", "eval", "to", "cpu", "cuda", "float", "half",
        "double", "type", "requires_grad_", "zero_grad", "get_submodule", "register_forward_hook",
        "register_forward_pre_hook", "register_full_backward_hook", "extra_repr", "_apply", "share_memory",
        "get_parameter", "bfloat16", "to_empty",
    }
)  # fmt: skip


def plan_module_method(run: Run, node: cst.Call, name: str, owner: Layer) -> None:
    """Note that a class's instances are asked for what nn.Module gives every layer."""
    run.plans[id(node)] = Plan("module_method", name=name, owner=owner)
    if owner.info is not None:
        run.walked.add(owner.info)


def module_method(
    run: Run, node: cst.Call, owner: Layer, name: str, positional: list[Operand], keywords: dict[str, Operand]
) -> Fact:
    weight = Tensor(None, None, "float32", PLAIN, is_parameter=True)
    anything = Layer("torch.nn.Module")
    if name == "children":
        return children_of(run, owner)
    if name == "named_children":
        return Sequence("generator", None, Sequence("tuple", [Python("str"), children_of(run, owner).any()]))
    if name == "modules":
        return Sequence("generator", None, anything)
    if name == "named_modules":
        return Sequence("generator", None, Sequence("tuple", [Python("str"), anything]))
    if name == "get_submodule" and positional:
        return submodule(run, owner, constant(positional[0][1]))
    if name in ("parameters", "buffers"):
        return Sequence("generator", None, weight)
    if name in ("named_parameters", "named_buffers"):
        return Sequence("generator", None, Sequence("tuple", [Python("str"), weight]))
    if name in ("register_buffer", "register_parameter", "add_module", "register_module"):
        value = (
            positional[1]
            if len(positional) > 1
            else keywords.get("tensor") or keywords.get("param") or keywords.get("module")
        )
        key = (
            constant(positional[0][1])
            if positional
            else constant(keywords["name"][1]) if "name" in keywords else None
        )
        if not isinstance(key, str) and node.args and not node.args[0].star:
            key = pattern(node.args[0].value)
        if value is not None and isinstance(key, str) and owner.info is not None:
            fact = resolve(value[1])
            if isinstance(fact, Tensor):
                if value[0] is not None:
                    run.want(value[0], fact, PLAIN)
                fact = Tensor(fact.rank, fact.dims, fact.dtype, PLAIN, is_parameter=True)
            run.store_attribute(owner.info, key, id(node), fact)
        return Python("none")
    if name in (
        "train",
        "eval",
        "to",
        "cpu",
        "cuda",
        "float",
        "half",
        "double",
        "apply",
        "requires_grad_",
        "bfloat16",
    ):
        return owner
    return UNKNOWN


def super_call(run: Run, node: cst.Call, func: cst.Attribute, owner: Layer, name: str) -> Fact:
    """super().method(...): the nearest definition above, or torch's own."""
    positional, keywords, starred = arguments(run, node)
    info = owner.info
    assert info is not None
    for ancestor in info.ancestors()[1:]:
        if name in ancestor.methods:
            method = ancestor.methods[name]
            run.plans[id(node)] = Plan("own_function", info=method, unbound=False)
            run.facts[id(func)] = Function(method, owner)
            return call(run, method, positional, keywords, starred)
    base = next((b for b in info.torch_bases() if b.startswith("torch.nn.")), None)
    run.plans[id(node)] = Plan("super_call", name=name, base=base, info=info)
    if name == "__init__":
        if container_kind(info.name, info) is not None and base is not None:
            members = members_of(run, node, base, positional, starred)
            run.store_attribute(info, "<members>", id(node), Layer(base, None, members))
        return Python("none")
    if name == "forward" and base is not None:
        fact = call_layer(run, node, Layer(base, None, own_members(owner)), positional, keywords, starred)
        run.plans[id(node)] = Plan("super_call", name=name, base=base, info=info)
        return fact
    if name in MODULE_METHODS:
        plan_module_method(run, node, name, owner)
        return module_method(run, node, Layer(owner.name, info), name, positional, keywords)
    return UNKNOWN


def call_layer(
    run: Run,
    node: cst.Call | None,
    layer: Layer,
    positional: list[Operand],
    keywords: dict[str, Operand],
    starred: bool,
) -> Fact:
    """What a layer returns for these arguments."""
    if isinstance(layer, AnyLayer):
        if len(positional) == 1 and not keywords and not starred:
            either = call_one_of(run, node, layer, positional[0], _alone)
            if either is None:
                either = call_by_class(run, node, layer, positional[0], _alone)
            if either is not None:
                return either
        result = call_any(run, layer, positional, keywords, starred, call_layer)
        if node is not None:
            run.plans[id(node)] = Plan("layer_call", layer=layer)
        return result
    if node is not None:
        run.plans[id(node)] = Plan("layer_call", layer=layer)
    info = layer.info
    if info is not None:
        forward = info.find_method("forward")
        if forward is None:
            forward = info.find_method("__call__")
        if forward is not None and forward.is_abstract and not isinstance(layer, Self):
            written = [heir for heir in run.heirs(info) if heir.find_method("forward") is not forward]
            if written:  # whichever of those that say how it is done
                heirs = AnyLayer([Layer(heir.name, heir) for heir in written])
                return call_layer(run, node, heirs, positional, keywords, starred)
        if forward is not None:
            return call(run, forward, positional, keywords, starred)
        base = next((b for b in info.torch_bases() if b.startswith("torch.nn.")), None)
        if base is None or base == "torch.nn.Module":
            return UNKNOWN
        layer = Layer(base, None, own_members(layer))
    if layer.name == "torch.nn.Sequential":
        return call_sequential(run, node, layer, positional)
    if layer.name == ANY_MODULE and layer.info is None:
        return run.var(("call", id(node)), f"call{id(node)}", tensorlike=True)
    if not positional and not keywords:
        return UNKNOWN
    operand = positional[0] if positional else next(iter(keywords.values()))
    foreign = LAYERS.get(layer.name)
    if foreign is not None:
        return foreign(run, node, layer, [operand])
    return torch_layer(run, node, layer, operand, positional, keywords)


def call_member(run: Run, member: Layer, operand: Operand, site: int | None) -> Fact:
    """Call a member of a Sequential: where it needs its input in another layout, it is told so where it is written."""
    either = call_either(run, member, operand, site, _alone)
    if either is None:
        either = member_by_class(run, member, operand, site, _alone)
    if either is not None:
        run.arranged.pop(site or 0, None)
        return either
    if operand[0] is not None or site is None:
        return call_layer(run, None, member, [operand], {}, False)
    place = run.scratch(site)
    result = call_layer(run, None, member, [(place, operand[1])], {}, False)
    wanted = run.convert.pop(id(place), None)
    if wanted is not None and isinstance(wanted[1], tuple):
        run.arranged[site] = (wanted[0], wanted[1])
    else:
        run.arranged.pop(site, None)
    return result


def _alone(run: Run, layer: Layer, operand: Operand) -> Fact:
    return call_layer(run, None, layer, [operand], {}, False)


def call_sequential(run: Run, node: cst.Call | None, layer: Layer, positional: list[Operand]) -> Fact:
    if not positional:
        return UNKNOWN
    current = positional[0]
    members = layer.members
    place = id(node) if node is not None else layer.site  # of its own: results of two places are two values
    if members is None:
        return run.var(("call", place), f"call{place}", tensorlike=True)
    if members.items is None and isinstance(members.content, Group):
        whole = Layer(layer.name, None, in_order(members.content))
        whole.site = layer.site
        return call_sequential(run, node, whole, positional)
    if members.items is None:
        member = resolve(members.any())
        if not isinstance(member, Layer):
            return run.var(("call", place), f"call{place}", tensorlike=True)
        key = (members.places[0] if members.places else None) or layer.site or place or id(member)
        return call_repeated(run, member, members, current, key, _alone, node)
    for number, item in enumerate(members.items):
        member = resolve(item)
        if isinstance(member, Layer):
            places = members.places
            site = places[number] if places is not None and number < len(places) else member.site
            result = call_member(run, member, current, site)
        elif isinstance(member, Function):
            result = call(run, member.info, [current], {}, False)
        else:  # a callable of which nothing is known: what comes out is what the next one takes
            result = run.var(("call", place, number), f"call{place}.{number}", tensorlike=True)
        current = (None, result)
    if len(members.items) == 0:
        return positional[0][1]
    return current[1]
