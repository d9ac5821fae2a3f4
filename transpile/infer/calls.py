"""Calls: of torch functions and classes, of layers, of tensors' methods, of the project's own functions."""

from __future__ import annotations

import io
import logging
from typing import Any

import libcst as cst

from transpile.infer.apply import Operand, apply
from transpile.infer.arguments import arguments, items_in
from transpile.infer.attributes import attribute_of
from transpile.infer.autograd import saved_for_backward
from transpile.infer.builtins import call_builtin, dict_of
from transpile.infer.containers import extend, grow
from transpile.infer.expressions import evaluate, expression_handler
from transpile.infer.facts import (
    UNKNOWN,
    AnyCallable,
    Class,
    Dict,
    Fact,
    Function,
    Layer,
    Partial,
    Python,
    Ref,
    Self,
    Sequence,
    Tensor,
    Var,
    resolve,
)
from transpile.infer.foreign import FUNCTIONS as FOREIGN
from transpile.infer.higher_order import called_value, counts_axes, mapped, partial, takes_image
from transpile.infer.join import join
from transpile.infer.layers import (
    MODULE_METHODS,
    call_layer,
    construct_layer,
    construct_unknown_layer,
    layer_method,
    module_method,
    plan_module_method,
)
from transpile.infer.layout import Open
from transpile.infer.ops.distributions import DISTRIBUTION, distribution_method
from transpile.infer.ops.index import update_dict
from transpile.infer.plans import Plan
from transpile.infer.run import Run
from transpile.infer.summaries import call

__all__ = ["call_expression"]

# Tensor methods whose names no str, list, dict, array or file has: they decide that a receiver is a tensor.
TENSOR_METHODS = frozenset(
    {
        "view", "permute", "unsqueeze", "contiguous", "flatten_", "softmax", "matmul", "bmm", "chunk",
        "expand", "expand_as", "masked_fill", "masked_fill_", "detach", "cuda", "repeat_interleave",
        "type_as", "view_as", "reshape_as", "unbind", "log_softmax", "add_", "mul_", "div_", "sub_", "clamp_",
        "zero_", "fill_", "copy_", "requires_grad_", "new_zeros", "new_ones", "new_tensor", "new_full",
        "new_empty", "numel", "index_select", "masked_select", "scatter_", "scatter", "gather", "unfold",
        "squeeze_", "unsqueeze_", "transpose_", "addmm", "baddbmm", "norm", "log_", "exp_", "logsumexp", "mT",
        "roll", "narrow", "movedim", "adaptive_avg_pool2d", "half", "bfloat16", "pin_memory", "data_ptr",
        "is_contiguous", "storage", "unflatten", "clamp", "topk", "mm",
    }
)  # fmt: skip
# The same for names that only take no argument: `logger.log(text)` is none of them.
NO_ARGUMENT = frozenset(
    {
        "exp", "log", "sqrt", "cos", "sin", "sign", "neg", "long", "double", "floor", "ceil", "relu", "relu_",
        "sigmoid", "sigmoid_", "tanh", "erf", "rsqrt", "silu", "gelu",
    }
)  # fmt: skip
# Names that other types have too: they decide only for the parameter of a forward.
AMBIGUOUS = frozenset(
    {
        "size", "dim", "split", "float", "double", "long", "int", "bool", "cpu", "to", "clone", "mean", "sum",
        "max", "min", "std", "var", "prod", "abs", "exp", "log", "sqrt", "pow", "cos", "sin", "reshape",
        "transpose", "flatten", "repeat", "squeeze", "argmax", "argmin", "sort", "topk", "any", "all",
        "clamp", "round", "floor", "ceil", "cumsum", "t", "add", "sub", "mul", "div", "eq", "ne", "gt", "lt",
        "ge", "le", "dot", "mm", "unique", "item", "tolist", "numpy", "type", "flip", "tile", "swapaxes",
        "nonzero", "cumprod", "clip", "sign", "neg", "backward", "is_floating_point", "fill", "diagonal",
        "tril", "triu",
    }
)  # fmt: skip

# Methods that arrays have and tensors have not.
ARRAY_METHODS = frozenset({"astype", "tobytes"})

# Methods that only nn.Module has: their receiver is a layer even where nothing else says so.
WALKS = frozenset(
    {"modules", "named_modules", "named_children", "parameters", "named_parameters", "named_buffers"}
)


@expression_handler(cst.Call)
def call_expression(run: Run, node: cst.Call) -> Fact:
    saved = run.calling, run.unwritten
    run.calling, run.unwritten = id(node), 0
    try:
        return _call(run, node)
    finally:
        run.calling, run.unwritten = saved


def _call(run: Run, node: cst.Call) -> Fact:
    run.plans.pop(id(node), None)
    if isinstance(node.func, cst.Attribute):
        owner = resolve(evaluate(run, node.func.value))
        special = method_call(run, node, node.func, owner)
        if special is not None:
            return special
        callee = attribute_of(run, node.func, owner)
        run.facts[id(node.func)] = callee
    else:
        callee = evaluate(run, node.func)
    callee = resolve(callee)
    if isinstance(callee, Ref) and callee.name == "builtins.len" and node.args:
        run.any_order.add(id(node.args[0].value))
    positional, keywords, starred = arguments(run, node)
    if isinstance(callee, Ref):
        rule = run.rules.by_name(callee.name) if not _is_imported(run, node.func) else None
        if rule is not None and positional and (counts_axes(rule) or takes_image(rule)):
            return called_value(run, node, callee, positional, keywords)
        return reference_call(run, node, callee, positional, keywords, starred)
    if isinstance(callee, Class):
        return construct(run, node, callee, positional, keywords, starred)
    if isinstance(callee, Function):
        bound = positional
        if callee.bound is None and callee.info.kind == "method" and positional:
            bound = positional[1:]  # Detect.forward(self, x)
        run.plans[id(node)] = Plan("own_function", info=callee.info, unbound=callee.bound is None)
        return call(run, callee.info, bound, keywords, starred)
    if isinstance(callee, Layer):
        return call_layer(run, node, callee, positional, keywords, starred)
    if isinstance(callee, (AnyCallable, Partial)):
        return called_value(run, node, callee, positional, keywords)
    run.plans[id(node)] = Plan("unknown_call")
    if isinstance(node.func, cst.Attribute) and node.func.attr.value == "numpy" and not node.args:
        return Python("array")
    result = run.var(("call", id(node)), f"call{id(node)}", tensorlike=_takes_tensors(positional))
    if isinstance(node.func, cst.Attribute) and node.func.attr.value in AMBIGUOUS:
        owner = resolve(run.facts.get(id(node.func.value), UNKNOWN))
        if isinstance(owner, Var):
            result.origin = owner
            if result.bound is not None:
                run.as_tensor(owner)
    return result


def _is_imported(run: Run, node: cst.BaseExpression) -> bool:
    """Whether a callee is written with the name of an import, and is no variable that holds a function."""
    while isinstance(node, cst.Attribute):
        node = node.value
    return isinstance(node, cst.Name) and node.value in run.imported


def _takes_tensors(positional: list[Operand]) -> bool:
    """An unknown callable given a tensor most likely is a layer, and what it returns a tensor."""
    for _, fact in positional:
        resolved = resolve(fact)
        if isinstance(resolved, Tensor) or (isinstance(resolved, Var) and resolved.tensorlike):
            return True
    return False


def method_call(run: Run, node: cst.Call, func: cst.Attribute, owner: Fact) -> Fact | None:
    """A method of a tensor, a list, a dict or super(); None if `owner.name` is called like any other value."""
    name = func.attr.value
    if isinstance(owner, Var) and name in ARRAY_METHODS and not owner.tensorlike:
        _as_array(run, owner)
        owner = resolve(owner)
    if (
        isinstance(owner, Var)
        and run.module.concerns_torch
        and (
            (name in TENSOR_METHODS and (name != "view" or owner.tensorlike or _is_size_list(node)))
            or (name in NO_ARGUMENT and not node.args)
            or _is_power(node, name)
            or (name in AMBIGUOUS and (owner.tensorlike or _names_a_dim(node)))
        )
    ):
        run.as_tensor(owner)
        owner = resolve(owner)
    elif (
        owner is UNKNOWN
        and (name in TENSOR_METHODS or _is_power(node, name))
        and run.function
        and run.module.concerns_torch
    ):
        owner = run.tensors.setdefault(("unknown", id(func.value)), Tensor(None, None, None, Open()))
        run.facts[id(func.value)] = owner
        if isinstance(func.value, cst.Name) and func.value.value in run.env:
            run.env[func.value.value] = owner  # in its arguments, too, and from here on
    if isinstance(owner, Tensor):
        positional, keywords, starred = arguments(run, node)
        rule = run.rules.method(name)
        if rule is None:
            run.plans[id(node)] = Plan("unknown_method", name=name)
            return Tensor(None, None, None, owner.layout) if owner.rank is not None else UNKNOWN
        if starred and (_unpacks_dict(run, node, rule) or not _takes_spread(run, rule, node)):
            run.plans[id(node)] = Plan("left", rule, reason="starred arguments")
            return UNKNOWN
        fact = apply(run, node, rule, positional, keywords, (func.value, owner))
        plan = run.plans.get(id(node))
        if plan is not None:
            plan.data["method"] = name
            if starred:
                plan.data["starred"] = True
        return fact
    if isinstance(owner, Var) and owner.tensorlike and not node.args and name in ("values", "items"):
        value = run.var((owner, "values"), f"{owner.name}.values", tensorlike=True)  # a dict of tensors
        return Sequence(
            "list", None, value if name == "values" else Sequence("tuple", [Python("str"), value])
        )
    if isinstance(owner, Sequence):
        return sequence_method(run, node, owner, name)
    if isinstance(owner, Dict):
        given, _, _ = arguments(run, node)
        if name in ("values",):
            return Sequence("list", None, owner.value)
        if name == "items":
            return Sequence("list", None, Sequence("tuple", [Python("str"), owner.value]))
        if name in ("pop", "popitem", "setdefault", "clear"):
            owner.written = None
        if name in ("get", "pop", "setdefault"):
            return owner.value
        if name == "update":
            update_dict(owner, resolve(given[0][1]) if given else UNKNOWN)
        return UNKNOWN
    if isinstance(owner, Python) and owner.type == DISTRIBUTION:
        positional, keywords, _ = arguments(run, node)
        return distribution_method(run, node, owner, name, [*positional, *keywords.values()])
    if isinstance(owner, Python) and owner.type in ("str", "array"):
        arguments(run, node)
        return Python(owner.type)
    if isinstance(owner, Var) and _is_telling(name):
        definers = run.definers.get(name, ())
        if len(definers) == 1:  # only one class of the project has such a method
            owner.bound = Layer(definers[0].name, definers[0])
            run.version += 1
            owner = owner.bound
    if name in WALKS and run.module.concerns_torch and not isinstance(owner, (Layer, Ref, Class, Python)):
        positional, keywords, _ = arguments(run, node)
        anything = Layer("torch.nn.Module")
        plan_module_method(run, node, name, anything)
        return module_method(run, node, anything, name, positional, keywords)
    if isinstance(owner, Self) and owner.info is not None and owner.info.is_autograd:
        saved = saved_for_backward(run, node, owner.info, name)
        if saved is not None:
            return saved
    if isinstance(owner, Layer):
        return layer_method(run, node, func, owner, name)
    return None


def _as_array(run: Run, var: Var) -> None:
    """Take a value for NumPy's, and whatever it was made of by a method that tensors have too."""
    made: Var | None = var
    while made is not None and made.bound is None:
        made.bound = Python("array")
        run.version += 1
        made = made.origin


def _is_power(node: cst.Call, name: str) -> bool:
    """`x.pow(2)`: numbers, strings and arrays have no such method."""
    return name == "pow" and len(node.args) == 1 and isinstance(node.args[0].value, (cst.Integer, cst.Float))


# Methods of Python's own types, of files and loggers: a class of the project that has one too is not meant by it.
COMMON_METHODS = frozenset(
    name
    for type_ in (str, bytes, list, dict, set, int, float, io.IOBase, logging.Logger)
    for name in dir(type_)
)


def _is_telling(name: str) -> bool:
    """Whether a method's name is one that only the project can have given."""
    ordinary = (COMMON_METHODS, TENSOR_METHODS, NO_ARGUMENT, AMBIGUOUS, WALKS, LAYER_METHODS)
    return len(name) > 4 and not name.startswith("_") and not any(name in names for names in ordinary)


LAYER_METHODS = MODULE_METHODS | {"forward", "step", "start", "close", "reset", "setup", "build", "write"}


def _as_the_others(run: Run, node: cst.BaseExpression, fact: Fact, current: Fact) -> None:
    """What joins a list of tensors gets their layout: whoever takes one out cannot tell which it was."""
    new, old = resolve(fact), resolve(current)
    if isinstance(new, Tensor) and isinstance(old, Tensor) and new is not old:
        target = run.layout(old)
        if isinstance(target, tuple) and new.rank == old.rank:
            run.want(node, new, target)


def _only_options(rule: Any, node: cst.Call, positional: list[Operand]) -> bool:
    """Whether `**options` stand beside an operand that plumbing hands back as it is: torch.compile(f, **options)."""
    return (
        rule.kind == "plumbing"
        and rule.returns == "itself"
        and bool(positional)
        and all(arg.star != "*" for arg in node.args)
    )


def _unpacks_dict(run: Run, node: cst.Call, rule: Any) -> bool:
    """Whether `**options` brings names that nobody knows."""
    return any(arg.star == "**" and options_of(run, arg.value, rule) is None for arg in node.args)


def options_of(run: Run, node: cst.BaseExpression, rule: Any) -> frozenset[str] | None:
    """The names in a dict that is written out, here or elsewhere: `{"device": device, "dtype": dtype}`.

    What makes the dict, `like(x)`, is called once at most: one name of it reaches the translation, and no other.
    """
    fact = run.fact(node)
    if not isinstance(fact, Dict) or fact.written is None:
        return None
    if isinstance(node, (cst.Name, cst.Attribute)) or written_here(node) is not None:
        return fact.written
    return fact.written if len(fact.written - rule.drop) <= 1 else None


def written_here(node: cst.BaseExpression) -> dict[str, cst.BaseExpression] | None:
    """The values by their names of `{"device": device}` or `dict(device=device)`."""
    if isinstance(node, cst.Dict):
        return {
            str(element.key.evaluated_value): element.value
            for element in node.elements
            if isinstance(element, cst.DictElement) and isinstance(element.key, cst.SimpleString)
        }
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value == "dict":
        return {arg.keyword.value: arg.value for arg in node.args if arg.keyword is not None}
    return None


def _takes_spread(run: Run, rule: Any, node: cst.Call) -> bool:
    """Whether `*rest`, if there is one, has a place."""
    if any(p.kind == "varargs" for p in rule.params):
        return True
    return all(items_in(run, arg) is not None for arg in node.args if arg.star == "*")


def _names_a_dim(node: cst.Call) -> bool:
    """Whether a keyword is one that only torch has: numpy says axis and keepdims."""
    return any(arg.keyword is not None and arg.keyword.value in ("dim", "keepdim") for arg in node.args)


def _is_size_list(node: cst.Call) -> bool:
    """Whether these are sizes as only Tensor.view takes them: several, or one that says -1 or is a list."""
    if len(node.args) != 1:
        return len(node.args) > 1
    only = node.args[0].value
    return isinstance(only, (cst.UnaryOperation, cst.Tuple, cst.List)) or bool(node.args[0].star)


def sequence_method(run: Run, node: cst.Call, owner: Sequence, name: str) -> Fact:
    positional, _, _ = arguments(run, node)
    if name in ("append", "insert", "extend") and positional:
        fact = positional[-1][1]
        written = node.args[-1].value
        if name != "extend":
            known = owner.items or owner.element is not UNKNOWN
            _as_the_others(run, written, fact, owner.any() if known else fact)
        if name == "insert":
            owner.element, owner.items, owner.content = join(owner.any(), fact) if known else fact, None, None
        elif name == "append":
            grow(run, owner, [(id(written), fact)])
        else:
            extend(run, owner, written, fact)
        return Python("none")
    if name == "pop":
        return owner.any()
    if owner.type == "ordered" and name in ("values", "items"):
        values = owner.items or []
        pairs: list[Fact] = [Sequence("tuple", [Python("str"), value]) for value in values]
        return Sequence("list", values if name == "values" else pairs)
    if name == "numel" and owner.shape_of is not None:
        run.plans[id(node)] = Plan("left", reason="numel of a shape")
        return Python("int")
    return UNKNOWN if name not in ("copy",) else owner


def reference_call(
    run: Run,
    node: cst.Call,
    callee: Ref,
    positional: list[Operand],
    keywords: dict[str, Operand],
    starred: bool,
) -> Fact:
    name = callee.name
    if name == "builtins.map" and len(positional) > 1 and not starred:
        return mapped(run, node, positional)
    if name.startswith("builtins."):
        return call_builtin(run, node, name[9:], positional)
    if name.startswith("torch.nn.") and name.endswith(".__init__"):
        run.plans[id(node)] = Plan("base_init")
        return Python("none")
    rule = run.rules.by_name(name)
    if rule is not None:
        if rule.kind == "layer":
            return construct_layer(run, node, rule, positional, keywords, starred)
        takes_any = all(not variant.template.placeholders for variant in rule.variants) and not rule.refuse
        if starred and takes_any and rule.variants:
            positional, keywords = [], {}  # it does nothing with them
        elif (
            starred
            and not _only_options(rule, node, positional)
            and (_unpacks_dict(run, node, rule) or not _takes_spread(run, rule, node))
        ):
            run.plans[id(node)] = Plan("left", rule, reason="starred arguments")
            return Tensor(None, None, None, Open()) if rule.kind == "function" else UNKNOWN
        fact = apply(run, node, rule, positional, keywords, None)
        plan = run.plans.get(id(node))
        if plan is not None and starred:
            plan.data["starred"] = True
            plan.data["idle"] = takes_any
        return fact
    if name.startswith("torch.nn.") and name.rpartition(".")[2][:1].isupper() and ".functional" not in name:
        return construct_unknown_layer(run, node, name)
    if name in ("functools.partial",) and positional:
        return partial(run, node, positional, keywords)
    if name in ("copy.deepcopy", "copy.copy") and positional:
        if isinstance(resolve(positional[0][1]), (Layer, Tensor)):
            run.plans[id(node)] = Plan("copy", name=name)
        return positional[0][1]
    if name == "collections.OrderedDict" and positional:
        inner = resolve(positional[0][1])
        if isinstance(inner, Sequence):
            items = [resolve(item) for item in inner.items or []]
            pairs = [p for p in items if isinstance(p, Sequence) and p.items and len(p.items) == 2]
            if not pairs or len(pairs) < len(items):
                return dict_of(inner)
            ordered = Sequence("ordered", [pair.items[1] for pair in pairs if pair.items])
            ordered.places = [pair.places[1] if pair.places else None for pair in pairs]
            return ordered
        return dict_of(inner)
    if name == "collections.OrderedDict":
        return Dict(empty=not node.args)
    known = FOREIGN.get(name)
    if known is not None:
        return known(run, node, positional, keywords)
    if name.startswith("math."):
        return Python("int" if name in ("math.ceil", "math.floor", "math.gcd", "math.prod") else "float")
    if name.split(".")[0] == "numpy":
        run.plans[id(node)] = Plan("foreign_call")
        return Python("array")
    if name.split(".")[0] == "torch":
        run.plans[id(node)] = Plan("left", reason="no rule")
        return UNKNOWN
    run.plans[id(node)] = Plan("unknown_call")
    return run.var(("call", id(node)), f"call{id(node)}")


def construct(
    run: Run,
    node: cst.Call,
    callee: Class,
    positional: list[Operand],
    keywords: dict[str, Operand],
    starred: bool,
) -> Fact:
    info = callee.info
    info.instantiated = True
    init = info.find_method("__init__")
    if init is not None:
        call(run, init, positional, keywords, starred)
    run.plans[id(node)] = Plan("own_class", info=info)
    layer = Layer(info.name, info)
    layer.site = id(node)
    return layer
