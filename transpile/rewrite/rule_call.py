"""Calls that a rule table translates."""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.arguments import items_in
from transpile.infer.calls import options_of, written_here
from transpile.infer.facts import Python, Sequence, Tensor, resolve
from transpile.infer.layout import Open, inverse, order
from transpile.infer.plans import Plan
from transpile.rewrite.code import expression, source
from transpile.rewrite.context import Context
from transpile.rewrite.optional_dtype import default_dtype, may_be_none
from transpile.rewrite.references import is_import
from transpile.rewrite.registry import operation
from transpile.rewrite.rule_facts import RuleFacts
from transpile.rulebook import BindError, ConversionError, bind, convert, render, select

__all__ = ["arguments", "render_rule"]


SIZES = ("size", "shape", "sizes", "dims", "repeats")


def arguments(
    updated: cst.Call, context: Context | None = None, original: cst.Call | None = None, rule: Any = None
) -> tuple[list[str], dict[str, str]]:
    """The texts of a call's arguments after rewriting; of a dict whose names are known, one by one."""
    positional: list[str] = []
    keywords: dict[str, str] = {}
    for place, arg in enumerate(updated.args):
        text = source(arg.value)
        options = None
        if arg.star == "**" and context is not None and original is not None:
            options = options_of(context.run, original.args[place].value, rule)
        if options is not None:
            here = written_here(arg.value) or {}
            keywords |= {
                name: source(here[name]) if name in here else f'{text}["{name}"]' for name in sorted(options)
            }
        elif arg.keyword is not None:
            keywords[arg.keyword.value] = text
        elif (number := _spread(context, original, rule, place)) is not None:
            positional += [f"{text}[{i}]" for i in range(number)]
        else:
            positional.append(arg.star + text)
    return positional, keywords


def _spread(context: Context | None, original: cst.Call | None, rule: Any, place: int) -> int | None:
    """How many arguments `*pair` is, where each parameter has a name; any number may stay as they are written."""
    if context is None or original is None or any(p.kind == "varargs" for p in rule.params):
        return None
    return items_in(context.run, original.args[place])


@operation("rule")
def rule_call(context: Context, original: Any, updated: Any) -> Any:
    plan = context.plan(original)
    assert plan is not None
    if isinstance(original, cst.Call) and "method" not in plan.data and not is_import(context, original.func):
        return None  # a variable that holds a torch function: what it holds is rewritten where it is named
    try:
        return render_rule(context, plan, original, updated)
    except cst.ParserSyntaxError:
        # a template that does not fit these arguments: a defect of the table, said rather than passed on
        context.say(
            "API002",
            original,
            f"the rule of {plan.rule.torch} gives no valid expression here; the call stays as it is",
        )
        return None


def render_rule(
    context: Context, plan: Plan, original: Any, updated: Any, left_out: frozenset[str] = frozenset()
) -> Any:
    """What a call is by its rule; with `left_out`, what it is without those of its arguments."""
    rule = plan.rule
    if isinstance(updated, cst.Call):
        positional, keywords = (
            ([], {}) if plan.data.get("idle") else arguments(updated, context, original, rule)
        )
        if rule.kind == "plumbing" and rule.returns == "itself":
            positional = [text for text in positional if not text.startswith("**")]  # options of torch's own
        receiver = None
        if "method" in plan.data and isinstance(updated.func, cst.Attribute):
            receiver = source(updated.func.value)
    elif isinstance(updated, cst.Attribute):
        positional, keywords, receiver = [], {}, source(updated.value)
    else:
        return None
    bound = bind(rule, positional, keywords, receiver)
    if isinstance(bound, BindError):
        context.say("API002", original, f"{rule.torch}: {bound.message}; the call stays as it is")
        return None
    for name in left_out:
        bound.values.pop(name, None)
    facts = RuleFacts(plan, context, left_out)
    for name in list(bound.unsettled):
        fact = facts.fact(name)
        if not isinstance(fact, Sequence) and (
            isinstance(fact, (Python, Tensor)) or fact is None or name not in SIZES
        ):
            bound = bound.with_int(name)
        elif not isinstance(fact, Sequence):
            # one size or a sequence of sizes: only known at run time
            bound.values[name] = f"{context.support('as_sizes')}({bound.values[name]})"
    values: dict[str, str | None] = dict(bound.values)
    reshape_sizes(plan, values)
    remap_axes(context, original, plan, rule, values)
    for name, place in plan.data.get("place", {}).items():
        values[name] = str(place)
    for name in plan.data.get("open", ()):
        if values.get(name) is not None and context.channels_last:
            values[name] = f"{context.support('to_torch_order')}({values[name]})"
            warn_open(context, original, rule.torch)
    members_in_torch_order(context, original, plan, rule, values)
    variant = select(rule.variants, facts, context.run.exact_training)
    if variant is None:
        context.say(
            "API002",
            original,
            f"{rule.torch} is not translated with these arguments; the call stays as it is",
        )
        return None
    dtype = values.get("dtype")
    maybe = dtype is not None and may_be_none(context, dtype)
    default_dtype(context, rule, variant, facts, values, maybe)
    special = (
        moved_axes(context, plan, rule, values)
        or rest_of_view(context, plan, rule, values)
        or cat_of_some(context, plan, values)
        or squeezed(context, plan, values)
    )
    if special is not None:
        return special
    try:
        values, defaults = convert(rule, values)
    except ConversionError as error:
        context.say(error.code, original, f"{error}; the call stays as it is")
        return None
    data_format = native_format(context, plan, rule)
    if data_format is not None:
        values["data_format"] = data_format
    operand = values.get(rule.params[0].name) if rule.params else None
    hoisted = (
        operand is not None
        and plan.data.get("open_axes")
        and context.channels_last
        and not operand.isidentifier()
    )
    if hoisted:
        operand_name = rule.params[0].name
        axis_name = plan.data["open_axes"][0]
        axis_text = plan.data.pop("axis_text", None)
        if axis_text is None:
            hoisted = False
        else:
            values[operand_name], values[axis_name] = "x", "axis"
    template = variant.template
    if rule.kind == "class" and "(" not in template.text and "{" not in template.text:
        say_difference(context, original, rule, variant)
        return updated.with_changes(func=expression(render(template, {}, {}, context.support)))
    try:
        text = render(template, values, defaults, context.support)
    except KeyError as error:
        context.say("API002", original, f"{rule.torch} lacks its argument {error}; the call stays as it is")
        return None
    if hoisted:
        # the operand stands once: evaluating it twice would run its layers twice
        text = f"{context.support('on_axis')}(lambda x, axis: {text}, {operand}, {axis_text})"
    say_difference(context, original, rule, variant)
    if plan.data.get("unbatched"):
        context.say(
            "LAY004",
            original,
            f"{rule.torch} is given an image without a batch axis; only batched images are translated exactly",
        )
    without = RuleFacts(plan, context, left_out | {"dtype"})
    if maybe and not hoisted and select(rule.variants, without, context.run.exact_training) is not variant:
        said = len(context.remarks)
        other = render_rule(context, plan, original, updated, left_out | {"dtype"})
        del context.remarks[said:]  # what there is to say of the call is said once
        if other is None:
            return None
        text = f"({text} if {dtype} is not None else {source(other)})"
    return expression(text)


def members_in_torch_order(
    context: Context, original: cst.CSTNode, plan: Plan, rule: Any, values: dict[str, str | None]
) -> None:
    """Bring each of a list of tensors back to torch's order, where the list is given a new axis by its number there."""
    how = plan.data.get("members")
    if how is None:
        return
    name = rule.params[0].name
    text = values.get(name)
    if text is None:
        return
    if how == "open":
        warn_open(context, original, rule.torch)
    if isinstance(how, str):
        each = f"{context.support('to_torch_order' if how == 'open' else how)}(t)"
    else:
        context.needs("tf")
        each = f"tf.transpose(t, {how})"
    values[name] = f"[{each} for t in {text}]"


def squeezed(context: Context, plan: Plan, values: dict[str, str | None]) -> Any:
    """An axis of an image that goes if its size is 1: where it may not be, the rank that follows would be wrong."""
    if not plan.data.get("size_unknown") or "tensor" not in plan.data or values.get("dim") is None:
        return None
    layout = context.run.layout(plan.data["tensor"])
    if not (isinstance(layout, tuple) and layout):
        return None
    context.needs("tf")
    return expression(f"tf.squeeze({values['input']}, {values['dim']})")


DIFFERENCES = {"changed": "API004", "ambiguous": "API007"}


def say_difference(context: Context, original: cst.CSTNode, rule: Any, variant: Any) -> None:
    """What the rule itself says of how its translation differs, and this variant of it."""
    code = DIFFERENCES.get(rule.fidelity)
    reasons = [why for why in (rule.why, variant.why) if why]
    if code is not None and reasons:
        context.say(code, original, f"{rule.torch}: {'; '.join(reasons)}")


def native_format(context: Context, plan: Plan, rule: Any) -> str | None:
    """The data_format argument of a support function, where it is not the translation's own."""
    if not context.channels_last:
        return None
    name = rule.params[0].name if rule.params else "input"
    value = plan.bound.get(name)
    if value is None or isinstance(value, list):
        return None
    tensor = resolve(value[1])
    if isinstance(tensor, Tensor) and rule.torch.rpartition(".")[2] in (
        "pad",
        "normalize",
        "prelu",
        "batch_norm",
        "instance_norm",
        "group_norm",
        "dropout2d",
    ):
        layout = context.run.layout(tensor)
        converted = id(value[0]) in context.run.convert if value[0] is not None else False
        if isinstance(layout, tuple) and not layout and not converted and (tensor.rank or 0) != 2:
            return '"channels_first"'
    return None


def warn_open(context: Context, original: cst.CSTNode, name: str) -> None:
    context.say(
        "LAY003", original,
        f"the rank and layout of the operand of {name.rpartition('.')[2]} are not known: at run time a tensor of "
        "rank 4 is taken as an image with its channels last",
        "Annotate the parameter, for example `x: Float[Tensor, \"b c h w\"]`.",
    )  # fmt: skip


def remap_axes(
    context: Context, original: cst.CSTNode, plan: Plan, rule: Any, values: dict[str, str | None]
) -> None:
    """Rename torch's axis numbers for an operand that is kept channels-last."""
    if not context.channels_last:
        return
    tensor: Tensor | None = plan.data.get("tensor")
    for name in plan.data.get("axes", ()):
        if tensor is None or tensor.rank is None:
            continue
        layout = context.run.layout(tensor)
        if isinstance(layout, Open) or not layout:
            continue
        places = inverse(order(layout, tensor.rank))
        text = values.get(name)
        literal = _literal_axes(plan, name)
        if literal is None:
            if text is not None and _may_be_several(plan, rule, name):
                values[name] = f"{context.support('placed')}({text}, {places})"
            elif text is not None:
                values[name] = f"{places}[{text}]"
            continue
        if isinstance(literal, tuple):
            mapped = tuple(_place(d, places, tensor.rank) for d in literal)
            values[name] = str(list(mapped)) if (text or "").startswith("[") else str(mapped)
        else:
            place = _place(literal, places, tensor.rank)
            values[name] = f"[{place}]" if (text or "").startswith("[") else str(place)
    for name in plan.data.get("open_axes", ()):
        text = values.get(name)
        text = rule.defaults.get(name) if text is None else text
        if text is None or text == "0":
            continue
        operand = values.get(rule.params[0].name)
        if operand is not None:
            if operand.isidentifier():
                values[name] = f"{context.support('open_axis')}({text}, {operand})"
            else:
                plan.data["axis_text"] = text
            warn_open(context, original, rule.torch)


def _literal_axes(plan: Plan, name: str) -> Any:
    facts = RuleFacts(plan)
    value = facts.constant(name)
    if isinstance(value, bool):
        return None
    if isinstance(value, int) or (isinstance(value, tuple) and all(isinstance(v, int) for v in value)):
        return value
    return None


def _may_be_several(plan: Plan, rule: Any, name: str) -> bool:
    """Whether an axis that is only known at run time may be a tuple of axes, or none: a reduction takes all three."""
    return (name == "dims" or rule.returns.startswith("reduce")) and not RuleFacts(plan).is_int(name)


def _place(axis: int, places: tuple[int, ...], rank: int) -> int:
    """The axis in memory; the last one is written -1, as TensorFlow users do."""
    place = places[axis % rank]
    return -1 if place == rank - 1 else place


def reshape_sizes(plan: Plan, values: dict[str, str | None]) -> None:
    """Put the sizes of a view, expand or creation into the order of the result in memory."""
    permutation = plan.data.get("order")
    sizes = plan.data.get("sizes")
    if permutation is None or sizes is None:
        return
    name = (
        plan.rule.params[1].name
        if len(plan.rule.params) > 1 and plan.rule.params[0].name in ("input", "self")
        else plan.rule.params[0].name
    )
    for candidate in ("size", "shape", "sizes", "repeats", "dims"):
        if candidate in values and values[candidate] is not None:
            name = candidate
    text = values.get(name)
    if text is None:
        return
    parsed = cst.parse_expression(text)
    if not isinstance(parsed, (cst.Tuple, cst.List)):
        return
    written = _one_by_one(parsed, [fact for _, fact in sizes])
    if len(written) != len(permutation):
        return
    parts = [written[axis] for axis in permutation]
    if parts == written:
        return
    opening, closing = ("(", ")") if isinstance(parsed, cst.Tuple) else ("[", "]")
    values[name] = f"{opening}{', '.join(parts)}{closing}"


def _one_by_one(sizes: cst.Tuple | cst.List, facts: list[Any]) -> list[str]:
    """The sizes as text, one for each axis: `*hw` is `hw[0], hw[1]`, and those that are known are numbers."""
    written: list[str] = []
    for element in sizes.elements:
        text = source(element.value)
        if not isinstance(element, cst.StarredElement):
            written.append(text)
            continue
        if not isinstance(element.value, (cst.Name, cst.Attribute, cst.Subscript, cst.Call)):
            text = f"({text})"
        for i in range(len(facts) - len(sizes.elements) + 1):
            fact = resolve(facts[len(written)]) if len(written) < len(facts) else None
            known = isinstance(fact, Python) and type(fact.value) is int
            written.append(str(fact.value) if known and isinstance(fact, Python) else f"{text}[{i}]")
    return written


def cat_of_some(context: Context, plan: Plan, values: dict[str, str | None]) -> Any:
    """torch.cat where a member may be torch.empty(0)."""
    if not plan.data.get("empty") or plan.data.get("axis_text") is not None:
        return None
    return expression(f"{context.support('cat')}({values['tensors']}, {values.get('dim') or 0})")


def rest_of_view(context: Context, plan: Plan, rule: Any, values: dict[str, str | None]) -> Any:
    """x.view(batch, …, -1) of a tensor with that batch: written so that the last size is static where it can be."""
    if not plan.data.get("rest") or plan.data.get("order", (0,))[0] != 0:
        return None
    operand, sizes = (values.get(p.name) for p in rule.params[:2])
    parsed = cst.parse_expression(sizes) if operand is not None and sizes is not None else None
    if not isinstance(parsed, (cst.Tuple, cst.List)) or isinstance(parsed.elements[0], cst.StarredElement):
        return None  # what is unpacked there may be more than the batch
    rest = [source(element.value) for element in parsed.elements[1:]]
    if rest == ["-1"]:
        return expression(f"{context.support('flatten')}({operand}, 1)")
    return expression(f"{context.support('reshape_rest')}({operand}, [{', '.join(rest)}])")


def moved_axes(context: Context, plan: Plan, rule: Any, values: dict[str, str | None]) -> Any:
    """permute, transpose and flatten by their plans: nothing at all, one transpose, or one reshape."""
    operand = values.get(rule.params[0].name) if rule.params else None
    if operand is None:
        return None
    if "memory" in plan.data and context.channels_last:
        tensor_open = plan.data.get("identity")
        if tensor_open:
            return expression(operand)
        context.needs("tf")
        return expression(f"tf.transpose({operand}, {tuple(plan.data['memory'])})")
    if "span" in plan.data:
        first, last = plan.data["span"]
        return expression(f"{context.support('flatten')}({operand}, {first}, {last})")
    return None
