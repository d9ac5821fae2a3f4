"""The state of one inference: facts by node, plans by node, conversions by node, open questions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import libcst as cst

from transpile.infer.definitions import ClassInfo, Env, FunctionInfo
from transpile.infer.dims import Dim
from transpile.infer.facts import UNKNOWN, Fact, Layer, Python, Tensor, Var, resolve
from transpile.infer.join import AnyLayer, join
from transpile.infer.layout import BY_RANK, IMAGE, PLAIN, Layout, Open, Pair, normalize, settle
from transpile.infer.modules import ModuleInfo, Modules
from transpile.infer.plans import Plan
from transpile.infer.sameness import as_it_stands, same

__all__ = ["Remark", "Run"]

STATES = 32  # what has been so many things becomes others without end: nothing is learnt from one more


class Remark:
    """Something to be said about a place; becomes a diagnostic."""

    __slots__ = ("code", "node", "message", "help")

    def __init__(self, code: str, node: cst.CSTNode, message: str, help_: str = "") -> None:
        self.code = code
        self.node = node
        self.message = message
        self.help = help_


class Run:
    """One inference over the modules of a project. Everything is keyed by the identity of tree nodes."""

    def __init__(self, rules: Any, modules: Modules, *, data_format: str) -> None:
        self.rules = rules
        self.modules = modules
        self.channels_last = data_format == "channels_last"
        self.exact_training = False  # whether what is written must train as torch does
        self.facts: dict[int, Fact] = {}
        self.plans: dict[int, Plan] = {}
        self.convert: dict[int, tuple[Tensor, Layout]] = {}
        self.inner: dict[int, tuple[Tensor, Layout]] = {}  # conversions that belong to the expression itself
        self.vars: dict[object, Var] = {}
        self.tensors: dict[object, Tensor] = {}
        self.demands: dict[int, Pair] = {}  # permute site → the layout its consumer wants
        self.pattern_layouts: dict[int, tuple[Pair, int]] = (
            {}
        )  # layer of einops → layout and rank of its operand
        self.asked: dict[int, tuple[Tensor, cst.CSTNode, ModuleInfo]] = {}
        self.defaulted: dict[int, str] = {}  # id of a root cell → why it was decided so
        self.class_of: dict[int, ClassInfo] = {}
        self.function_of: dict[int, FunctionInfo] = {}
        self.module = ModuleInfo("", "", cst.Module([]))  # the one that is under way
        self.env = Env()
        self.class_outside: Env | None = None  # in a class body: the scope around the class
        self.function: FunctionInfo | None = None
        self.returned: list[tuple[cst.BaseExpression | None, Fact]] = []
        self.exact = (
            False  # whether a body runs with the arguments of one call, and not with what all callers give
        )
        self.version = 0
        self.learnt: set[tuple[str, int, object]] = set()
        self.depth = 0
        self.training_users: set[FunctionInfo] = set()  # forwards that ask for self.training
        self.training_readers: set[ClassInfo] = set()  # classes of which another method does
        self.walked: set[ClassInfo] = (
            set()
        )  # classes whose instances are asked for their modules and parameters
        self.module_based: set[ClassInfo] | None = None  # classes that plain Keras layers cannot carry
        self.stand_ins: dict[int, cst.Name] = {}
        # attributes of a Sequential's constructor → the expression that was stored there last
        self.member_places: dict[tuple[ClassInfo, str], int] = {}
        # what add_module has put under a name into a container that is made at this place
        self.named_members: dict[tuple[int | None, str], Fact] = {}
        self.arm_ranks: dict[int, dict[str, int]] = (
            {}
        )  # arm of a branch → name → the rank that it alone asks for
        # a comprehension → the places of what it makes, one for each, and each → the expression that it is written as
        self.copies: dict[int, list[int]] = {}
        self.written_at: dict[int, int] = {}
        self.maps_or_sequences: dict[int, set[str]] = (
            {}
        )  # arm → names that are maps in one, sequences in another
        self.arranged: dict[int, tuple[Tensor, Pair]] = {}  # members that need their input in another layout
        self.either: set[int] = (
            set()
        )  # members of which the run tells whether they work on images (either.py)
        self.flattened: dict[int, cst.CSTNode] = {}  # what nn.Flatten is given, of unknown rank → where
        self.given_back: dict[int, tuple[Tensor, Pair]] = {}  # members whose result goes on in another layout
        self.definers: dict[str, list[ClassInfo]] = {}  # method name → the project's classes that define it
        self.any_order: set[int] = set()  # shapes of which only the rank or the first size is taken
        self.round = 0
        self.learning = True  # first rounds: what one caller does not know yet, a body or another may tell
        self.postponed = False  # and whether a question was left to later rounds
        self.within: list[tuple[str, int]] = []  # branches and loops around the statement that is under way
        self.opened: set[int] = set()  # construct sites of containers that somebody looks into
        self.subscripted: set[str] = set()  # attributes of unknown objects that are indexed
        self.attribute_of_site: dict[int, str] = {}
        self.channel_layers: dict[int, cst.Call] = {}  # constructs of layers along axis 1 (channel_layers.py)
        self.channel_uses: dict[int, dict[int, Any]] = (
            {}
        )  # construct site → place of a call → what it is given
        self.evidence: Any = (
            None  # transpile.infer.evidence.Evidence, where a run of the original was watched
        )
        self.reached: set[int] | None = None  # functions that a forward reaches, once inference is done
        # function → those that it calls outside training
        self.called_in_evaluation: dict[int, set[int]] = {}
        self.been: dict[object, list[Fact]] = {}  # what a place has been so far
        self.readers: dict[Open, set[FunctionInfo]] = {}  # layout → whose last run has found it open
        # places that store in this run of a body what they have stored before → what they had stored last
        self.returning: dict[tuple[ClassInfo, str, int], Fact | None] = {}
        # what a place has stored last, as it was then
        self.stored: dict[tuple[ClassInfo, str, int], Fact] = {}
        # one of several layers of the project, made at a place: the layout that it is given there (by_class.py)
        self.in_order: dict[int, Pair] = {}
        self.told_by_class: set[ClassInfo] = (
            set()
        )  # classes that say in which order they take and return a tensor
        # the id of the call that is under way, and how many calls it has made that stand nowhere
        self.calling, self.unwritten = 0, 0
        self.unstacked: set[int] = set()  # expressions of tensors that are iterated
        self.extended: set[int] = set()  # calls of functools.partial whose result is given to another one
        self.named: tuple[int, set[ClassInfo]] | None = None  # the classes that expressions are, in a round
        self.evaluated: list[str] = []  # layers of torch.nn that the project's data files name

    # --- modules ---------------------------------------------------------------------------------------------

    @property
    def imported(self) -> set[str]:
        """Names that imports bind, anywhere in the module."""
        return self.module.imported

    @property
    def bound(self) -> set[str]:
        """Names that the module's source binds itself."""
        return self.module.bound

    @property
    def closure(self) -> Env:
        """The scope that functions and classes defined here look names up in: not that of a class body."""
        return self.env if self.class_outside is None else self.class_outside

    def all_functions(self) -> list[FunctionInfo]:
        """The functions of every module that was read."""
        return [function for module in self.modules.loaded() for function in module.functions]

    @property
    def in_an_arm(self) -> bool:
        """Whether what is under way happens in one arm of a branch."""
        return any(kind == "arm" for kind, _ in self.within)

    # --- nodes -----------------------------------------------------------------------------------------------

    def fact(self, node: cst.CSTNode) -> Fact:
        """What is known of an expression that was evaluated."""
        return resolve(self.facts.get(id(node), UNKNOWN))

    def var(self, key: object, name: str, tensorlike: bool = False) -> Var:
        """The variable of a place, the same in every round."""
        found = self.vars.get(key)
        if found is None:
            found = self.vars[key] = Var(name, tensorlike)
        return found

    def scratch(self, key: int) -> cst.Name:
        """An expression that stands nowhere, the same in every round: what flows between members of a Sequential."""
        found = self.stand_ins.get(key)
        if found is None:
            found = self.stand_ins[key] = cst.Name("_")
        return found

    def unwritten_call(self) -> cst.Name:
        """A call that stands nowhere, of a member of a Sequential: its own one, and the same in every round."""
        self.unwritten += 1
        return self.scratch(hash((self.calling, "member", self.unwritten)))

    def look_into(self, layer: Layer) -> None:
        """Note that somebody looks into a container, whichever of several it is."""
        for one in layer.choices if isinstance(layer, AnyLayer) else [layer]:
            if one.site is not None:
                self.opened.add(one.site)

    def remark(self, code: str, node: cst.CSTNode, message: str, help_: str = "") -> None:
        self.module.remarks[(id(node), code)] = Remark(code, node, message, help_)
        if self.function is not None:
            self.function.remarked.add((id(node), code))

    # --- tensors ---------------------------------------------------------------------------------------------

    def as_tensor(
        self, fact: Fact, rank: int | None = None, node: cst.CSTNode | None = None
    ) -> Tensor | None:
        """The tensor that a fact is, binding a variable that may be one; None where it is something else.

        `node` is the place that asks for the rank, where each run of the body may make the tensor anew.
        """
        fact = resolve(fact)
        if isinstance(fact, Var):
            var = fact
            fact = var.bound = Tensor(rank, None, None, Open())
            self.version += 1
            if var.origin is not None:
                self.as_tensor(var.origin)
        if isinstance(fact, Python) and isinstance(fact.of, Var):  # `x * 2`: x was one, and so is that
            fact = self.as_tensor(fact.of) or UNKNOWN
        if isinstance(fact, Tensor):
            fact.lent = fact.lent and fact.rank != rank
            if rank is not None and fact.rank is None and fact.may_have(rank, self.in_an_arm):
                fact.settle_rank(rank)
                self.learn("rank", node, rank)
            return fact
        return None

    def dims(self, tensor: Tensor, node: cst.CSTNode) -> tuple[Dim | None, ...] | None:
        """The dims, naming unknown sizes once so that later uses can be compared."""
        if tensor.dims is None and tensor.rank is not None:
            tensor.dims = tuple(Dim.symbol(f"%{id(node)}.{axis}") for axis in range(tensor.rank))
        elif tensor.dims is not None and None in tensor.dims:
            tensor.dims = tuple(
                dim if dim is not None else Dim.symbol(f"%{id(node)}.{axis}")
                for axis, dim in enumerate(tensor.dims)
            )
        return tensor.dims

    def layout(self, tensor: Tensor) -> Layout:
        """The tensor's layout; in channels_first everything is plain."""
        if not self.channels_last:
            return PLAIN
        layout = settle(tensor.layout)
        if tensor.rank is not None:
            if tensor.rank <= 2 and not (isinstance(layout, tuple) and layout):
                return PLAIN
            if isinstance(layout, tuple):
                return normalize(layout, tensor.rank)
        if isinstance(layout, Open) and self.function is not None:
            self.readers.setdefault(layout, set()).add(self.function)
        return layout

    def met(self, fact: Fact) -> None:
        """Note what the function under way has met and does not know: it runs again when somebody has told."""
        if self.function is not None:
            fact = resolve(fact)
            if type(fact) is Var or (type(fact) is Tensor and fact.rank is None):
                self.function.found_open.append(fact)

    def learn(self, what: str, node: cst.CSTNode | None, value: object = None) -> None:
        """Count what a value has learnt: once for a place, since every run makes the values of a body anew."""
        key = (what, id(node), value)
        if node is None or key not in self.learnt:
            self.learnt.add(key)
            self.version += 1

    def is_new(self, place: object, fact: Fact) -> bool:
        """Whether a place has never been this before: what goes to and fro in every round teaches nothing."""
        before = self.been.setdefault(place, [])
        if len(before) >= STATES or any(same(fact, known, still_open=True) for known in before):
            return False
        before.append(as_it_stands(fact))
        return True

    def want(self, node: cst.CSTNode | None, tensor: Tensor, layout: Pair) -> bool:
        """Ask for an operand in a layout: decides an open one, converts another. False if it cannot be done."""
        if not self.channels_last:
            return True
        have = self.layout(tensor)
        if node is not None:
            self.convert.pop(id(node), None)
        if isinstance(have, Open):
            # what comes from outside is in torch's order or an image: other orders belong to one place
            odd = layout not in (PLAIN, IMAGE, BY_RANK) and not have.fresh
            have.settle(PLAIN if odd else layout)
            self.learn("want", node, layout)
            if not odd:
                return True
            have = PLAIN
        if have == layout:
            return True
        if tensor.rank is not None and normalize(layout, tensor.rank) == have:
            return True
        ranks = tensor.ranks() if tensor.rank is None and isinstance(have, tuple) else set()
        if ranks and all(normalize(layout, rank) == normalize(have, rank) for rank in ranks):
            return True
        if layout == IMAGE and self._takes_images(tensor):
            return True
        if tensor.rank is None and not {have, layout} <= {PLAIN, IMAGE, BY_RANK}:
            return False
        if tensor.rank is not None:
            self.demand(tensor, layout)
        if node is None:
            return False
        self.convert[id(node)] = (tensor, layout)
        return True

    def _takes_images(self, tensor: Tensor) -> bool:
        """Let a parameter be an image that is one to the body, whatever a caller has brought: that one converts."""
        function = self.function
        if (
            function is None
            or tensor.rank not in (4, 5)
            or any(known is tensor for known in function.brought)
        ):
            return False
        name = next((name for name, fact in function.facts.items() if resolve(fact) is tensor), None)
        if name is None or name in function.pins or name in function.hints:
            return False
        tensor.layout = IMAGE
        function.dirty = True
        self.version += 1
        return True

    def demand(self, tensor: Tensor, layout: Pair) -> None:
        """Tell the place that a tensor comes from, if it may choose the layout, which one its consumer wants."""
        if isinstance(tensor.source, Plan) and "demand" in tensor.source.data:
            key = tensor.source.data["demand"]
            if key not in self.demands:
                self.demands[key] = layout
                self.version += 1
                maker = tensor.source.data.get("maker")
                if isinstance(maker, FunctionInfo):
                    maker.dirty = True

    def ask(self, tensor: Tensor, node: cst.CSTNode) -> Layout:
        """The layout of an operand whose meaning depends on it; an open one is noted as a question."""
        layout = self.layout(tensor)
        if isinstance(layout, Open):
            layout.asked = True
            self.asked[id(node)] = (tensor, node, self.module)
        return layout

    def decide(self, by_layer: Callable[..., bool]) -> bool:
        """Answer the open questions by convention; says whether anything was decided.

        `by_layer` is asked where not even the rank is known.
        """
        changed = self._shown() if self.evidence is not None else False
        cells = {self.layout(tensor) for tensor, _, _ in self.asked.values() if tensor.rank is not None}
        for tensor, node, module in list(self.asked.values()):
            self.module = module
            layout = self.layout(tensor)
            if not isinstance(layout, Open):
                continue
            made_of = settle(layout.made_of) if layout.made_of is not None else None
            if made_of in cells or isinstance(made_of, tuple):
                changed = True  # what it is made of is answered: the next round says what it is itself
                continue
            if tensor.rank is None:
                changed = by_layer(self, tensor, node, layout) or changed
                continue
            image = tensor.rank == 4 or (tensor.rank == 5 and self.module.uses_volumes)
            layout.value = IMAGE if image else PLAIN
            if image and not layout.fresh:
                layout.where = node
                self.defaulted[id(layout)] = "rank"
                self.remark(
                    "LAY002", node,
                    f"nothing proves the layout of this tensor of rank {tensor.rank}; taken as an image with its "
                    "channels last",
                    "If it is not an image (attention scores have rank 4 too), say so in the function that takes it: "
                    "`# transpile: NAME is plain`.",
                )  # fmt: skip
            changed = True
        self.asked.clear()
        return changed

    def _shown(self) -> bool:
        """Answer the questions that a run of the original has settled."""
        changed = False
        for tensor, node, module in self.asked.values():
            layout = self.layout(tensor)
            seen = self.evidence.layout(module, node)
            if isinstance(layout, Open) and seen is not None:
                layout.value = seen
                changed = True
        return changed

    # --- classes ---------------------------------------------------------------------------------------------

    def store_attribute(self, info: ClassInfo, name: str, site: int, fact: Fact) -> None:
        sites = info.sites.setdefault(name, {})
        old = sites.get(site)
        if old is not None and same(old, fact):
            return
        sites[site] = fact
        merged: Fact | None = None
        for value in sites.values():
            merged = value if merged is None else join(merged, value)
        assert merged is not None
        info.attributes[name] = merged
        place = (info, name, site)
        before, self.stored[place] = self.stored.get(place), as_it_stands(fact)
        if not self.is_new(place, fact) and self.function is not None:
            # the two passes over a loop store two facts, in every round: what counts is what stays in the end
            self.returning.setdefault(place, before)
            return
        self.stored_anew(info)

    def stored_anew(self, info: ClassInfo) -> None:
        """Count that an attribute has become something else, and have those run again that ask for it."""
        self.version += 1
        for dependent in info.dependents:  # whichever call of whom has run the constructor
            dependent.dirty = dependent.dirty or dependent is not self.function

    def turns_out(self, what: str) -> None:
        """Note of the module under way what all its functions go by: they run again."""
        if not getattr(self.module, what):
            setattr(self.module, what, True)
            self.version += 1
            for function in self.module.functions:
                function.dirty = True

    def postpone(self) -> None:
        """Leave a question open: by a later round a body or another caller may have told."""
        self.postponed = True
        if self.function is not None:
            (self.function.written_in or self.function).postponed = True

    def progress(self) -> int:
        """A number that grows whenever something is learnt."""
        return self.version + Open.fills_settled

    def heirs(self, info: ClassInfo) -> list[ClassInfo]:
        """The project's classes that derive from this one."""
        return list(info.heirs)

    @property
    def told_where_made(self) -> set[int]:
        """The places that make a layer which is told there to convert what it is given or what it returns."""
        return self.arranged.keys() | self.given_back.keys() | self.in_order.keys() | self.either

    def own_class(self) -> ClassInfo | None:
        return self.function.owner if self.function is not None else None
