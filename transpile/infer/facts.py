"""What an expression can be known to be."""

from __future__ import annotations

from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

from transpile.infer.dims import Dim
from transpile.infer.layout import PLAIN, Layout, Open, Pair, settle

if TYPE_CHECKING:
    from transpile.infer.definitions import ClassInfo, FunctionInfo

__all__ = [
    "AnyCallable",
    "Class",
    "Dict",
    "Fact",
    "Function",
    "Layer",
    "Partial",
    "Module",
    "Python",
    "Ref",
    "Self",
    "Sequence",
    "Spread",
    "Tensor",
    "UNKNOWN",
    "Var",
    "resolve",
]


class Fact:
    """Base of all facts; a bare Fact (UNKNOWN) says nothing."""

    __slots__ = ()

    def __repr__(self) -> str:
        return type(self).__name__


UNKNOWN = Fact()
NEVER = Fact()  # what a call returns that is still being analyzed: a recursion adds nothing of its own


class Tensor(Fact):
    """A tensor: rank and symbolic dims in torch's order, dtype as TensorFlow's name, layout in memory.

    Mutable on purpose: what a later use proves (a convolution takes rank 4) holds for every alias.
    """

    __slots__ = (
        "rank", "dims", "dtype", "layout", "source", "is_parameter", "lent", "lead", "peers", "like", "dtype_from",
        "proven", "arms", "cases"
    )  # fmt: skip

    def __init__(
        self,
        rank: int | None = None,
        dims: tuple[Dim | None, ...] | None = None,
        dtype: str | None = None,
        layout: Layout = PLAIN,
        source: Any = None,
        is_parameter: bool = False,
    ) -> None:
        self.rank = len(dims) if dims is not None else rank
        self.dims = dims
        self.dtype = dtype
        self.layout = layout
        self.source = source  # the plan of a permute whose layout its consumer may choose
        self.is_parameter = is_parameter  # a weight or buffer of a layer
        self.lead: Dim | None = None  # the size of the first axis, where the rank is not known
        self.peers: list[Tensor] = []  # what this is either of
        self.proven = False  # the body takes it for an image whatever callers bring
        self.cases: dict[str, tuple[int, int]] = (
            {}
        )  # a question → the rank where it is answered by yes, and by no
        self.arms: frozenset[int] = frozenset()  # of unknown rank: the known ones of what it is either of
        self.like: Tensor | None = None  # of unknown rank: the one that it has as many axes as
        self.lent = False  # of a parameter: callers have this rank, no use in the body asks for it
        self.dtype_from = (
            ""  # "callers" where all have this dtype, "others" where none has an integer's, "both"
        )

    def settled(self) -> Pair | Open:
        """The layout if decided. A tensor of rank two or less has only one."""
        if self.rank is not None and self.rank <= 2:
            return self.layout if isinstance(self.layout, tuple) else PLAIN
        return settle(self.layout)

    def settle_rank(self, rank: int) -> None:
        """Take the rank that a use asks for; whatever may stand in this place has it too."""
        self.rank = rank
        for peer in self.peers:
            if peer.rank is None:
                peer.settle_rank(rank)

    @property
    def mixed(self) -> bool:
        """Whether it is known to have different ranks on the ways that lead to it."""
        return len(self.arms) > 1

    def may_have(self, rank: int, in_an_arm: bool) -> bool:
        """Whether a use that asks for this rank says that it has it. What only one arm of a branch does, does not."""
        return self.arms <= {rank} if in_an_arm else not self.arms or rank in self.arms

    def prove_rank(self) -> None:
        """Count the rank as what the body asks for, here and of whatever may stand in this place."""
        if not self.proven:
            self.proven = True
            for peer in self.peers:
                if peer.rank == self.rank:
                    peer.prove_rank()

    def with_axes_of(self, other: Tensor) -> Tensor:
        """This one, which has as many axes as the other, however many those are."""
        self.like = None if self.rank is not None else other.like or other
        self.arms = other.arms if self.rank is None else frozenset()
        return self

    def ranks(self) -> set[int]:
        """The ranks that it has in one case or another, where these are all that it can have."""
        cases = self.cases or (self.like.cases if self.like is not None else {})
        return {rank for pair in cases.values() for rank in pair}

    def first(self) -> Dim | None:
        """The size of the first axis, which may be known though the rank is not."""
        return self.dims[0] if self.dims else self.lead

    def dim(self, axis: int) -> Dim | None:
        if self.dims is None:
            return None
        try:
            return self.dims[axis]
        except IndexError:
            return None

    def __repr__(self) -> str:
        return f"Tensor({self.dims if self.dims is not None else self.rank}, {self.dtype}, {self.settled()})"


class Python(Fact):
    """A plain Python value: type name, the constant if known, the symbolic size if it is an int."""

    __slots__ = ("type", "value", "dim", "of")

    def __init__(self, type_: str, value: Any = None, dim: Dim | None = None, of: Any = None) -> None:
        self.type = type_  # int float bool str none slice ellipsis dtype device shape-int object
        self.value = value
        self.dim = dim
        self.of = of

    def __repr__(self) -> str:
        return f"Python({self.type}, {self.value!r}, {self.dim})"


class Sequence(Fact):
    """A list, tuple or generator: its items where each is known, otherwise what any of them is.

    `shape_of` marks the shape of a tensor.
    """

    __slots__ = (
        "type",
        "items",
        "element",
        "shape_of",
        "tail_of",
        "ones_after",
        "places",
        "made_in",
        "content",
    )

    def __init__(
        self,
        type_: str,
        items: list[Fact] | None = None,
        element: Fact = UNKNOWN,
        shape_of: Fact | None = None,
    ) -> None:
        self.type = type_
        self.items = items
        self.element = element
        self.shape_of = shape_of
        self.made_in: Any = None  # of a list: the function, and the branches and loops in it
        self.content: Any = (
            None  # infer.contents.Group: items and groups of them in order, where not all are known
        )
        self.places: list[int | None] | None = None  # ids of the expressions that the items were written as
        self.ones_after: int | None = None  # `(n,) + (1,) * k`: as many items, and ones behind them
        self.tail_of: tuple[Fact, int] | None = None  # `x.shape[2:]`: the tensor, and where the slice begins

    def any(self) -> Fact:
        """A fact that holds for every item."""
        if self.items:
            from transpile.infer.join import join

            fact = self.items[0]
            for other in self.items[1:]:
                fact = join(fact, other, binding=False)
            return fact
        return self.element

    @recursive_repr()
    def __repr__(self) -> str:
        return f"{self.type}[{self.items if self.items is not None else self.element}]"


class Spread(Sequence):
    """What `*args` stands for in a call where nobody knows how many there are."""

    __slots__ = ()


class Dict(Fact):
    """A dict: what any of its values is, and those under names that are known to be there."""

    __slots__ = ("value", "entries", "empty", "written")

    def __init__(
        self, value: Fact = UNKNOWN, entries: dict[str, Fact] | None = None, empty: bool = False
    ) -> None:
        self.value = value
        self.entries = entries if entries is not None else {}
        self.empty = empty  # made with nothing in it, and nothing was stored yet
        self.written: frozenset[str] | None = None  # its names, where it is written out and has no others

    @recursive_repr()
    def __repr__(self) -> str:
        return f"Dict[{self.value}, {sorted(self.entries)}]"


class Ref(Fact):
    """Something outside the project by its qualified name: a module, function or class."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = canonical(name) if name.startswith("torch.nn.modules.") else name

    def __repr__(self) -> str:
        return f"Ref({self.name})"


class Module(Fact):
    """A module of the project, by its dotted name."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


def canonical(name: str) -> str:
    """torch.nn.modules.conv.Conv2d is torch.nn.Conv2d, as every class of that package is."""
    last = name.rpartition(".")[2]
    return f"torch.nn.{last}" if last[:1].isupper() else name


class Class(Fact):
    """A class of the project."""

    __slots__ = ("info",)

    def __init__(self, info: ClassInfo) -> None:
        self.info = info

    def __repr__(self) -> str:
        return f"Class({self.info.name})"


class Function(Fact):
    """A function of the project, bound to an instance where it is a method."""

    __slots__ = ("info", "bound")

    def __init__(self, info: FunctionInfo, bound: Fact | None = None) -> None:
        self.info = info
        self.bound = bound

    def __repr__(self) -> str:
        return f"Function({self.info.qualname})"


class Partial(Fact):
    """A callable with some of its arguments given."""

    __slots__ = ("callee", "positional", "keywords", "node")

    def __init__(
        self, callee: Fact, positional: list[Any], keywords: dict[str, Any], node: Any = None
    ) -> None:
        self.callee = callee
        self.positional = positional  # (None, fact) each, as calls hand them over
        self.keywords = keywords
        self.node = node  # the call of functools.partial

    @recursive_repr()
    def __repr__(self) -> str:
        return f"Partial({self.callee!r}, {sorted(self.keywords)})"


class AnyCallable(Fact):
    """One of several classes or functions: which one depends on the caller."""

    __slots__ = ("choices",)

    def __init__(self, choices: list[Fact]) -> None:
        self.choices = choices

    @recursive_repr()
    def __repr__(self) -> str:
        return f"AnyCallable({self.choices})"


class Layer(Fact):
    """An instance of a layer: of a torch class (qualified name) or of a class of the project.

    A container (Sequential, ModuleList, ModuleDict) has `members`.
    """

    __slots__ = ("name", "info", "members", "arguments", "site")

    def __init__(
        self,
        name: str,
        info: ClassInfo | None = None,
        members: Sequence | None = None,
        arguments: dict[str, Fact] | None = None,
    ) -> None:
        self.name = name
        self.info = info
        self.members = members
        self.arguments = arguments or {}
        self.site: int | None = None  # id of the call that constructs it

    def __repr__(self) -> str:
        return f"Layer({self.name})"


class Self(Layer):
    """The instance inside a method of a class of the project."""

    __slots__ = ()


class Var(Fact):
    """A parameter, or the result of an unknown call, whose kind its uses decide."""

    __slots__ = ("name", "bound", "element", "tensorlike", "origin", "dim")

    def __init__(self, name: str, tensorlike: bool = False) -> None:
        self.name = name
        self.bound: Fact | None = None
        self.element: Var | None = None
        self.tensorlike = tensorlike  # parameter of a forward: an ambiguous tensor method decides it
        self.dim: Dim | None = None  # the symbolic size, if it is an int
        self.origin: Var | None = None  # `x` where this is `x.mean()`: a tensor if the result is one

    @recursive_repr()
    def __repr__(self) -> str:
        return f"Var({self.name}={self.bound})"


def resolve(fact: Fact) -> Fact:
    """What a variable is bound to, as far as it is."""
    while type(fact) is Var and fact.bound is not None:  # the commonest question of all
        fact = fact.bound
    return fact
