"""STA010: a change in place that another name of the same memory would show."""

from __future__ import annotations

import libcst as cst

from transpile.diagnostics import Severity
from transpile.hazards.codes import risk
from transpile.hazards.scene import Scene, check, text
from transpile.hazards.sharing import Memory, Part, key_of, region_of
from transpile.infer.facts import Dict, Layer, Sequence, Tensor, Var, resolve
from transpile.rewrite.stores import changes_operand, operand_of
from transpile.source.walk import children

OLD = risk(
    "STA010",
    Severity.WARNING,
    "a change in place is not seen under another name",
    """
In torch a second name, a view (`x[0]`, `x.view(-1)`, `x.chunk(2)`) and a list that holds the tensor all change with it.
TensorFlow has no views and no changes in place: the output binds the name that is changed to a new tensor, and the
others keep the old value. Here one of them is read afterwards.

Change the tensor itself, under the name that is read, or compute a new one where torch should not change it.
""",
    before="""
    class Shifted(nn.Module):
        def forward(self, x):
            x = F.relu(x)
            first = x[:, 0]
            first.add_(1)
            return x
    """,
    after="""
    class Shifted(nn.Module):
        def forward(self, x):
            x = F.relu(x)
            x[:, 0] += 1
            return x
    """,
)
HELP = "Change the tensor under the name that is read, or make a new one (`y = y + 1`) if torch should not change it."
VIEWS = frozenset(
    {
        "view", "view_as", "reshape", "reshape_as", "permute", "transpose", "t", "swapaxes", "swapdims", "movedim",
        "moveaxis", "squeeze", "unsqueeze", "flatten", "unflatten", "narrow", "select", "chunk", "split",
        "tensor_split", "unbind", "expand", "expand_as", "detach", "contiguous", "diagonal", "ravel",
    }
)  # fmt: skip
VIEW_ATTRIBUTES = frozenset({"T", "mT", "H", "mH", "data", "real", "imag"})
# what says nothing of a tensor's values
FORMS = frozenset(
    {
        "shape", "dtype", "device", "ndim", "is_cuda", "requires_grad", "size", "dim", "numel", "stride", "new_zeros",
        "new_ones", "new_empty", "new_full", "type_as", "zeros_like", "ones_like", "empty_like", "full_like",
        "rand_like", "randn_like",
    }
)  # fmt: skip
PARTS = frozenset({"chunk", "split", "tensor_split", "unbind"})
NONE: frozenset[Part] = frozenset()


@check(cst.IndentedBlock)
def changed(scene: Scene, node: cst.IndentedBlock) -> None:
    """y = x; y.add_(1); return x"""
    if node is not scene.info.node.body:
        return
    said: set[tuple[int, str]] = set()

    def say(change: cst.CSTNode, name: str, other: str) -> None:
        if (id(change), other) not in said:
            said.add((id(change), other))
            shares = "" if other == name else ", which shares its memory,"
            message = (
                f"`{name}` is changed in place, and `{other}`{shares} is read behind it with its old value"
            )
            scene.say(OLD, change, message, HELP)

    _Walk(scene, Memory(say)).block(node)


class _Walk:
    """One way through a function, statement by statement."""

    def __init__(self, scene: Scene, memory: Memory) -> None:
        self.scene = scene
        self.memory = memory

    # --- statements ------------------------------------------------------------------------------------------

    def block(self, node: cst.BaseSuite) -> bool:
        """Run the statements of a suite; whether nothing goes on behind it."""
        for line in node.body:
            for part in line.body if isinstance(line, cst.SimpleStatementLine) else (line,):
                if self.statement(part):
                    return True
        return False

    def statement(self, node: cst.CSTNode) -> bool:
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            return False
        if isinstance(node, cst.Assign):
            parts = self.held(node.value)
            for target in node.targets:
                self.bind(target.target, parts, node, node.value)
        elif isinstance(node, cst.AnnAssign):
            if node.value is not None:
                self.bind(node.target, self.held(node.value), node, node.value)
        elif isinstance(node, cst.AugAssign):
            self.value(node.value)
            base = _base(node.target)
            parts = self.value(node.target)
            if self.is_tensor(node.target):
                self.memory.change(node, parts, text(node.target), key_of(base))
        elif isinstance(node, cst.Expr):
            self.expression_statement(node)
        elif isinstance(node, cst.If):
            return self.branch(node)
        elif isinstance(node, (cst.For, cst.While)):
            self.loop(node)
        elif isinstance(node, (cst.Return, cst.Raise, cst.Continue, cst.Break)):
            for child in children(node):
                self.value(child)
            return isinstance(node, (cst.Return, cst.Raise))
        elif isinstance(node, cst.With):
            for item in node.items:
                self.value(item.item)
            return self.block(node.body)
        elif isinstance(node, (cst.Try, cst.TryStar)):
            self.block(node.body)
            for handler in node.handlers:
                self.block(handler.body)
            for rest in (node.orelse, node.finalbody):
                if rest is not None:
                    self.block(rest.body)
        else:
            for child in children(node):
                self.value(child)
        return False

    def branch(self, node: cst.If) -> bool:
        self.value(node.test)
        arms, ends = [], []
        for suite in (node.body, node.orelse):
            arm = _Walk(self.scene, self.memory.copy())
            if isinstance(suite, cst.If):
                end = arm.branch(suite)
            else:
                body = suite.body if isinstance(suite, cst.Else) else suite
                end = body is not None and arm.block(body)
            arms.append(arm.memory)
            ends.append(end)
        left = [memory for memory, end in zip(arms, ends, strict=True) if not end]
        if left:
            self.memory.join(left)
        return not left

    def loop(self, node: cst.For | cst.While) -> None:
        """The body twice: what its end changes, its beginning may read."""
        before = self.memory.copy()
        parts = self.value(node.iter if isinstance(node, cst.For) else node.test)
        for _ in range(2):
            if isinstance(node, cst.For):
                self.bind(node.target, parts, None, node.iter if isinstance(node.iter, cst.Call) else None)
            self.block(node.body)
        self.memory.join([before, self.memory.copy()])
        if node.orelse is not None:
            self.block(node.orelse.body)

    def expression_statement(self, node: cst.Expr) -> None:
        """`x.add_(1)`: the output binds x anew; a change of what has no name is STA001's."""
        call = node.value
        if not isinstance(call, cst.Call) or not changes_operand(self.scene.context, call):
            self.value(call)
            return
        calls, target = [call], operand_of(self.scene.context, call)
        while isinstance(target, cst.Call) and changes_operand(self.scene.context, target):
            calls.append(target)
            target = operand_of(self.scene.context, target)
        for inner in reversed(calls):
            for arg in inner.args:
                if arg.value is not target:
                    self.value(arg.value)
        if target is None or (isinstance(target, cst.Subscript) and not self.is_tensor(target.value)):
            return
        parts = self.value(target)
        kept = key_of(_base(target))
        if kept is not None and not self.is_variable(target):
            self.memory.change(node, parts, text(target), kept)

    # --- expressions -----------------------------------------------------------------------------------------

    def held(self, node: cst.BaseExpression) -> frozenset[Part]:
        """What a value shares with names, where it is a tensor or holds some: `y = rate; y += x` makes a new one."""
        parts = self.value(node)
        fact = resolve(self.scene.run.fact(node))
        return parts if self.is_tensor(node) or isinstance(fact, (Sequence, Dict)) else NONE

    def value(self, node: cst.CSTNode) -> frozenset[Part]:
        """Evaluate an expression: the memory that its value may share with names; none where it is new."""
        if isinstance(node, cst.Name):
            return self.memory.read(node.value)
        if isinstance(node, cst.Attribute):
            return self.attribute(node)
        if isinstance(node, cst.Subscript):
            return self.item(node)
        if isinstance(node, cst.Call):
            return self.call(node)
        if isinstance(node, cst.NamedExpr):
            parts = self.held(node.value)
            self.bind(node.target, parts, None, node.value)
            return parts
        if isinstance(node, cst.IfExp):
            self.value(node.test)
            arms = [_Walk(self.scene, self.memory.copy()) for _ in range(2)]
            parts = arms[0].value(node.body) | arms[1].value(node.orelse)
            self.memory.join([arm.memory for arm in arms])
            return parts
        if isinstance(node, (cst.Lambda, cst.FunctionDef)):
            return NONE
        if isinstance(node, cst.BinaryOperation):
            self.value(node.left)
            self.value(node.right)
            if key_of(node.left) is not None:
                self.value(node.left)  # it is added when what stands behind it has run
            return NONE
        found = NONE
        is_container = isinstance(
            node, (cst.Tuple, cst.List, cst.Dict, cst.Element, cst.DictElement, cst.Set)
        )
        for child in children(node):
            parts = self.value(child)
            found |= parts if is_container else NONE
        return found

    def attribute(self, node: cst.Attribute) -> frozenset[Part]:
        if node.attr.value in FORMS:
            return NONE
        if node.attr.value in VIEW_ATTRIBUTES and self.is_tensor(node.value):
            return self.value(node.value)
        key = key_of(node)
        if key is not None:
            return self.memory.read(key)
        self.value(node.value)
        return NONE

    def item(self, node: cst.Subscript) -> frozenset[Part]:
        for element in node.slice:
            self.value(element)
        parts = self.value(node.value)
        fact = resolve(self.scene.run.fact(node.value))
        if isinstance(fact, (Sequence, Dict)):
            return parts
        kinds = [
            resolve(self.scene.run.fact(e.slice.value)) for e in node.slice if isinstance(e.slice, cst.Index)
        ]
        if any(isinstance(kind, (Tensor, Sequence)) for kind in kinds):
            return NONE  # index tensors, masks and lists of numbers pick copies
        region = region_of(node)
        return frozenset((piece, own or region) for piece, own in parts)

    def call(self, node: cst.Call) -> frozenset[Part]:
        name = (
            node.func.attr.value
            if isinstance(node.func, cst.Attribute)
            else node.func.value if isinstance(node.func, cst.Name) else ""
        )
        if name in FORMS:
            return NONE
        receiver = self.value(node.func.value) if isinstance(node.func, cst.Attribute) else NONE
        given = [self.value(arg.value) for arg in node.args]
        context = self.scene.context
        if changes_operand(context, node):
            target = operand_of(context, node)
            parts = (
                receiver if isinstance(node.func, cst.Attribute) and target is node.func.value else given[0]
            )
            if target is not None and not self.is_variable(target):
                self.memory.change(node, parts, text(target), None)
            return parts
        callee = resolve(self.scene.run.fact(node.func))
        if isinstance(callee, Layer) and given and _changes_input(callee):
            self.memory.change(node, given[0], text(node.args[0].value), None)
            return given[0]
        if isinstance(callee, Layer) and callee.name == "torch.nn.Identity" and given:
            return given[0]
        if name in VIEWS:
            is_method = isinstance(node.func, cst.Attribute) and self.is_tensor(node.func.value)
            return receiver if is_method else given[0] if given else NONE
        if name in ("append", "insert", "extend") and isinstance(node.func, cst.Attribute):
            key = key_of(node.func.value)
            if key is not None:
                self.memory.shared[key] = receiver.union(*given)
        elif name in ("list", "tuple", "reversed", "enumerate", "zip"):
            return NONE.union(*given)
        return NONE

    # --- names -----------------------------------------------------------------------------------------------

    def bind(
        self,
        target: cst.CSTNode,
        parts: frozenset[Part],
        node: cst.CSTNode | None,
        value: cst.BaseExpression | None,
    ) -> None:
        if isinstance(target, (cst.Tuple, cst.List)):
            values = value.elements if isinstance(value, (cst.Tuple, cst.List)) else ()
            for place, element in enumerate(target.elements):
                own = parts
                if isinstance(value, cst.Call) and text(value.func) == "enumerate" and place == 0:
                    own = NONE
                elif len(values) == len(target.elements):
                    own = self.held(values[place].value)
                elif isinstance(value, cst.Call) and _name(value) in PARTS:
                    own = frozenset((n, region or ((id(value), place),)) for n, region in parts)
                self.bind(element.value, own, node, None)
        elif isinstance(target, cst.Subscript):
            for index in target.slice:
                self.value(index)
            base = key_of(_base(target))
            if isinstance(resolve(self.scene.run.fact(target.value)), (Sequence, Dict)):
                if base is not None:
                    self.memory.shared[base] = self.memory.shared.get(base, NONE) | parts
            elif (
                node is not None
                and base is not None
                and self.is_tensor(target.value)
                and not self.is_variable(target.value)
            ):
                self.memory.change(node, self.item(target), text(target), base)
        elif isinstance(target, (cst.Name, cst.Attribute)):
            key = key_of(target)
            if key is not None:
                self.memory.bind(key, parts)

    def is_tensor(self, node: cst.BaseExpression) -> bool:
        fact = resolve(self.scene.run.fact(node))
        return isinstance(fact, Tensor) or (isinstance(fact, Var) and fact.tensorlike)

    def is_variable(self, node: cst.BaseExpression) -> bool:
        """Whether this is a weight or a buffer: the output assigns to it, so that every name shows the change."""
        fact = resolve(self.scene.run.fact(node))
        return isinstance(fact, Tensor) and fact.is_parameter


def _changes_input(layer: Layer) -> bool:
    """nn.ReLU(inplace=True), and a Sequential that begins with one."""
    if layer.members is not None and layer.name == "torch.nn.Sequential":
        first = resolve(layer.members.items[0]) if layer.members.items else None
        return isinstance(first, Layer) and _changes_input(first)
    given = resolve(layer.arguments["inplace"]) if "inplace" in layer.arguments else None
    return layer.info is None and getattr(given, "value", None) is True


def _base(node: cst.BaseExpression) -> cst.BaseExpression:
    """`x` of `x[0]`, `x[0][1]` and `x.data`."""
    while isinstance(node, cst.Subscript) or (isinstance(node, cst.Attribute) and node.attr.value == "data"):
        node = node.value
    return node


def _name(call: cst.Call) -> str:
    return call.func.attr.value if isinstance(call.func, cst.Attribute) else ""
