"""Calls that a rule knows: binding arguments, checking layouts, the fact of the result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import libcst as cst

from transpile.infer.broadcasting import broadcast
from transpile.infer.dims import Dim
from transpile.infer.dtypes import dtype_of
from transpile.infer.facts import UNKNOWN, Fact, Python, Sequence, Spread, Tensor, Var, resolve
from transpile.infer.layout import IMAGE, PLAIN, Open
from transpile.infer.plans import Plan
from transpile.infer.promotion import real_of
from transpile.infer.run import Run

__all__ = ["MISSING", "Site", "apply", "constant", "dtype_of", "hook"]

Operand = tuple[cst.BaseExpression | None, Fact]
HOOKS: dict[str, Callable[[Site], Fact]] = {}
ALIASES = {
    "axis": "dim",
    "keepdims": "keepdim",
    "self": "input",
    "x": "input",
    "a": "input",
    "x1": "input",
    "x2": "other",
}


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING = _Missing()


def hook(*names: str) -> Callable[[Callable[[Site], Fact]], Callable[[Site], Fact]]:
    """Register the inference of an operation under the names that rules give (`layout: hook:NAME`)."""

    def register(function: Callable[[Site], Fact]) -> Callable[[Site], Fact]:
        for name in names:
            HOOKS[name] = function
        return function

    return register


def constant(fact: Fact) -> Any:
    """The Python value of a fact, MISSING where it is not known."""
    fact = resolve(fact)
    if isinstance(fact, Python):
        if fact.type == "none":
            return None
        return fact.value if fact.value is not None else MISSING
    if isinstance(fact, Sequence) and fact.items is not None:
        values = [constant(item) for item in fact.items]
        return MISSING if MISSING in values else tuple(values)
    return MISSING


class Site:
    """One call bound to the parameters of its rule."""

    def __init__(
        self, run: Run, node: cst.BaseExpression, rule: Any, values: dict[str, Any], plan: Plan
    ) -> None:
        self.run = run
        self.node = node
        self.rule = rule
        self.values = values  # name → (node, fact), a list of those for varargs, absent if not given
        self.plan = plan

    def given(self, name: str) -> bool:
        value = self.values.get(name)
        if value is None:
            return False
        if isinstance(value, list):
            return bool(value)
        fact = resolve(value[1])
        return not (isinstance(fact, Python) and fact.type == "none")

    def fact(self, name: str) -> Fact:
        value = self.values.get(name)
        if value is None or isinstance(value, list):
            return UNKNOWN
        return resolve(value[1])

    def operand(self, name: str) -> cst.BaseExpression | None:
        value = self.values.get(name)
        return value[0] if value is not None and not isinstance(value, list) else None

    def constant(self, name: str, default: Any = MISSING) -> Any:
        """The literal value of an argument, the rule's default if it was not given."""
        if name in self.values:
            value = self.values[name]
            if isinstance(value, list):
                items = [constant(fact) for _, fact in value]
                return MISSING if MISSING in items else tuple(items)
            return constant(value[1])
        if default is not MISSING:
            return default
        for parameter in self.rule.params:
            if parameter.name == name and parameter.default is not None:
                return _literal(parameter.default)
        return MISSING

    def tensor(self, name: str = "input", rank: int | None = None) -> Tensor | None:
        value = self.values.get(name)
        if value is None or isinstance(value, list):
            return None
        return self.run.as_tensor(value[1], rank)

    def sizes(self, name: str) -> list[Operand] | None:
        """A size argument given as varargs or as one sequence: (node, fact) per item, None if not apart."""
        value = self.values.get(name)
        if value is None:
            return None
        entries = value if isinstance(value, list) else [value]
        if len(entries) == 1:
            node, fact = entries[0]
            resolved = resolve(fact)
            if isinstance(resolved, Sequence):
                if isinstance(node, (cst.Tuple, cst.List)) and not any(
                    isinstance(e, cst.StarredElement) for e in node.elements
                ):
                    return [(e.value, self.run.facts.get(id(e.value), UNKNOWN)) for e in node.elements]
                if resolved.items is not None:
                    return [(None, item) for item in resolved.items]
                return None
            if isinstance(resolved, (Python, Var)) and not isinstance(value, list):
                return [(node, fact)] if isinstance(resolved, Python) and resolved.type == "int" else None
        if any(isinstance(fact, Spread) for _, fact in entries):
            return None  # nobody knows how many
        return list(entries)

    def dtype(self) -> str | None:
        """TensorFlow's name of the dtype that the call asks for, the rule's own where it asks for none."""
        return dtype_of(self.fact("dtype")) or (None if self.given("dtype") else self.rule.dtype or "float32")

    def plain(self, name: str = "input") -> None:
        """Ask for an argument in torch's order."""
        tensor = self.tensor(name)
        if tensor is None:
            return
        node = self.operand(name)
        layout = self.run.ask(tensor, node or self.node)
        if isinstance(layout, Open):
            most = tensor.rank if tensor.rank is not None else self.rule.most_axes
            if most is not None and most <= 3:
                self.run.want(node, tensor, PLAIN)
            else:
                self.plan.data.setdefault("open", set()).add(name)
        else:
            self.run.want(node, tensor, PLAIN)


def _literal(text: str) -> Any:
    try:
        return {"None": None, "True": True, "False": False}[text]
    except KeyError:
        pass
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text.strip("\"'") if text[:1] in "\"'" else MISSING


def bind(
    rule: Any,
    positional: list[Operand],
    keywords: dict[str, Operand],
    receiver: Operand | None,
    spread: bool = False,
) -> tuple[dict[str, Any], set[str]] | None:
    """Arguments by parameter name, as torch binds them; None if the call does not fit.

    `spread` says that the first argument is starred.
    """
    values: dict[str, Any] = {}
    dropped: set[str] = set()
    queue = [receiver, *positional] if receiver is not None else list(positional)
    varargs = next((p for p in rule.params if p.kind == "varargs"), None)
    for parameter in rule.params:
        if not queue:
            break
        if parameter.kind == "varargs":
            values[parameter.name] = queue
            queue = []
        elif parameter.kind == "positional":
            if spread and varargs is not None and parameter.default is not None:
                continue  # as the rulebook's binding does with their texts
            values[parameter.name] = queue.pop(0)
    if queue:
        return None
    declared = {p.name for p in rule.params}
    for key, operand in keywords.items():
        target = key
        if key not in declared:
            # torch has one overload with `indices`, another with `sections`
            alias = ALIASES.get(key) or next((name for name in declared if key in name.split("_or_")), None)
            if alias in declared:
                target = str(alias)
            elif key in rule.drop:
                dropped.add(key)
                continue
            elif varargs is not None and key in ("size", "shape", "dims"):
                target = varargs.name
            else:
                return None
        elif key in rule.drop:
            dropped.add(key)
        values[target] = operand
    return values, dropped


def apply(
    run: Run,
    node: cst.BaseExpression,
    rule: Any,
    positional: list[Operand],
    keywords: dict[str, Operand],
    receiver: Operand | None,
) -> Fact:
    """Plan the rewriting of a call by its rule and say what it returns."""
    spread = isinstance(node, cst.Call) and bool(node.args) and node.args[0].star == "*"
    bound = bind(rule, positional, keywords, receiver, spread)
    if bound is None and rule.refuse:  # whatever it is given
        run.plans[id(node)] = Plan("refused", rule)
        return UNKNOWN
    if bound is None:
        run.plans[id(node)] = Plan("left", rule, reason="its arguments do not fit the rule's parameters")
        return UNKNOWN
    values, dropped = bound
    plan = Plan("rule", rule, values, dropped=dropped)
    run.plans[id(node)] = plan
    if rule.refuse:
        plan.op = "refused"
        return Tensor(None, None, None, PLAIN) if rule.kind == "function" else UNKNOWN
    site = Site(run, node, rule, values, plan)
    fact = _result(site)
    return _of_dtype(fact, site) if isinstance(fact, Tensor) and site.given("dtype") else fact


def _of_dtype(fact: Tensor, site: Site) -> Tensor:
    """A result in the dtype that the call asks for; one of which only the run tells (`x.dtype`) is not known."""
    told, asked = site.dtype(), site.fact("dtype")
    if told is None and (fact.rank is None or not (isinstance(asked, Python) and asked.type == "dtype")):
        return fact
    return fact if fact.dtype == told else Tensor(fact.rank, fact.dims, told, fact.layout, fact.source)


def _result(site: Site) -> Fact:
    """What a call gives, by the layout word of its rule."""
    rule = site.rule
    layout = rule.layout or "plain"
    if layout.startswith("hook:"):
        handler = HOOKS.get(layout[5:])
        if handler is not None:
            return handler(site)
        return by_returns(site, plain_inputs(site))
    if layout == "elementwise":
        return elementwise(site)
    if layout == "image":
        return image(site)
    if layout.startswith("axis"):
        return HOOKS["axis"](site)
    if layout == "any":
        return by_returns(site, None)
    return by_returns(site, plain_inputs(site))


def _operands(site: Site) -> list[Operand]:
    result: list[Operand] = []
    for value in site.values.values():
        for operand in value if isinstance(value, list) else [value]:
            resolved = resolve(operand[1])
            if isinstance(resolved, Tensor) or (isinstance(resolved, Var) and resolved.tensorlike):
                result.append(operand)
    return result


def plain_inputs(site: Site) -> Tensor | None:
    """Every tensor argument in torch's order; the first one."""
    first: Tensor | None = None
    if site.rule.returns in ("reduce", "scalar") and len(site.values) == 1:
        # over everything: the order of axes does not matter
        return site.tensor(site.rule.params[0].name)
    for name, value in site.values.items():
        entries = value if isinstance(value, list) else [value]
        for index, operand in enumerate(entries):
            resolved = resolve(operand[1])
            primary = first is None and index == 0 and name == site.rule.params[0].name
            if isinstance(resolved, Var) and not (primary and name in ("input", "tensor", "mat1")):
                continue
            if isinstance(resolved, (Tensor, Var)):
                if isinstance(value, list):
                    member = site.run.as_tensor(operand[1])
                    if member is not None:
                        site.run.want(operand[0], member, PLAIN)
                        first = first if first is not None else member
                    continue
                site.plain(name)
                tensor = site.tensor(name)
                first = first if first is not None else tensor
    return first


def elementwise(site: Site) -> Fact:
    primary = site.rule.params[0].name if site.rule.params else ""
    if primary in site.values and not isinstance(site.values[primary], list):
        resolved = resolve(site.values[primary][1])
        if isinstance(resolved, Var):
            site.run.as_tensor(resolved)
    operands = _operands(site)
    result = broadcast(site.run, site.node, operands)
    returns = site.rule.returns
    if returns == "bool" or site.rule.dtype:
        return Tensor(result.rank, result.dims, site.rule.dtype or "bool", result.layout)
    if returns == "hook:real" and real_of(result.dtype) != result.dtype:
        return Tensor(result.rank, result.dims, real_of(result.dtype), result.layout)
    if returns == "none":
        return Python("none")
    return result


def image(site: Site) -> Fact:
    """An operation on images: channels-last in, channels-last out; sizes of the result are new."""
    handler = HOOKS.get("image:" + site.rule.torch.rpartition(".")[2])
    if handler is not None:
        return handler(site)
    tensor = site.tensor(site.rule.params[0].name)
    if tensor is None:
        return UNKNOWN
    rank = site.rule.rank or tensor.rank
    plain_others(site)
    return image_result(site.run, site.operand(site.rule.params[0].name), tensor, rank, site.node, site.plan)


def plain_others(site: Site) -> None:
    """Weights, grids and statistics beside an image stay in torch's order."""
    for parameter in site.rule.params[1:]:
        value = site.values.get(parameter.name)
        if value is None or isinstance(value, list) or parameter.name == "indices":
            continue
        tensor = resolve(value[1])
        if isinstance(tensor, Tensor):
            site.run.want(value[0], tensor, PLAIN)


def image_result(
    run: Run, node: cst.BaseExpression | None, tensor: Tensor, rank: int | None, site: cst.CSTNode, plan: Plan
) -> Tensor:
    """Bind an operand as an image of this rank and return the image that comes out."""
    tensor.lent = tensor.lent and tensor.rank != rank
    if rank is not None and tensor.rank is None and tensor.may_have(rank, run.in_an_arm):
        tensor.settle_rank(rank)
        run.learn("rank", site if site is not None else node, rank)
    counts = run.function is None or run.function.counts_axes
    if rank is not None and tensor.rank == rank and not counts and not run.in_an_arm:
        tensor.prove_rank()
    if rank is not None and tensor.rank == rank - 1 and rank >= 4:
        # torch's unbatched form (C, H, W)
        plan.data["unbatched"] = True
        run.want(node, tensor, PLAIN)
        return Tensor(tensor.rank, None, tensor.dtype, PLAIN)
    if tensor.rank == 5:
        run.turns_out("uses_volumes")
    if rank is not None and tensor.rank is not None and tensor.rank != rank and tensor.rank != rank - 1:
        run.remark(
            "LAY003", node or site,
            f"this operand of an operation on rank {rank} seems to have rank {tensor.rank}; its layout is not known",
            "Annotate it, for example `x: Float[Tensor, \"b c h w\"]`.",
        )  # fmt: skip
        return Tensor(rank, None, tensor.dtype, IMAGE if run.channels_last else PLAIN)
    if tensor.rank is None:
        layout = run.ask(tensor, node or site)
        if isinstance(layout, Open):
            layout.settle(IMAGE)
            run.version += 1
        else:
            run.want(node, tensor, IMAGE)
        result = Tensor(
            rank if tensor.mixed else None, None, tensor.dtype, IMAGE if run.channels_last else PLAIN
        )
        if rank is None and not tensor.mixed:
            result.peers = [tensor]  # what is found out of its rank is that of the operand
        return result
    run.want(node, tensor, IMAGE if tensor.rank >= 3 else PLAIN)
    dims: tuple[Dim | None, ...] = (tensor.dim(0), *[None] * (tensor.rank - 1))
    return Tensor(None, dims, tensor.dtype, IMAGE if run.channels_last and tensor.rank >= 3 else PLAIN)


def with_indices(pooled: Tensor) -> Sequence:
    """What a pool returns that is asked for the places of its maxima: they have the shape of the map."""
    return Sequence("tuple", [pooled, Tensor(pooled.rank, pooled.dims, "int64", pooled.layout)])


def by_returns(site: Site, first: Tensor | None) -> Fact:
    """The result by the rule's `returns` word."""
    rule = site.rule
    returns = rule.returns or "tensor"
    if returns.startswith("hook:"):
        handler = HOOKS.get("returns:" + returns[5:]) or HOOKS.get(returns[5:])
        return handler(site) if handler is not None else UNKNOWN
    if first is None:
        operands = _operands(site)
        if operands:
            resolved = resolve(operands[0][1])
            first = resolved if isinstance(resolved, Tensor) else None
    if returns in ("like", "broadcast", "bool"):
        if first is None:
            return Tensor(rule.rank, None, rule.dtype, PLAIN)
        dtype = rule.dtype or ("bool" if returns == "bool" else first.dtype)
        layout = first.layout if rule.layout == "any" else PLAIN
        result = Tensor(first.rank, first.dims, dtype, layout)
        return result.with_axes_of(first) if returns == "like" else result
    if returns == "scalar" or (returns == "reduce" and len(site.values) == 1):
        return Tensor(0, (), rule.dtype or (first.dtype if first else None), PLAIN)
    if returns == "itself":
        return site.fact(rule.params[0].name)
    if returns == "int":
        return Python("int")
    if returns in ("none",):
        return Python("none")
    if returns == "shape":
        return Sequence("tuple", None, Python("int"))
    if returns == "pair":
        return Sequence(
            "tuple", [Tensor(None, None, first.dtype if first else None), Tensor(None, None, "int64")]
        )
    if returns == "tuple":
        # a record of results, each with a shape and a dtype of its own
        return Sequence("tuple", None, Tensor(None, None, None, PLAIN))
    if returns == "list":
        return Sequence("list", None, Tensor(rule.rank, None, first.dtype if first else None))
    if (
        rule.torch == "torch.Tensor.item"
        and first is not None
        and (first.dtype or "").startswith(("int", "uint"))
    ):
        return Python(
            "int", None, Dim.symbol(f"size{id(site.node)}")
        )  # a size like others, where it is used as one
    if returns in ("python", "bool_python"):
        return Python("object")
    if returns == "unknown":
        return UNKNOWN
    return Tensor(rule.rank, None, rule.dtype or (first.dtype if first is not None else None), PLAIN)
