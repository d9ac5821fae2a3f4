"""What all rewrites share during one pass: facts and plans, names in use, support definitions needed."""

from __future__ import annotations

import libcst as cst

from transpile.infer.definitions import ClassInfo
from transpile.infer.facts import Fact
from transpile.infer.plans import Plan
from transpile.infer.run import Run
from transpile.rewrite.support_names import MARK

__all__ = ["Context"]


class Context:
    """One pass over one module."""

    def __init__(self, run: Run, *, data_format: str, bound_names: set[str]) -> None:
        self.run = run
        self.data_format = data_format
        self.channels_last = data_format == "channels_last"
        self.bound_names = bound_names
        self.supports: dict[str, str] = {}  # support definition → its name in the output
        self.free_names: set[str] = set()  # names of imports of which no use stays
        self.uses: set[str] = set()  # top-level modules that the output needs: tf, np, math, contextlib
        self.functions: list[cst.FunctionDef] = []
        self.signature_training: set[int] = set()
        self.remarks: list[tuple[str, cst.CSTNode, str, str]] = []
        self.module_based: set[ClassInfo] = set()
        self.placeholders: list[str] = []  # statements that stand for imports which left
        self.namespaces: dict[str, str] = {}  # local name → the module of torch whose members strings name
        self.replaced: set[str] = set()  # imported names of which calls were replaced
        self.unsupported: list[str] = []  # support definitions that were asked for and do not exist
        self.kept: dict[int, list[str]] = {}  # a test of kept tensors → their texts (kept_tensors)
        self.open_sizes: dict[int, str] = (
            {}
        )  # calls and assertions given open sizes → their support definition
        self.promoted: set[int] = set()  # arithmetic of tensors with numbers that may be scalar tensors
        self.floated: dict[int, str] = {}  # arithmetic with floats → the side that is an open size, an int
        self.stepped: set[int] = set()  # subscripts of tensors with a slice whose step is an open size
        self.traced: set[int] = set()  # functions for AutoGraph, and the tests in them that it makes
        self.untraced: set[int] = set()  # functions that run while a graph is traced, and the tests in them
        self.refused: set[int] = set()  # tests of open sizes and values that lead to an error
        self.logic: dict[int, str] = {}  # the operations of logic in them → their support definition
        # ids of nodes that something further out rewrites or judges
        self.kept_shapes: set[int] = set()
        self.compared: set[int] = set()  # slices of shapes, compared with another shape in the same order
        self.masks: set[int] = set()  # comparisons that are given for a mask
        self.callees: set[int] = set()
        self.tested: set[int] = set()  # classes in an isinstance test
        self.inner_comments = False  # whether the source has comments inside expressions

    def fact(self, node: cst.CSTNode) -> Fact:
        return self.run.fact(node)

    def plan(self, node: cst.CSTNode) -> Plan | None:
        return self.run.plans.get(id(node))

    def support(self, name: str) -> str:
        """Ask for a support definition; the name that it has in this output."""
        known = self.supports.get(name)
        if known is None:
            known = name if name not in self.bound_names else f"{name}_"
            while known in self.bound_names:
                known += "_"
            if known in self.run.imported and known not in self.free_names:
                known += MARK  # the source's import may leave or stay: see there
            self.supports[name] = known
        return known

    def makes(self, statement: cst.If | cst.While | cst.IfExp | cst.Assert | cst.CompIf) -> bool:
        """Whether the output can make the test of a statement in a graph."""
        test = statement.test
        if id(test) in self.refused:
            whole = id(test) in self.logic or not isinstance(test, (cst.BooleanOperation, cst.UnaryOperation))
            return whole or id(test) in self.traced
        return id(statement) in self.traced

    def say(self, code: str, node: cst.CSTNode, message: str, help_: str = "") -> None:
        self.remarks.append((code, node, message, help_))

    def needs(self, *modules: str) -> None:
        self.uses.update(modules)

    def is_own_parameter(self, node: cst.BaseExpression) -> bool:
        """Whether a name is a parameter of the function that it stands in."""
        if not isinstance(node, cst.Name) or not self.functions:
            return False
        given = self.functions[-1].params
        return any(p.name.value == node.value for p in (*given.params, *given.kwonly_params))
