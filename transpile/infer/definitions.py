"""The project's own classes and functions as inference sees them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import libcst as cst

from transpile.infer.dims import Dim
from transpile.infer.facts import UNKNOWN, Class, Fact, Ref, Var
from transpile.infer.hints import hints_of
from transpile.infer.overwritten import overwritten
from transpile.infer.scopes import bound_names, own_nodes
from transpile.infer.type_comments import type_comments
from transpile.source.walk import descendants

if TYPE_CHECKING:
    from transpile.infer.modules import ModuleInfo

__all__ = ["ClassInfo", "Env", "FunctionInfo", "Parameter"]


class Env(dict[str, Fact]):
    """Names of one scope; a lookup goes on in the enclosing scope."""

    __slots__ = ("parent",)

    def __init__(self, parent: Env | None = None, names: dict[str, Fact] | None = None) -> None:
        super().__init__(names or {})
        self.parent = parent

    def find(self, name: str) -> Fact | None:
        env: Env | None = self
        while env is not None:
            fact = env.get(name)
            if fact is not None:
                return fact
            env = env.parent
        return None

    def binds_below(self, name: str, end: Env) -> bool:
        """Whether a scope from this one up to, not including, `end` binds a name: a comprehension's, a body's."""
        env: Env | None = self
        while env is not None and env is not end:
            if name in env:
                return True
            env = env.parent
        return False


class Parameter:
    """One parameter of a function."""

    __slots__ = ("name", "node", "default", "star", "keyword_only")

    def __init__(self, name: str, node: cst.Param, star: str = "", keyword_only: bool = False) -> None:
        self.name = name
        self.node = node
        self.default = node.default
        self.star = star  # "", "*" or "**"
        self.keyword_only = keyword_only


def parameters_of(node: cst.Parameters) -> list[Parameter]:
    result = [Parameter(p.name.value, p) for p in (*node.posonly_params, *node.params)]
    if isinstance(node.star_arg, cst.Param):
        result.append(Parameter(node.star_arg.name.value, node.star_arg, "*"))
    result += [Parameter(p.name.value, p, keyword_only=True) for p in node.kwonly_params]
    if node.star_kwarg is not None:
        result.append(Parameter(node.star_kwarg.name.value, node.star_kwarg, "**"))
    return result


class FunctionInfo:
    """A function, method or lambda: parameters with what is known of them, and what it returns."""

    def __init__(
        self,
        name: str,
        node: cst.FunctionDef | cst.Lambda,
        env: Env,
        owner: ClassInfo | None,
        qualname: str,
        module: ModuleInfo,
    ) -> None:
        self.name = name
        self.module = module
        # the function's own, in the names of its symbols
        self.key = f"{module.name}:{qualname}" if module.name else qualname
        self.node = node
        self.env = env
        self.owner = owner
        self.qualname = qualname
        self.parameters = parameters_of(node.params)
        # or static, class, property, context (the parts of an autograd.Function)
        self.kind = "method" if owner is not None else "function"
        self.decorators: list[Fact] = []
        self.facts: dict[str, Fact] = {}
        self.returns: Fact = UNKNOWN
        self.hints = hints_of(node)
        self.commented = type_comments(node) if isinstance(node, cst.FunctionDef) else {}
        self._bound: set[str] | None = None
        self.narrowed: dict[tuple[str, str], Var] = {}
        self.pins: dict[str, Any] = {}  # local name → layout that all its assignments agree on
        self.pinned_ranks: dict[str, set[int | None]] = {}  # and the ranks that branches left in two layouts
        # local names that were assigned what is in torch's order and of unknown rank: a pin does not convert it
        self.unranked: set[str] = set()
        self.unpacked: dict[str, Any] = (
            {}
        )  # local name → layout of what a tuple brought it, which nothing converts
        self.state = "new"  # new, running, done
        self.dirty = True
        self.dependents: set[FunctionInfo] = set()
        self.runs = 0
        self.run_again = (0, 0)  # the round, and how often calls have run the body again in it
        self.generator = False
        self.hands_on: bool | None = None  # whether it only hands its arguments on (contextual.py)
        self.constants: dict[str, set[int]] = {}  # the ints that callers give for a parameter
        # parameter → the sizes that callers give it; of a tuple or list, by its place
        self.sizes: dict[str, dict[int | None, set[Dim]]] = {}
        self.written_in: FunctionInfo | None = None  # of a lambda: the function whose run runs it
        self.asked: list[object] = []  # rank and layout of its parameters at the end of its last run
        self.found_open: list[Fact] = []  # variables and tensors of unknown rank that its last run has met
        self.postponed = False  # whether its last run has left a question to later rounds
        self.widened: list[Fact] = []  # parameters whose callers differ in rank
        self.by_rank: list[Fact] = []  # those of them that are images for some callers and plain for others
        self.on_last_axes = False  # whether the body works along torch's last axes: Linear, LayerNorm
        self.brought: list[Fact] = []  # parts of parameters in the layout that a caller cannot change
        self.remarked: set[tuple[int, str]] = set()  # what the last run of the body had to say
        self.assumed: set[str] = (
            set()
        )  # parameters that have their default's class, as no caller left them out

    @property
    def own_parameters(self) -> list[Parameter]:
        """The parameters without self, cls or the context of an autograd.Function."""
        first = self.kind in ("method", "class", "property", "context")
        return self.parameters[1:] if first else self.parameters

    @property
    def home(self) -> FunctionInfo:
        """The function whose run runs the body: of a lambda the one that it is written in, else itself."""
        return self if self.written_in is None else self.written_in.home

    @cached_property
    def own_nodes(self) -> list[cst.CSTNode]:
        """The nodes of the body that belong to no function or class inside it."""
        return list(own_nodes(self.node.body))

    @cached_property
    def overwritten(self) -> set[int]:
        """The assigned expressions whose name the same block assigns again before anything leaves it."""
        return overwritten(self.node.body, self.own_nodes)

    @cached_property
    def tested(self) -> set[str]:
        """The names that tests of the body ask for."""
        tests = [node.test for node in self.own_nodes if type(node) is cst.If or type(node) is cst.IfExp]
        return {name.value for test in tests for name in descendants(test) if type(name) is cst.Name}

    @cached_property
    def counts_axes(self) -> bool:
        """Whether the body asks how many axes something has: `x.ndim`, `x.dim()`, `len(x.shape)`."""
        return any(
            (type(node) is cst.Attribute and node.attr.value in ("ndim", "dim", "ndimension"))
            or (type(node) is cst.Call and isinstance(node.func, cst.Name) and node.func.value == "len")
            for node in self.own_nodes
        )

    @cached_property
    def rebound(self) -> set[str]:
        """The names that the body assigns to."""
        names = [
            n.target
            for n in own_nodes(self.node.body)
            if isinstance(n, (cst.AssignTarget, cst.AugAssign, cst.For))
        ]
        return {name.value for target in names for name in descendants(target) if isinstance(name, cst.Name)}

    @property
    def is_abstract(self) -> bool:
        """Whether the body does nothing: a text, `pass`, `...` or the raising of an error."""
        body = self.node.body
        if not isinstance(body, cst.IndentedBlock):
            return False
        small = [s for line in body.body if isinstance(line, cst.SimpleStatementLine) for s in line.body]
        texts = (cst.SimpleString, cst.ConcatenatedString, cst.Ellipsis)
        return all(isinstance(line, cst.SimpleStatementLine) for line in body.body) and all(
            isinstance(s, (cst.Pass, cst.Raise)) or (isinstance(s, cst.Expr) and isinstance(s.value, texts))
            for s in small
        )

    def binds(self, name: str) -> bool:
        """Whether the function binds this name itself, anywhere in its body."""
        if self._bound is None:
            self._bound = bound_names(self.node.body)
        return name in self._bound

    def __repr__(self) -> str:
        return f"FunctionInfo({self.qualname})"


class ClassInfo:
    """A class: bases, attributes with what is known of them, methods."""

    derived: ClassVar[int] = 0  # how often any class has been told its bases

    def __init__(self, name: str, node: cst.ClassDef, env: Env, qualname: str, module: ModuleInfo) -> None:
        self.name = name
        self.module = module
        self.node = node
        self.env = env
        self.qualname = qualname
        self.bases: list[Fact] = []
        self._line: list[ClassInfo] = [self]
        self._line_of = -1  # the definition of a class after which that was so
        self.attributes: dict[str, Fact] = {}
        self.sites: dict[str, dict[int, Fact]] = {}  # attribute → what each place stores in it
        self.heirs: dict[ClassInfo, None] = {}  # the project's classes that derive from this one, in order
        self.methods: dict[str, FunctionInfo] = {}
        self.dependents: set[FunctionInfo] = set()
        self.instantiated = False
        self.stores_outside_init: set[str] = set()

    def derive(self, bases: list[Fact]) -> None:
        """Say what the class derives from."""
        self.bases = bases
        ClassInfo.derived += 1

    def ancestors(self) -> list[ClassInfo]:
        """This class and its project bases, nearest first (depth first, no repeats)."""
        if self._line_of != ClassInfo.derived:  # asked for every attribute, and classes are defined once
            self._line, self._line_of = self._ancestors(), ClassInfo.derived
        return self._line

    def _ancestors(self) -> list[ClassInfo]:
        if not any(type(base) is Class for base in self.bases):
            return [self]  # most classes
        result: list[ClassInfo] = []
        todo: list[ClassInfo] = [self]
        while todo:
            info = todo.pop(0)
            if info in result:
                continue
            result.append(info)
            todo = [base.info for base in info.bases if isinstance(base, Class)] + todo
        return result

    def torch_bases(self) -> list[str]:
        """Qualified names of the foreign bases of the whole ancestry."""
        return [base.name for info in self.ancestors() for base in info.bases if isinstance(base, Ref)]

    @property
    def is_module(self) -> bool:
        """Whether instances are torch modules: by its bases, or, of a mixin, by those of its heirs."""
        return self.derives_module() or any(heir.derives_module() for heir in self.heirs)

    def derives_module(self) -> bool:
        """Whether a class of torch.nn is among the bases."""
        return any(name.startswith("torch.nn.") for name in self.torch_bases())

    @property
    def is_autograd(self) -> bool:
        """Whether this is a torch.autograd.Function."""
        return "torch.autograd.Function" in self.torch_bases()

    def find_method(self, name: str) -> FunctionInfo | None:
        for info in self.ancestors():
            if name in info.methods:
                return info.methods[name]
        return None

    def find_attribute(self, name: str) -> Fact | None:
        for info in self.ancestors():
            if name in info.attributes:
                return info.attributes[name]
        return None

    def __repr__(self) -> str:
        return f"ClassInfo({self.qualname})"
