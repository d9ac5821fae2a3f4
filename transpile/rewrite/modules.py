"""Classes: nn.Module → a Keras layer; forward → call with `training`; names that Keras reserves."""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.by_class import data_formats
from transpile.infer.definitions import ClassInfo, FunctionInfo
from transpile.infer.facts import Layer, Python, Ref, Self, Sequence, Tensor, Var, resolve
from transpile.infer.run import Run
from transpile.rewrite.code import expression, is_string, source
from transpile.rewrite.context import Context
from transpile.rewrite.references import class_text
from transpile.rewrite.registry import on, operation
from transpile.source.walk import descendants

__all__ = ["RESERVED", "in_the_output", "needs_module"]

# What a Keras layer calls its own (FACTS: attribute names that a layer cannot take).
RESERVED = frozenset(
    {
        "input", "output", "name", "dtype", "weights", "variables", "losses", "metrics", "path", "trainable",
        "build", "compute_dtype", "dtype_policy", "input_spec", "activity_regularizer", "quantization_mode",
        "non_trainable_weights", "trainable_weights", "trainable_variables", "non_trainable_variables",
        "metrics_variables", "_layers", "built", "call", "quantize", "count_params", "get_config",
        "input_dtype", "variable_dtype", "autocast", "supports_masking", "stateless_call", "add_loss",
        "add_weight", "dtype_policies",
    }
)  # fmt: skip
# Methods of a Keras layer that a source may define with another meaning.
METHODS = frozenset({"build", "call", "get_config", "add_weight", "add_loss", "quantize"})
# torch's layers that have all of nn.Module's methods in the output, too
CONTAINERS = frozenset({"Module", "ModuleDict", "ModuleList", "Sequential"})


def needs_module(run: Run) -> set[ClassInfo]:
    """The classes of the project that plain Keras layers cannot carry: see support's Module."""
    needed = run.training_readers | run.walked
    infos = [info for module in run.modules.loaded() for info in module.classes if info.is_module]
    needed.update(info for info in infos if not _fits_a_plain_layer(info))
    # a base needs it: so do its heirs; an heir needs it: so does its base, since they share a hierarchy
    todo = list(needed)
    while todo:
        info = todo.pop()
        for kin in (*info.ancestors(), *info.heirs):
            if kin not in needed and kin.is_module:
                needed.add(kin)
                todo.append(kin)
    return needed


def _fits_a_plain_layer(info: ClassInfo) -> bool:
    """Whether Keras takes the calls, the state and the results of a class as they are; containers have their own."""
    if any(
        b in ("torch.nn.Sequential", "torch.nn.ModuleList", "torch.nn.ModuleDict") for b in info.torch_bases()
    ):
        return True
    forward, init = info.find_method("forward"), info.methods.get("__init__")
    if forward is None or not forward.own_parameters or (init is not None and init.decorators):
        return False
    if any(p.star or not _acceptable(forward, p) for p in forward.own_parameters):
        return False
    return not info.stores_outside_init and _only_tensors(forward.returns) and not _replaces_layers(info)


def _replaces_layers(info: ClassInfo) -> bool:
    """Whether an attribute gets a second layer (by a subclass, usually): plain Keras keeps the first one's weights."""
    for name in info.attributes:
        sites = [
            fact
            for ancestor in info.ancestors()
            for fact in ancestor.sites.get(name, {}).values()
            if isinstance(resolve(fact), Layer)
        ]
        if len(sites) > 1:
            return True
    return False


def _acceptable(forward: FunctionInfo, parameter: Any) -> bool:
    fact = resolve(forward.facts.get(parameter.name, Var("")))
    if isinstance(fact, Tensor):
        return True
    if isinstance(fact, Sequence):
        return isinstance(resolve(fact.any()), (Tensor, Var))
    if isinstance(fact, Var) and parameter.default is None:
        return bool(fact.tensorlike) and fact.element is None
    return parameter.default is not None


def _only_tensors(fact: Any) -> bool:
    fact = resolve(fact)
    if isinstance(fact, Sequence):
        return all(_only_tensors(item) for item in (fact.items if fact.items is not None else [fact.element]))
    if isinstance(fact, Python):
        return False
    return isinstance(fact, (Tensor, Var)) or not isinstance(fact, Layer)


def base_text(context: Context, info: ClassInfo, name: str) -> str | None:
    if name in ("torch.nn.Module", "torch.nn.modules.Module", "torch.nn.modules.module.Module"):
        if info in context.module_based:
            return context.support("Module")
        context.needs("tf")
        return "tf.keras.layers.Layer"
    return class_text(context, name, testing=False)


@on(cst.ClassDef)
def class_(context: Context, original: cst.ClassDef, updated: cst.ClassDef) -> Any:
    info = context.run.class_of.get(id(original))
    if info is None:
        return None
    bases = []
    for before, after in zip(original.bases, updated.bases, strict=True):
        fact = context.run.facts.get(id(before.value))
        if type(fact) is Ref and fact.name.startswith("torch."):
            text = base_text(context, info, fact.name)
            if text is not None:
                after = after.with_changes(value=expression(text))
        bases.append(after)
    updated = updated.with_changes(bases=bases)
    lines = []
    renamed = renamed_attributes(info)
    if renamed:
        lines.append(f"torch_names = {renamed!r}  # torch's name → the name that Keras leaves free\n")
    formats = data_formats(context.run, info) if info in context.run.told_by_class else (None, None)
    if formats != (None, None):
        texts = ", ".join("None" if word is None else f'"{word}"' for word in formats)
        lines.append(f"data_formats = {texts}  # taken, returned\n")
    if lines and isinstance(updated.body, cst.IndentedBlock):
        body = list(updated.body.body)
        at = 1 if body and is_string(body[0]) else 0
        head = [cst.parse_statement(line) for line in lines]
        updated = updated.with_changes(body=updated.body.with_changes(body=[*body[:at], *head, *body[at:]]))
    return updated


def renamed_attributes(info: ClassInfo) -> dict[str, str]:
    if not info.is_module:
        return {}
    return {
        name: f"{name}_"
        for name in sorted(info.attributes)
        if name in RESERVED and name not in info.methods and name != "build"
    }


@on(cst.Attribute)
def reserved(context: Context, original: cst.Attribute, updated: Any) -> Any:
    """self.layers → self.layers_, wherever the owner is a layer of the project that stores such an attribute."""
    name = original.attr.value
    if name not in RESERVED or not isinstance(updated, cst.Attribute) or updated.attr.value != name:
        return None
    owner = resolve(context.fact(original.value))
    if isinstance(owner, Layer) and owner.info is not None and owner.info.is_module:
        if name in METHODS and owner.info.find_method(name) is not None:
            return updated.with_changes(attr=cst.Name(f"{name}_"))
        for info in owner.info.ancestors():
            if name in renamed_attributes(info):
                return updated.with_changes(attr=cst.Name(f"{name}_"))
    return None


def in_the_output(context: Context, original: cst.BaseExpression) -> str:
    """The text of a name or an attribute as the output has it, where only the node of the source is at hand."""

    def renamed(node: Any) -> Any:
        if not isinstance(node, cst.Attribute):
            return node
        updated = node.with_changes(value=renamed(node.value))
        return reserved(context, node, updated) or updated

    return source(renamed(original))


@on(cst.FunctionDef)
def method(context: Context, original: cst.FunctionDef, updated: cst.FunctionDef) -> Any:
    """forward → call."""
    info = context.run.function_of.get(id(original))
    if info is None or info.owner is None or not info.owner.is_module:
        return None
    if original.name.value in METHODS:
        return updated.with_changes(name=cst.Name(f"{original.name.value}_"))
    if original.name.value == "forward":
        updated = updated.with_changes(name=cst.Name("call"))
        if id(original) in context.signature_training:
            updated = updated.with_changes(params=with_training(updated.params))
    return updated


def with_training(parameters: cst.Parameters) -> cst.Parameters:
    """`training=None` behind the other parameters."""
    tight = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
    parameter = cst.Param(cst.Name("training"), default=cst.Name("None"), equal=tight)
    if any(p.name.value == "training" for p in (*parameters.params, *parameters.kwonly_params)):
        return parameters
    comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    if parameters.star_arg is not cst.MaybeSentinel.DEFAULT or parameters.kwonly_params:
        return parameters.with_changes(
            kwonly_params=[*[p.with_changes(comma=comma) for p in parameters.kwonly_params], parameter]
        )
    params = list(parameters.params)
    if params:
        params[-1] = params[-1].with_changes(comma=comma)
    return parameters.with_changes(params=[*params, parameter])


@operation("training")
def training(context: Context, original: cst.Attribute, updated: cst.Attribute) -> Any:
    """self.training: inside forward the parameter of `call`, elsewhere what the surrounding Keras call says."""
    owner = resolve(context.fact(original.value))
    if not isinstance(owner, Self):  # of any layer: plain Keras ones are told with each call
        return expression(f'getattr({source(updated.value)}, "training", False)')
    functions = context.functions
    if functions and functions[0].name.value == "forward":
        context.signature_training.add(id(functions[0]))
        return cst.Name("training")
    return None


def _said_of_an_argument(context: Context, call: cst.Call) -> bool:
    """Whether what is handed to it is reported already: torch.load(path), other.state_dict()."""
    inner = [
        context.plan(node) for node in descendants(call) if isinstance(node, cst.Call) and node is not call
    ]
    return any(p is not None and (p.op == "refused" or p.data.get("name") == "state_dict") for p in inner)


def _is_module(context: Context, info: ClassInfo) -> bool:
    """Whether instances have nn.Module's own methods; what derives from a convolution is a Keras one, and has not."""
    kinds = [base.rpartition(".")[2] for base in info.torch_bases() if base.startswith("torch.nn.")]
    return info in context.module_based and {*kinds} <= CONTAINERS


@operation("module_method")
def module_method(context: Context, original: cst.Call, updated: cst.Call) -> Any:
    """parameters(), modules() … of a layer that may be a plain Keras one: the free function of the same name."""
    plan = context.plan(original)
    assert plan is not None and isinstance(updated.func, cst.Attribute)
    assert isinstance(original.func, cst.Attribute)
    name = plan.data["name"]
    owner = plan.data["owner"]
    rule = context.run.rules.by_name(f"torch.nn.Module.{name}")
    if rule is not None and rule.refuse:
        if not _said_of_an_argument(context, original):
            context.say("API005", original, f"{name}: {rule.refuse}", rule.instead or "")
        return None
    # what a function is given may be a Keras layer for another caller
    given = not isinstance(owner, Self) and context.is_own_parameter(original.func.value)
    if isinstance(owner, Layer) and owner.info is not None and not given and _is_module(context, owner.info):
        return None
    if name in (
        "modules",
        "named_modules",
        "children",
        "named_children",
        "parameters",
        "named_parameters",
        "buffers",
        "named_buffers",
    ):
        operand = cst.Arg(updated.func.value)
        return updated.with_changes(func=cst.Name(context.support(name)), args=[operand, *updated.args])
    if name in (
        "train",
        "eval",
        "to",
        "cpu",
        "cuda",
        "float",
        "half",
        "double",
        "requires_grad_",
    ) and not isinstance(owner, Self):
        return updated.func.value
    return None
