"""Which expressions of a function are sizes that may be unknown when a call is traced.

Under an open signature (tf.function, SavedModel, TFLite) batch, length, height and width are None, and the
translation's sizes become scalar tensors; channels, and everything that a layer or a number fixes, stay ints.
Where the facts do not say which of the two a size is, it is taken for an int: a hazard that is not there is
worse than one that the tracer will name itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import libcst as cst

from transpile.infer.definitions import FunctionInfo
from transpile.infer.dims import Dim
from transpile.infer.facts import UNKNOWN, Fact, Python, Ref, Self, Sequence, Tensor, Var, resolve
from transpile.infer.layout import IMAGE
from transpile.infer.plans import Plan
from transpile.infer.run import Run
from transpile.source.walk import children

__all__ = ["ITEM", "MADE_FOR_SIZES", "Flow", "reached", "visit"]

IDENTITY = (cst.Is, cst.IsNot, cst.In, cst.NotIn)
# How inference names the size of an axis: `%NODE.AXIS`, `FUNCTION.PARAMETER.AXIS`, also inside `(aAddb)`.
SYMBOL = re.compile(r"(%\d+|[A-Za-z_][\w.<>:]*)\.(\d+)(?![\d.])")
PASSING = frozenset({"abs", "sum"})  # builtins that hand a scalar tensor on
ITEM = "torch.Tensor.item"
# Functions of Python that ask for a number: of an open size the output computes them with tensors.
MADE_FOR_SIZES = frozenset({"int", "round", "float", "max", "min", "math.sqrt", "math.ceil", "math.floor"})


class Flow:
    """The names of one function that hold open sizes, and those that hold a layer's own tensors."""

    def __init__(
        self, run: Run, origins: dict[str, bool], info: FunctionInfo | None = None, *, wide: bool = False
    ) -> None:
        self.run = run
        self.wide = (
            wide  # whether axis 1 of what is no image, which may hold heads or channels, may be open too
        )
        self.origins = origins  # symbol → whether its axis may be open; shared by the functions of a module
        self.sizes: set[str] = set()
        self.own: set[str] = set()
        # the parameters that nothing was assigned to yet → the sizes that callers give them, by place in a tuple
        self.given: dict[str, dict[int | None, set[Dim]]] = dict(info.sizes) if info is not None else {}

    # --- questions -------------------------------------------------------------------------------------------

    def is_open(self, node: cst.BaseExpression) -> bool:
        """Whether a number is computed from a size that may be unknown."""
        if isinstance(node, cst.Name):
            return node.value in self.sizes or (
                None in self.given.get(node.value, ()) and self._given(node.value, None)
            )
        if isinstance(node, cst.Subscript):
            return self._item(node)
        if isinstance(node, cst.Call):
            return self._call(node)
        if isinstance(node, cst.BinaryOperation):
            fact = self.run.fact(node)
            if isinstance(fact, (Tensor, Sequence)) or (isinstance(fact, Python) and fact.value is not None):
                return False
            return self.is_open(node.left) or self.is_open(node.right)
        if isinstance(node, cst.UnaryOperation):
            return not isinstance(node.operator, cst.Not) and self.is_open(node.expression)
        if isinstance(node, cst.Comparison):
            sides = (node.left, *(target.comparator for target in node.comparisons))
            identity = any(isinstance(target.operator, IDENTITY) for target in node.comparisons)
            return (
                not identity and not isinstance(self.run.fact(node), Tensor) and any(map(self.is_open, sides))
            )
        if isinstance(node, cst.BooleanOperation):
            return self.is_open(node.left) or self.is_open(node.right)
        if isinstance(node, cst.IfExp):
            return self.is_open(node.body) or self.is_open(node.orelse)
        if isinstance(node, cst.NamedExpr):
            return self.is_open(node.value)
        if isinstance(node, (cst.Tuple, cst.List)):
            return any(self.is_open(element.value) for element in node.elements)
        return False

    def is_shape(self, node: cst.BaseExpression) -> bool:
        """x.shape, x.size() and slices of them: comparing two of them compares static shapes."""
        plan = self.run.plans.get(id(node))
        return plan is not None and (
            plan.op in ("shape", "open_shape", "shape_slice")
            or (plan.op == "size" and not plan.bound.get("dim"))
        )

    def shape_is_open(self, node: cst.BaseExpression) -> bool:
        """Whether a whole shape, or a slice of one, holds a size that may be unknown."""
        tensor, places = self._sizes_of(node)
        return tensor is not None and any(self.axis_is_open(tensor, place) for place in places)

    def is_own(self, node: cst.BaseExpression) -> bool:
        """Whether a tensor belongs to the layer (`self.weight`, `self.grid[i]`), so that its sizes are fixed."""
        while isinstance(node, (cst.Attribute, cst.Subscript)):
            node = node.value
        return isinstance(node, cst.Name) and (
            node.value in self.own or isinstance(self.run.fact(node), Self)
        )

    def axis_is_open(self, tensor: Tensor, axis: int) -> bool:
        """Whether the size of an axis of an input, or of what is computed from one, may be unknown."""
        if tensor.is_parameter:
            return False
        if (
            tensor.rank is None
        ):  # little is known of it: it may even be an array that only looks like a tensor
            return axis == 0 and (self.wide or tensor.dtype is not None)
        if not -tensor.rank <= axis < tensor.rank:
            return False
        axis %= tensor.rank
        dim = tensor.dim(axis)
        if dim is None:
            return self._place_is_open(tensor, axis)
        if len(dim.factors) == 1 and dim.factors[0][0].startswith("%"):
            name = dim.factors[0][0]
            if name not in self.origins and name.endswith(f".{axis}"):
                self.origins[name] = self._place_is_open(tensor, axis)
        made = [name for name, _ in dim.factors if name.startswith("%") and name not in self.origins]
        if len(dim.factors) > 1 and len(made) == len(dim.factors):
            return self._place_is_open(tensor, axis)  # h·w of a map that nobody has asked for its sizes
        return self._dim_is_open(dim)

    def _one_is_open(self, tensor: Tensor, axis: int | None) -> bool:
        """Whether the size of an axis may be unknown; None is an axis that is only known at run time."""
        if axis is not None:
            return self.axis_is_open(tensor, axis)
        return self.wide and any(self.axis_is_open(tensor, place) for place in range(tensor.rank or 1))

    # --- statements ------------------------------------------------------------------------------------------

    def assign(self, node: Any) -> None:
        """Learn what the targets of an assignment hold now."""
        if node.value is None:
            return
        if isinstance(node, cst.AugAssign):
            if isinstance(node.target, cst.Name) and self.is_open(node.value):
                self.sizes.add(node.target.value)
            return
        targets = [t.target for t in node.targets] if isinstance(node, cst.Assign) else [node.target]
        for target in targets:
            self._bind(target, node.value)

    def forget(self, target: cst.CSTNode) -> None:
        """A target that gets something else."""
        if isinstance(target, cst.Name):
            self.sizes.discard(target.value)
            self.own.discard(target.value)
            self.given.pop(target.value, None)
        elif isinstance(target, (cst.Tuple, cst.List)):
            for element in target.elements:
                self.forget(element.value)

    def _bind(self, target: cst.CSTNode, value: cst.BaseExpression) -> None:
        if isinstance(target, cst.Name):
            opened = not isinstance(value, (cst.Tuple, cst.List)) and self.is_open(value)
            own = isinstance(value, (cst.Name, cst.Attribute, cst.Subscript)) and self.is_own(value)
            self.forget(target)
            if opened:
                self.sizes.add(target.value)
            if own:
                self.own.add(target.value)
        elif isinstance(target, (cst.Tuple, cst.List)):
            self._unpack(target, value)

    def _unpack(self, target: cst.Tuple | cst.List, value: cst.BaseExpression) -> None:
        elements = [element.value for element in target.elements]
        starred = [i for i, e in enumerate(target.elements) if isinstance(e, cst.StarredElement)]
        opened = self._each(value)
        self.forget(target)
        if opened is None or len(starred) > 1:
            return
        if starred:  # `*_, h, w = x.shape`
            behind = len(elements) - starred[0] - 1
            if len(opened) < len(elements) - 1:
                return
            opened = [*opened[: starred[0]], False, *opened[len(opened) - behind :]]
        for element, is_open in zip(elements, opened, strict=False):
            if is_open and isinstance(element, cst.Name) and len(opened) == len(elements):
                self.sizes.add(element.value)

    def _each(self, value: cst.BaseExpression) -> list[bool] | None:
        """Which of the values that are unpacked are open; None where they cannot be told apart."""
        if isinstance(value, (cst.Tuple, cst.List)):
            found: list[bool] = []
            for element in value.elements:
                if isinstance(element, cst.StarredElement):
                    inner = self._each(element.value)
                    if inner is None:
                        return None
                    found += inner
                else:
                    found.append(self.is_open(element.value))
            return found
        if isinstance(value, cst.Name) and value.value in self.given:
            listed = self.run.fact(value)
            if isinstance(listed, Sequence) and listed.items is not None:
                return [self._given(value.value, place) for place in range(len(listed.items))]
        tensor, places = self._sizes_of(value)
        return [self.axis_is_open(tensor, place) for place in places] if tensor is not None else None

    # --- sizes -----------------------------------------------------------------------------------------------

    def _sizes_of(self, value: cst.BaseExpression) -> tuple[Tensor | None, list[int]]:
        """The tensor and the axes whose sizes an expression lists; no tensor where it lists none."""
        tensor = _tensor(self.run.plans.get(id(value)))
        if tensor is None or not self.is_shape(value) or self.is_own(_base(value)):
            return None, []
        return tensor, self._places(value, tensor)

    def _places(self, value: cst.BaseExpression, tensor: Tensor) -> list[int]:
        if not isinstance(value, cst.Subscript):
            return list(range(tensor.rank)) if tensor.rank is not None else [0]
        part = value.slice[0].slice
        if tensor.rank is None or not isinstance(part, cst.Slice) or part.step is not None:
            return []
        bounds = [self._number(bound) if bound is not None else None for bound in (part.lower, part.upper)]
        if any(
            bound is not None and number is None
            for bound, number in zip((part.lower, part.upper), bounds, strict=True)
        ):
            return []
        return list(range(tensor.rank))[bounds[0] : bounds[1]]

    def _number(self, node: cst.BaseExpression) -> int | None:
        fact = self.run.fact(node)
        return fact.value if isinstance(fact, Python) and isinstance(fact.value, int) else None

    def _item(self, node: cst.Subscript) -> bool:
        plan = self.run.plans.get(id(node))
        fact = self.run.fact(node)
        if isinstance(node.value, cst.Name) and node.value.value in self.sizes:
            return True  # a list of which an item was given an open size
        if isinstance(node.value, cst.Name) and node.value.value in self.given:
            part = node.slice[0].slice
            return self._given(
                node.value.value, self._number(part.value) if isinstance(part, cst.Index) else None
            )
        if not self.wide and self._first_of_an_input(node):
            return True
        if plan is not None and plan.op == "shape_item":
            tensor, axis = _tensor(plan), plan.data["dim"]
            if tensor is None or self.is_own(_base(node.value)):
                return False
            return self._one_is_open(tensor, axis if isinstance(axis, int) else None)
        if isinstance(fact, Python) and fact.type == "int" and fact.value is None and fact.dim is not None:
            return self._dim_is_open(fact.dim)
        return False

    def _first_of_an_input(self, node: cst.Subscript) -> bool:
        """`image.shape[0]` of something of which nothing else is known, in a list that a call was given."""
        shape, part = node.value, node.slice[0].slice
        if (
            not isinstance(shape, cst.Attribute)
            or shape.attr.value != "shape"
            or not isinstance(part, cst.Index)
        ):
            return False
        owner = self.run.fact(shape.value)
        unknown = owner is UNKNOWN or (isinstance(owner, Var) and owner.tensorlike)
        return unknown and self._number(part.value) == 0 and not self.is_own(shape.value)

    def _given(self, name: str, place: int | None) -> bool:
        """Whether callers give a parameter an open size; of a tuple at this place, or anywhere if that is not known."""
        sizes = self.given.get(name, {})
        dims = (
            sizes.get(place, set())
            if place is not None
            else {dim for found in sizes.values() for dim in found}
        )
        return any(map(self._dim_is_open, dims))

    def _call(self, node: cst.Call) -> bool:
        plan = self.run.plans.get(id(node))
        tensor = _tensor(plan)
        if plan is not None and plan.op == "size":
            asked = plan.bound.get("dim")
            if tensor is None or not asked or not isinstance(node.func, cst.Attribute):
                return False
            return not self.is_own(node.func.value) and self._one_is_open(tensor, self._number(asked[0]))
        if plan is not None and plan.op == "tensor_len":
            return tensor is not None and not self.is_own(node.args[0].value) and self.axis_is_open(tensor, 0)
        if plan is not None and plan.rule is not None and plan.rule.torch.endswith(".numel"):
            counted = self.run.fact(node.func.value) if isinstance(node.func, cst.Attribute) else None
            if not isinstance(node.func, cst.Attribute) or not isinstance(counted, Tensor):
                return False
            return not self.is_own(node.func.value) and self.axis_is_open(counted, 0)
        if plan is not None and (
            plan.op == "python_scalar" or (plan.rule is not None and plan.rule.torch == ITEM)
        ):
            return True  # the value of a tensor
        callee = self.run.fact(node.func)
        if isinstance(callee, Ref) and callee.name.removeprefix("builtins.") in PASSING | MADE_FOR_SIZES:
            return any(self.is_open(arg.value) for arg in node.args)
        return False  # range(), bool() … are hazards themselves, and what they return is a number

    def _dim_is_open(self, dim: Dim) -> bool:
        return any(
            self._symbol_is_open(owner, int(axis))
            for name, _ in dim.factors
            for owner, axis in SYMBOL.findall(name)
        ) or any(self._parameter_is_open(name) for name, _ in dim.factors)

    def _parameter_is_open(self, name: str) -> bool:
        """Whether a symbol is a number that a function's callers give it, and one of them gives an open size."""
        key = f"parameter {name}"
        known = self.origins.get(key)
        if known is None:
            self.origins[key] = False  # recursion says nothing new
            known = any(
                self._dim_is_open(dim)
                for info in self.run.module.functions
                for parameter, sizes in info.sizes.items()
                if name == f"{info.key}.{parameter}"
                for dims in sizes.values()
                for dim in dims
            )
            self.origins[key] = known
        return known

    def _symbol_is_open(self, owner: str, axis: int) -> bool:
        name = f"{owner}.{axis}"
        known = self.origins.get(name)
        if known is None:
            if owner.startswith("%"):
                return False
            known = False
            for info in self.run.module.functions:
                parameter = owner.removeprefix(info.key + ".")
                fact = (
                    resolve(info.facts[parameter]) if parameter in info.facts and parameter != owner else None
                )
                if isinstance(fact, Tensor) and fact.rank is not None:
                    known = self._place_is_open(fact, axis)
            self.origins[name] = known
        return known

    def _place_is_open(self, tensor: Tensor, axis: int) -> bool:
        """By place alone: channels are fixed, batch and space are not."""
        rank = tensor.rank
        if rank is None or rank <= 2 or axis == 0:
            return axis == 0
        if self.run.layout(tensor) == IMAGE or (not self.run.channels_last and rank >= 4):
            return axis != 1
        return axis != rank - 1 and (rank == 3 or axis != 1 or self.wide)


def _tensor(plan: Plan | None) -> Tensor | None:
    """The tensor whose sizes a planned expression gives."""
    fact = plan.data.get("tensor") if plan is not None else None
    fact = resolve(fact) if isinstance(fact, Fact) else None
    return fact if isinstance(fact, Tensor) else None


def _base(node: cst.BaseExpression) -> cst.BaseExpression:
    """The tensor in `x.shape`, `x.size()`, `x.shape[2:]`; a name that holds a shape is its own base."""
    while True:
        if isinstance(node, cst.Subscript):
            node = node.value
        elif isinstance(node, cst.Attribute) and node.attr.value == "shape":
            return node.value
        elif (
            isinstance(node, cst.Call)
            and isinstance(node.func, cst.Attribute)
            and node.func.attr.value == "size"
        ):
            return node.func.value
        else:
            return node


def reached(run: Run) -> list[FunctionInfo]:
    """The forwards of modules and what they call, in any file, themselves or through others; constructors excepted."""
    if run.reached is None:  # asked for every module, of all functions of the project
        functions = run.all_functions()
        todo = [
            f
            for f in functions
            if f.name in ("forward", "__call__") and f.owner is not None and f.owner.is_module
        ]
        callees: dict[int, list[FunctionInfo]] = {}
        for info in functions:
            for caller in info.dependents:
                callees.setdefault(id(caller.home), []).append(info)
        run.reached = set()
        while todo:
            info = todo.pop()
            if id(info) not in run.reached and info.name != "__init__":
                run.reached.add(id(info))
                todo += callees.get(id(info), ())
    return [info for info in run.module.functions if id(info) in run.reached]


def visit(flow: Flow, node: cst.CSTNode, tell: Callable[[cst.CSTNode], None]) -> None:
    """Tell of every node of a function, in order, while the flow knows what the names hold there."""
    kind = type(node)
    if kind is cst.FunctionDef or kind is cst.ClassDef or kind is cst.Lambda:
        return
    tell(node)
    if isinstance(node, (cst.For, cst.CompFor)):
        flow.forget(node.target)
    for child in children(node):
        visit(flow, child, tell)
    if kind is cst.Assign or kind is cst.AugAssign or kind is cst.AnnAssign or kind is cst.NamedExpr:
        flow.assign(node)
