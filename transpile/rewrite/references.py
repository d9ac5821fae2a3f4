"""Names of torch that are used without a call: dtypes, classes, functions handed on."""

from __future__ import annotations

import re
from typing import Any

import libcst as cst

from transpile.emit import parameters
from transpile.infer.facts import Module, Ref
from transpile.rewrite.code import expression, source
from transpile.rewrite.context import Context
from transpile.rewrite.registry import on, operation
from transpile.rulebook import render

__all__ = ["class_text", "function_value", "support_itself"]


def class_text(context: Context, name: str, *, testing: bool) -> str | None:
    """What stands for a torch class: in an isinstance test the Keras class, elsewhere the support class."""
    rule = context.run.rules.by_name(name)
    if name in ("torch.nn.Module", "torch.nn.modules.Module", "torch.nn.modules.module.Module"):
        context.needs("tf")
        return "tf.keras.layers.Layer" if testing else context.support("Module")
    if rule is None or not rule.variants:
        return None
    if testing and rule.isinstance:
        context.needs("tf")
        return str(rule.isinstance)
    if rule.kind not in ("layer", "class", "constant"):
        return None
    template = rule.variants[0].template
    text: str | None
    if template.placeholders:
        text = str(rule.isinstance) if rule.isinstance else None
    else:
        text = render(template, {}, rule.defaults, context.support)
    if text is not None and "tf." in text:
        context.needs("tf")
    return text


@on(cst.Attribute)
def attribute(context: Context, original: cst.Attribute, updated: cst.Attribute) -> Any:
    """torch.float32, nn.ReLU as a value, F.relu handed to somebody."""
    plan = context.plan(original)
    if plan is not None:
        return None
    return reference(context, original)


@on(cst.Name)
def name(context: Context, original: cst.Name, updated: cst.Name) -> Any:
    """A name that `from torch import …` brought, used as a value."""
    if original.value not in context.run.imported:
        return None
    return reference(context, original)


def reference(context: Context, original: Any) -> Any:
    fact = context.run.facts.get(id(original))
    if type(fact) is not Ref or not fact.name.startswith("torch.") or id(original) in context.callees:
        return None
    if not is_import(context, original):
        return None
    rule = context.run.rules.by_name(fact.name)
    if rule is None:
        if fact.name == "torch.nn.Module":
            context.needs("tf")
            return expression("tf.keras.layers.Layer")
        context.say("API001", original, f"{fact.name} has no rule; it stays as it is")
        return None
    result = value_of(context, rule, testing=id(original) in context.tested)
    if result is None:
        _say_left(context, original, rule)
    return result


def value_of(context: Context, rule: Any, *, testing: bool = False) -> Any:
    """What stands for a name of torch where it is no call; None where there is no word for it."""
    result: Any = None
    if rule.value is not None:
        result = expression(context.support(rule.value))
    elif rule.kind in ("constant", "class", "layer") and rule.variants:
        text = class_text(context, rule.torch, testing=testing)
        result = expression(text) if text is not None else None
    elif rule.kind == "function" and rule.variants:
        result = function_value(context, rule)
    elif (
        rule.kind == "plumbing" and rule.variants and rule.params and rule.torch.rpartition(".")[2].islower()
    ):
        name = rule.params[0].name
        drifting = not context.run.exact_training
        template = next(v.template for v in rule.variants if drifting or not v.drifts)
        if template.text.strip() == f"{{{name}}}":  # a decorator that hands its function on
            result = expression(f"(lambda {name}: {name})")
        elif template.text.strip() in ("False", "True", "None"):  # what torch is asked about itself
            result = expression(f"(lambda *args, **kwargs: {template.text.strip()})")
        elif rule.returns == "itself":
            body = render(template, {name: name}, rule.defaults, context.support)
            result = expression(f"(lambda {name}: {body})")
    return result


def _say_left(context: Context, node: cst.CSTNode, rule: Any) -> None:
    """A name with a rule that has no word for it where it is no call."""
    if rule.refuse:
        context.say("API005", node, f"{rule.torch}: {rule.refuse}", rule.instead or "")
    else:
        context.say("API001", node, f"{rule.torch} has a rule for calls alone; as a value it stays as it is")


def is_import(context: Context, node: cst.BaseExpression) -> bool:
    """Whether an expression is an imported name, or an attribute of one: not a variable that happens to hold it."""
    while isinstance(node, cst.Attribute):
        name, node = node.attr.value, node.value
        fact = context.run.facts.get(id(node))
        if isinstance(fact, Module):  # what another file of the project imports, by that file's name
            module = context.run.modules.find(fact.name)
            return module is not None and name in module.imported
        if not isinstance(fact, Ref):
            return False
    return isinstance(node, cst.Name) and node.value in context.run.imported


def function_value(context: Context, rule: Any) -> Any:
    """A function that is not called here: the support or TF function itself, or a lambda over the rule's template."""
    template = rule.variants[-1].template
    names = [p.name for p in rule.params if p.default is None]
    text = template.text
    for name in names:
        simple = f"({{{name}}})"
        if len(names) == 1 and text.endswith(simple) and text.count("{") == 1 and "$" not in text:
            context.needs("tf")
            return expression(text[: -len(simple)])
    itself = support_itself(rule)
    if itself is not None:
        return expression(context.support(itself))
    options = _options(rule)
    try:
        body = render(template, {n: n for n in (*names, *options)}, rule.defaults, context.support)
    except KeyError:
        return None
    if "tf." in body:
        context.needs("tf")
    return expression(f"(lambda {', '.join([*names, *options.values()])}: {body})")


_SUPPORT_CALL = re.compile(r"\$(\w+)\(\s*([^()]*?),?\s*\)")
_HANDED_ON = re.compile(r"(?:(\w+)=)?\{(\w+)\??\}")


def support_itself(rule: Any) -> str | None:
    """The support function that takes what torch's takes, in the same order and by the same names."""
    call = _SUPPORT_CALL.fullmatch(rule.variants[-1].template.text.strip())
    if call is None or rule.args or len(rule.params) < 2:
        return None
    for part in call[2].split(","):
        handed = _HANDED_ON.fullmatch(part.strip())
        if handed is None or handed[1] not in (None, handed[2]):
            return None
    wanted = [p.name for p in rule.params]
    given = parameters(call[1])
    if given is None or list(given[: len(wanted)]) != wanted:
        return None
    return call[1]


def _options(rule: Any) -> dict[str, str]:
    """The options that a lambda takes too, as parameters: those that reach the template as they are given."""
    used = rule.variants[-1].template.placeholders
    found: dict[str, str] = {}
    for param in rule.params:
        if param.default is None:
            if param.kind == "varargs":
                return {}
            continue
        if param.name not in used or param.name in rule.args or "torch" in param.default:
            break  # what follows it has another place
        found[param.name] = f"{param.name}={param.default}"
    return found


@on(cst.Decorator)
def decorator(context: Context, original: cst.Decorator, updated: cst.Decorator) -> Any:
    """@torch.jit.script and its kin, which hand the function on, go."""
    node = original.decorator
    if isinstance(node, cst.Call):
        node = node.func
    fact = context.run.facts.get(id(node))
    if type(fact) is not Ref or not is_import(context, node):
        return None
    rule = context.run.rules.by_name(fact.name)
    if rule is None or rule.refuse or len(rule.variants) != 1 or not rule.params:
        return None
    if rule.variants[0].template.text.strip() == f"{{{rule.params[0].name}}}":
        return cst.RemoveFromParent()
    return None


def prepare(context: Context, node: cst.CSTNode) -> None:
    """Entering a call: its callee is no value; the classes of an isinstance test are Keras' own.

    `type(m) is nn.Conv2d` and `m in {…}` compare with the class that is really used.
    """
    if type(node) is cst.Call:
        context.callees.add(id(node.func))
        plan = context.plan(node)
        if plan is not None and plan.op == "isinstance" and len(node.args) == 2:
            _mark_classes(context, node.args[1].value)
        elif plan is not None and plan.op in ("namespace", "probe"):
            context.callees.add(id(node.args[0].value))
    elif type(node) is cst.Attribute:
        inner = node.value
        outer = context.run.facts.get(id(node))
        if isinstance(inner, (cst.Attribute, cst.Name)) and (outer is None or type(outer) is Ref):
            context.callees.add(id(inner))  # torch.nn in torch.nn.Conv2d is no value
    elif isinstance(node, (cst.AssignTarget, cst.AnnAssign, cst.NamedExpr, cst.For, cst.CompFor)):
        _mark_targets(context, node.target)


def _mark_targets(context: Context, node: cst.CSTNode) -> None:
    """A name that is bound to something of torch, where an import binds it too, is no use of it."""
    if isinstance(node, cst.Name):
        context.callees.add(id(node))
    elif isinstance(node, (cst.Tuple, cst.List)):
        for element in node.elements:
            _mark_targets(context, element.value)


def _mark_classes(context: Context, node: cst.BaseExpression) -> None:
    context.tested.add(id(node))
    if isinstance(node, (cst.Tuple, cst.List)):
        for element in node.elements:
            context.tested.add(id(element.value))
    elif isinstance(node, cst.BinaryOperation):
        _mark_classes(context, node.left)
        _mark_classes(context, node.right)


@operation("same")
def same(context: Context, original: cst.Attribute, updated: cst.Attribute) -> Any:
    """x.data"""
    return updated.value


@operation("requires_grad")
def requires_grad(context: Context, original: cst.Attribute, updated: cst.Attribute) -> Any:
    """A parameter's requires_grad is a Keras variable's trainable."""
    return updated.with_changes(attr=cst.Name("trainable"))


@operation("device")
def device(context: Context, original: cst.Attribute, updated: cst.Attribute) -> Any:
    """TensorFlow places tensors itself; code that only hands a device on needs none."""
    return expression("None")


@operation("device_type")
def device_type(context: Context, original: cst.Attribute, updated: cst.Attribute) -> Any:
    """x.device.type"""
    return expression(f"{context.support('device_type')}({source(updated.value)})")
