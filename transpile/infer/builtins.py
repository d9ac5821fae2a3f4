"""Python's own functions, as far as facts pass through them."""

from __future__ import annotations

from functools import reduce

import libcst as cst

from transpile.infer.apply import Operand
from transpile.infer.computed_names import any_attribute, pattern
from transpile.infer.containers import hold_attribute
from transpile.infer.dims import Dim
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
    resolve,
)
from transpile.infer.iteration import element_of, item, lengths
from transpile.infer.join import join
from transpile.infer.plans import Plan
from transpile.infer.run import Run

__all__ = ["call_builtin", "dict_of"]


def call_builtin(run: Run, node: cst.Call, name: str, positional: list[Operand]) -> Fact:
    facts = [resolve(fact) for _, fact in positional]
    first = facts[0] if facts else UNKNOWN
    if name in ("int", "round", "len", "ord", "hash", "id"):
        if isinstance(first, Tensor):
            run.plans[id(node)] = Plan(
                "python_scalar" if name != "len" else "tensor_len", name=name, tensor=first
            )
        if isinstance(first, Layer):
            run.look_into(first)
        if name == "len" and isinstance(first, Sequence) and first.items is not None:
            return Python("int", len(first.items), Dim(len(first.items)))
        if name == "len" and isinstance(first, Sequence) and first.shape_of is not None:
            return Python("int")
        dim = Dim.symbol(f"{'size' if isinstance(first, Tensor) else name}{id(node)}")
        if isinstance(first, Python) and first.type == "int" and name == "int":
            return first
        return Python("int", None, dim)
    if name in ("float", "bool", "str", "complex"):
        if isinstance(first, Tensor):
            run.plans[id(node)] = Plan("python_scalar", name=name, tensor=first)
        return Python(name)
    if name == "isinstance":
        run.plans[id(node)] = Plan("isinstance")
        return Python("bool")
    if name == "range":
        return Sequence("range", None, Python("int"))
    if name == "enumerate" and positional:
        counter = Python("int", None, Dim.symbol(f"enumerate{id(node)}"))
        return Sequence(
            "list", None, Sequence("tuple", [counter, element_of(run, first, node.args[0].value)])
        )
    if name == "zip":
        parts: list[Fact] = [
            element_of(run, fact, arg.value) for fact, arg in zip(facts, node.args, strict=False)
        ]
        count = lengths(facts)
        if count is not None:
            return Sequence(
                "list", [Sequence("tuple", [item(fact, i) for fact in facts]) for i in range(count)]
            )
        return Sequence("list", None, Sequence("tuple", parts))
    if name == "next" and positional:
        return element_of(run, first, node.args[0].value)
    if name == "filter" and len(facts) == 2:
        return Sequence("generator", None, element_of(run, facts[1], node.args[1].value))
    if name in ("list", "tuple", "sorted", "reversed", "set"):
        if isinstance(first, Sequence) and name in ("sorted", "reversed"):
            if first.items is None or name == "sorted":
                return Sequence("list", None, first.any())
            return Sequence("list", first.items[::-1], first.element)
        if isinstance(first, Sequence):
            return Sequence(name, first.items, first.element, first.shape_of)
        if isinstance(first, Layer):
            return Sequence(
                "list",
                first.members.items if first.members else None,
                element_of(run, first, node.args[0].value),
            )
        if not positional:
            return Sequence(name, [])
        return Sequence(
            name if name != "reversed" else "list", None, element_of(run, first, node.args[0].value)
        )
    if name == "dict":
        entries = {arg.keyword.value: run.fact(arg.value) for arg in node.args if arg.keyword}
        if len(facts) == 1:
            copied = dict_of(first)
            if len(node.args) > 1:  # dict(options, dtype=dtype)
                copied.entries |= entries
                copied.written = None
            return copied
        values = list(entries.values()) if len(entries) == len(node.args) else []
        result = Dict(reduce(join, values) if values else UNKNOWN, entries, empty=not node.args)
        result.written = frozenset(entries) if len(entries) == len(node.args) else None
        return result
    if name in ("sum", "max", "min"):
        if len(facts) == 1 and isinstance(first, Sequence):
            element = resolve(first.any())
            if isinstance(element, Tensor):
                run.plans[id(node)] = Plan("python_reduce", name=name)
                if element.rank is None:
                    return element  # what the sum turns out to be holds for its parts
                return Tensor(element.rank, element.dims, element.dtype, element.layout)
            if isinstance(element, Python):
                return Python(element.type)
        if any(isinstance(f, Tensor) for f in facts):
            run.plans[id(node)] = Plan("python_reduce", name=name)
            return Tensor(None, None, None)
        kinds = {fact.type if isinstance(fact, Python) else "object" for fact in facts}
        return Python(kinds.pop() if kinds in ({"int"}, {"float"}) else "object")
    if name == "abs" and isinstance(first, Tensor):
        return Tensor(first.rank, first.dims, first.dtype, first.layout)
    if name == "super":
        owner = run.own_class()
        run.plans[id(node)] = Plan("super")
        return SuperOf(owner.name, owner) if owner is not None else UNKNOWN
    if name in ("getattr", "hasattr") and len(facts) >= 2:
        probed = _probe(run, node, name, facts)
        if probed is not None:
            return probed
    if name == "getattr" and len(facts) >= 2:
        attribute = facts[1].value if isinstance(facts[1], Python) else None
        if isinstance(first, Ref) and first.name.split(".")[0] == "torch" and len(facts) == 2:
            run.plans[id(node)] = Plan("namespace", module=first.name)
            if isinstance(attribute, str):
                return Ref(f"{first.name}.{attribute}")
        if isinstance(first, Layer) and first.info is not None and isinstance(attribute, str):
            found = first.info.find_attribute(attribute)
            if found is not None:
                return found
        if isinstance(first, Layer) and attribute is None:
            found = any_attribute(run, first, node.args[1].value)
            if found is not None and found is not UNKNOWN:
                return join(found, facts[2]) if len(facts) > 2 else found
        return run.var(("call", id(node)), f"getattr{id(node)}")
    if name == "setattr" and len(facts) == 3 and isinstance(first, Layer) and first.info is not None:
        key = facts[1].value if isinstance(facts[1], Python) else None
        stored = key if isinstance(key, str) else pattern(node.args[1].value)
        if stored is not None:
            run.store_attribute(first.info, stored, id(node), facts[2])
        if isinstance(first, Self):
            hold_attribute(run, first, stored or "", facts[2], node.args[2].value)
        return Python("none")
    if name == "type" and len(facts) == 1:
        return Class(first.info) if isinstance(first, Layer) and first.info is not None else UNKNOWN
    if name in ("eval", "exec"):
        run.plans[id(node)] = Plan("eval")
        run.module.evaluates = True
        return run.var(("call", id(node)), f"eval{id(node)}")
    if name == "print":
        return Python("none")
    if name in ("any", "all", "hasattr", "callable", "issubclass"):
        if name in ("any", "all") and isinstance(first, Tensor):
            run.plans[id(node)] = Plan("python_reduce", name=name)
        if name == "issubclass":
            run.plans[id(node)] = Plan("isinstance")
        return Python("bool")
    return UNKNOWN


def dict_of(fact: Fact) -> Dict:
    """A dict made from another one, or from pairs."""
    if isinstance(fact, Dict):
        copied = Dict(fact.value, dict(fact.entries), fact.empty)
        copied.written = fact.written
        return copied
    pair = resolve(fact.any()) if isinstance(fact, Sequence) else UNKNOWN
    if isinstance(pair, Sequence) and pair.items is not None and len(pair.items) == 2:
        return Dict(pair.items[1])
    return Dict()


def _probe(run: Run, node: cst.Call, name: str, facts: list[Fact]) -> Fact | None:
    """hasattr(F, "silu"), getattr(torch, "compile", None): whether the name is there, asked of the translation."""
    owner, wanted = facts[0], facts[1]
    if not isinstance(owner, Ref) or owner.name.split(".")[0] != "torch" or not isinstance(wanted, Python):
        return None
    if not isinstance(wanted.value, str):
        return None
    probed = f"{owner.name}.{wanted.value}"
    rule = run.rules.by_name(probed)
    known = run.rules.is_namespace(probed) if rule is None else not rule.refuse
    if name == "hasattr":
        run.plans[id(node)] = Plan("probe", name=probed, known=known)
        return Python("bool", known)
    if known:
        run.plans[id(node)] = Plan("probe", rule, name=probed, known=True)
        return Ref(probed)
    if len(facts) == 3:
        run.plans[id(node)] = Plan("probe", name=probed, known=False)
        return facts[2]
    return None


class SuperOf(Layer):
    """What super() returns: the class's bases seen from an instance."""

    __slots__ = ()
