"""What the conditions of a rule's variants may ask of the arguments of a call."""

from __future__ import annotations

import ast
from typing import Any

import libcst as cst

from transpile.infer.apply import MISSING, constant
from transpile.infer.dtypes import dtype_of
from transpile.infer.facts import Fact, Python, Sequence, Tensor, resolve
from transpile.infer.ops.cast import is_device
from transpile.infer.plans import Plan
from transpile.infer.promotion import FLOATS
from transpile.rewrite.context import Context
from transpile.rulebook import MISSING as NO_CONSTANT

__all__ = ["RuleFacts"]


class RuleFacts:
    """What the conditions of a rule's variants may ask."""

    def __init__(
        self, plan: Plan, context: Context | None = None, left_out: frozenset[str] = frozenset()
    ) -> None:
        self.plan = plan
        self.context = context
        self.left_out = left_out  # arguments that are written and taken not to be

    def fact(self, name: str) -> Fact | None:
        value = self.plan.bound.get(name) if name not in self.left_out else None
        if value is None:
            return None
        if isinstance(value, list):
            if len(value) == 1:
                return resolve(value[0][1])
            return Sequence("tuple", [fact for _, fact in value])
        return resolve(value[1])

    def given(self, name: str) -> bool:
        fact = self.fact(name)
        return fact is not None and not (isinstance(fact, Python) and fact.type == "none")

    def constant(self, name: str) -> Any:
        fact = self.fact(name)
        if fact is not None:
            value = constant(fact)
            return NO_CONSTANT if value is MISSING else value
        text = self.plan.rule.defaults.get(name)
        if text is None:
            return NO_CONSTANT
        try:
            return ast.literal_eval(text)
        except (ValueError, SyntaxError):
            return NO_CONSTANT

    def is_tensor(self, name: str) -> bool:
        return isinstance(self.fact(name), Tensor)

    def is_int(self, name: str) -> bool:
        fact = self.fact(name)
        return isinstance(fact, Python) and fact.type == "int"

    def is_list(self, name: str) -> bool:
        return isinstance(self.fact(name), Sequence)

    def is_dtype(self, name: str) -> bool:
        fact = self.fact(name)
        return fact is not None and (
            dtype_of(fact) is not None or (isinstance(fact, Python) and fact.type == "dtype")
        )

    def is_device(self, name: str) -> bool:
        value = self.plan.bound.get(name)
        return value is None or (not isinstance(value, list) and is_device(value[0], resolve(value[1])))

    def rank(self, name: str) -> int | None:
        fact = self.fact(name)
        return fact.rank if isinstance(fact, Tensor) else None

    def ranked(self, name: str) -> bool:
        value = self.plan.bound.get(name)
        node, fact = value if value is not None and not isinstance(value, list) else (None, None)
        if isinstance(node, (cst.List, cst.Tuple)):
            listed = self.fact(name)
            known = (listed.items or []) if isinstance(listed, Sequence) else []
            ranks = [f.rank if isinstance(f := resolve(item), Tensor) else None for item in known]
            ranks += [None] * (len(node.elements) - len(ranks))
            return not any(
                rank is None and self._bare_parameter(e.value)
                for e, rank in zip(node.elements, ranks, strict=False)
            )
        rank = self.rank(name)
        return rank > 0 if rank is not None else fact is not None and not self._bare_parameter(node)

    def _bare_parameter(self, node: Any) -> bool:
        """Whether an operand is the parameter of a plain function, which alone may be given a scalar."""
        if self.context is None or not self.context.functions or not isinstance(node, cst.Name):
            return False
        parameters = self.context.functions[-1].params
        names = [p.name.value for p in (*parameters.params, *parameters.kwonly_params)]
        return node.value in names and "self" not in names

    def mixed(self, name: str) -> bool:
        """Whether tensors given as one parameter need promotion: a known dtype meets another, or an integer's
        meets one that is not known."""
        fact = self.fact(name)
        items = fact.items if isinstance(fact, Sequence) else None
        dtypes = {f.dtype if isinstance(f := resolve(item), Tensor) else None for item in items or []}
        known = dtypes - {None}
        return len(known) > 1 or (len(dtypes) > 1 and not known <= {*FLOATS})

    def dtype(self, name: str) -> str | None:
        fact = self.fact(name)
        return fact.dtype if isinstance(fact, Tensor) else None
