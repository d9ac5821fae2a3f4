"""Attribute access: modules, classes, instances, tensors."""

from __future__ import annotations

import libcst as cst

from transpile.infer.apply import apply
from transpile.infer.child_layers import children_of
from transpile.infer.definitions import ClassInfo
from transpile.infer.dims import Dim
from transpile.infer.dtypes import dtype_of
from transpile.infer.expressions import evaluate, expression_handler
from transpile.infer.facts import (
    UNKNOWN,
    Class,
    Dict,
    Fact,
    Function,
    Layer,
    Module,
    Python,
    Ref,
    Self,
    Sequence,
    Tensor,
    Var,
    resolve,
)
from transpile.infer.functions import analyze
from transpile.infer.imports import member
from transpile.infer.join import AnyLayer, join
from transpile.infer.layers import MODULE_METHODS
from transpile.infer.ops.distributions import DISTRIBUTION, distribution_attribute
from transpile.infer.plans import Plan
from transpile.infer.run import Run
from transpile.infer.torch_layers import weight_rank
from transpile.infer.weight_data import weight_of_unknown

__all__ = ["attribute_of"]

INT_ATTRIBUTES = frozenset(
    {
        "in_channels",
        "out_channels",
        "in_features",
        "out_features",
        "num_features",
        "groups",
        "num_heads",
        "embed_dim",
    }
)


@expression_handler(cst.Attribute)
def attribute(run: Run, node: cst.Attribute) -> Fact:
    owner = evaluate(run, node.value)
    fact = attribute_of(run, node, owner)
    if node.attr.value == "is_floating_point" and run.module.concerns_torch and _may_be_dtype(resolve(owner)):
        run.plans[id(node)] = Plan("is_floating")  # a tensor and a layer are asked by a call
        return Python("bool")
    return fact


def _may_be_dtype(fact: Fact) -> bool:
    if isinstance(fact, Ref):
        return dtype_of(fact) is not None
    return (
        isinstance(fact, Var)
        or fact is UNKNOWN
        or (isinstance(fact, Python) and fact.type in ("dtype", "object"))
    )


def _is_value(run: Run, fact: Ref) -> bool:
    """Whether a name of torch is a plain Python value (torch.__version__): what follows it is no name of torch."""
    rule = run.rules.by_name(fact.name) if fact.name.startswith("torch.") else None
    return rule is not None and rule.kind == "constant" and rule.returns == "python"


def attribute_of(run: Run, node: cst.Attribute, owner: Fact) -> Fact:
    fact = resolve(owner)
    name = node.attr.value
    run.plans.pop(id(node), None)
    if name == "data":
        fact = weight_of_unknown(run, node.value, fact) or fact
    if isinstance(fact, Ref):
        if _is_value(run, fact):
            return UNKNOWN
        return Ref(f"{fact.name}.{name}")
    if isinstance(fact, Module):
        found = member(run, fact.name, name)
        return found if found is not None else UNKNOWN
    if isinstance(fact, Tensor):
        return tensor_attribute(run, node, fact, name)
    if isinstance(fact, Class):
        return class_attribute(fact, name)
    if isinstance(fact, Layer):
        return layer_attribute(run, node, fact, name)
    if isinstance(fact, Var):
        if name in ("shape", "device", "dtype") and fact.tensorlike:
            tensor = run.as_tensor(fact)
            if tensor is not None:
                return tensor_attribute(run, node, tensor, name)
        if name == "shape":
            run.plans[id(node)] = Plan("open_shape")
            return Sequence("tuple", None, Python("int"), shape_of=fact)
        return run.var((fact, name), f"{fact.name}.{name}")
    if (
        isinstance(fact, Sequence)
        and fact.type == "tuple"
        and fact.items is not None
        and len(fact.items) == 2
        and name in ("values", "indices", "Q", "R")
    ):
        return fact.items[1 if name in ("indices", "R") else 0]
    if isinstance(fact, Python) and fact.type == "packed" and name == "data":
        return Tensor(None, None, "float32")
    if isinstance(fact, Python) and fact.type == DISTRIBUTION:
        return distribution_attribute(name)
    if isinstance(fact, Python) and fact.type == "array":
        return Python("object")
    if isinstance(fact, Python) and fact.type == "device" and name == "type":
        run.plans[id(node)] = Plan("device_type")
        run.plans.pop(id(node.value), None)  # the name of the device, for once
        return Python("str")
    return UNKNOWN


def class_attribute(fact: Class, name: str) -> Fact:
    method = fact.info.find_method(name)
    if method is not None:
        return Function(method, fact if method.kind == "class" else None)
    if name == "apply" and fact.info.is_autograd:
        forward = fact.info.find_method("forward")
        return Function(forward, fact) if forward is not None else UNKNOWN
    found = fact.info.find_attribute(name)
    return found if found is not None else UNKNOWN


def layer_attribute(run: Run, node: cst.Attribute, fact: Layer, name: str) -> Fact:
    info = fact.info
    if isinstance(fact, AnyLayer):
        shared = _shared_attribute(run, fact, name)
        if shared is not None:
            return shared
    if info is not None:
        if run.function is not None:
            for ancestor in info.ancestors():
                ancestor.dependents.add(run.function)
        found = info.find_attribute(name)
        if found is not None and isinstance(fact, Self):
            for heir in run.heirs(info):  # this method also runs for those that override the attribute
                if run.function is not None:
                    heir.dependents.add(run.function)
                if name in heir.attributes:
                    found = join(found, heir.attributes[name])
        method = info.find_method(name)
        if found is None and method is None and isinstance(fact, Self):
            brought = _from_heirs(run, info, name)
            if brought is not None:
                return brought
        if method is not None and (found is None or isinstance(found, Function)):
            if method.kind == "property":
                if method.state == "new":
                    analyze(run, method)
                return method.returns
            return Function(method, fact)
        if found is not None:
            return found
        if name == "training" and info.is_module:
            run.plans[id(node)] = Plan("training")
            if isinstance(fact, Self) and run.function is not None:
                if run.function.name == "forward":
                    run.training_users.add(run.function)
                else:
                    run.training_readers.add(info)
            return Python("bool")
        base = next((b for b in info.torch_bases() if b.startswith("torch.nn.")), None)
        if base is not None and base != "torch.nn.Module":
            inherited = torch_layer_attribute(run, node, name, fact)
            if inherited is not None:
                return inherited
        if info.is_module and name in MODULE_METHODS | {
            "_modules"
        }:  # handed on, not called: `init(self.modules)`
            run.walked.add(info)
            if name == "_modules":
                return Dict(children_of(run, fact).any())
        return run.var((info, name), f"{info.qualname}.{name}")
    if name == "training":
        run.plans[id(node)] = Plan("training")
        return Python("bool")
    inherited = torch_layer_attribute(run, node, name, fact)
    if inherited is not None:
        return inherited
    if fact.members is not None and name.isdigit():
        return fact.members.any()
    if (fact.site, name) in run.named_members:
        return run.named_members[fact.site, name]
    return run.var((id(node), name), f"{fact.name}.{name}")


def _shared_attribute(run: Run, fact: AnyLayer, name: str) -> Fact | None:
    """What one of several classes of the project has under a name, where all of them have something there."""
    found: Fact | None = None
    for choice in fact.choices:
        mine = choice.info.find_attribute(name) if choice.info is not None else None
        if mine is None or choice.info is None:
            return None
        if run.function is not None:
            for ancestor in choice.info.ancestors():
                ancestor.dependents.add(run.function)
        found = mine if found is None else join(found, mine, binding=False)
    return found


def _from_heirs(run: Run, info: ClassInfo, name: str) -> Fact | None:
    """What a mixin or an abstract base asks of itself and only its heirs have: from any of them."""
    found: Fact | None = None
    for heir in run.heirs(info):
        method = heir.find_method(name)
        mine = heir.find_attribute(name)
        if run.function is not None:
            for ancestor in heir.ancestors():
                ancestor.dependents.add(run.function)
        if method is not None and method.kind == "method" and mine is None:
            mine = Function(method, Self(heir.name, heir))
        if mine is not None:
            found = mine if found is None else join(found, mine)
    return found


def torch_layer_attribute(run: Run, node: cst.Attribute, name: str, fact: Layer) -> Fact | None:
    if name in ("weight", "bias", "running_mean", "running_var"):
        key = ("tensor", id(node))
        tensor = run.tensors.get(key)
        if tensor is None:
            bases = fact.info.torch_bases() if fact.info is not None else []
            rank = 1 if name != "weight" else weight_rank([fact.name, *bases])
            tensor = run.tensors[key] = Tensor(rank, None, "float32", is_parameter=True)
        run.plans[id(node)] = Plan("layer_weight", name=name)
        return tensor
    if name in INT_ATTRIBUTES:
        return Python("int", None, Dim.symbol(f"{fact.name}.{name}"))
    return None


def tensor_attribute(run: Run, node: cst.Attribute, tensor: Tensor, name: str) -> Fact:
    if name == "shape":
        if id(node) not in run.any_order:
            run.ask(tensor, node)
        run.plans[id(node)] = Plan("shape", tensor=tensor)
        dims = run.dims(tensor, node)
        if dims is None:
            return Sequence("tuple", None, Python("int"), shape_of=tensor)
        return Sequence("tuple", [Python("int", d.value if d else None, d) for d in dims], shape_of=tensor)
    if name == "dtype":
        return Python("dtype", tensor.dtype)
    if name == "device":
        run.plans[id(node)] = Plan("device")
        return Python("device")
    if name == "ndim":
        run.plans[id(node)] = Plan("ndim", tensor=tensor)
        return Python("int", tensor.rank, Dim(tensor.rank) if tensor.rank is not None else None)
    if name in ("data", "grad"):
        run.plans[id(node)] = Plan("same" if name == "data" else "left", name=name)
        return tensor if name == "data" else UNKNOWN
    if name == "requires_grad" and tensor.is_parameter:
        run.plans[id(node)] = Plan("requires_grad")
        return Python("bool")
    rule = run.rules.attribute(name)
    if rule is not None:
        return apply(run, node, rule, [], {}, (node.value, tensor))
    run.plans[id(node)] = Plan("unknown_attribute", name=name)
    return UNKNOWN
