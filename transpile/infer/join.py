"""Where control flow meets: a fact that holds whichever way was taken."""

from __future__ import annotations

from transpile.infer.dims import Dim
from transpile.infer.dtypes import dtype_of, is_dtype
from transpile.infer.facts import (
    NEVER,
    UNKNOWN,
    AnyCallable,
    Class,
    Dict,
    Fact,
    Function,
    Layer,
    Partial,
    Python,
    Ref,
    Self,
    Sequence,
    Tensor,
    Var,
    resolve,
)
from transpile.infer.layout import BY_RANK, IMAGE, PLAIN, Layout, Open, normalize, settle

__all__ = ["choices_of", "differ_in_rank", "is_empty", "join", "link"]


def link(left: Layout, right: Layout) -> Layout | None:
    """Make two layouts agree; the common one, or None where they are decided differently."""
    left, right = settle(left), settle(right)
    if isinstance(left, Open):
        if isinstance(right, Open):
            if left is not right:
                left.absorb(right)
            return left
        left.settle(right)
        return right
    if isinstance(right, Open):
        right.settle(left)
        return left
    return left if left == right else None


def is_empty(fact: Fact) -> bool:
    """Whether this is a tensor of shape (0,)."""
    return isinstance(fact, Tensor) and fact.dims == (Dim(0),)


def _join_values(left: Python, right: Python) -> Python:
    """What covers two values of one type."""
    if left.value == right.value and left.dim == right.dim:
        return left
    return left if left.value is None and left.dim is None and left.of is None else Python(left.type)


def join(left: Fact, right: Fact, *, binding: bool = True) -> Fact:
    """The least fact that covers both; with `binding`, a variable beside a tensor is taken for one."""
    left, right = resolve(left), resolve(right)
    if left is right:
        return left
    if type(left) is Python and type(right) is Python and left.type == right.type != "dtype":
        return _join_values(left, right)  # first, since long lists of names are joined item by item
    if left is NEVER or right is NEVER:
        return right if left is NEVER else left
    for one, other in ((left, right), (right, left)):
        if is_empty(one) and isinstance(other, (Tensor, Var)):
            return other  # what torch.cat leaves out says nothing of what takes its place
    if (is_dtype(left) or is_dtype(right)) and all(is_dtype(f) or isinstance(f, Var) for f in (left, right)):
        known = dtype_of(left)
        return left if known is not None and known == dtype_of(right) else Python("dtype")
    if isinstance(left, Var) or isinstance(right, Var):
        var, other = (left, right) if isinstance(left, Var) else (right, left)
        if isinstance(other, Tensor) and isinstance(var, Var):
            if var.tensorlike and binding and var.element is None:
                var.bound = Tensor(other.rank, None, other.dtype, Open())
                return join(var.bound, other)
            either = Tensor(None, None, None, Open(), is_parameter=other.is_parameter)
            return either if binding and var.element is None else UNKNOWN
        if isinstance(other, Python) and other.type == "none":
            return var
        if isinstance(other, (Class, Function, Partial, AnyCallable, Layer)) or (
            type(other) is Ref and other.name.startswith("torch.")
        ):
            return other  # `if norm is None: norm = nn.LayerNorm`: what callers give stands in its place
        if isinstance(other, (Dict, Sequence)) and binding and isinstance(var, Var) and var.element is None:
            return other  # `if isinstance(x, Tensor): x = {"0": x}`: from here on it is that kind
        return var if isinstance(other, Var) or other is UNKNOWN else UNKNOWN
    if isinstance(left, Tensor) and isinstance(right, Tensor):
        return _join_tensors(left, right)
    if binding and (
        (isinstance(left, Tensor) and right is UNKNOWN) or (isinstance(right, Tensor) and left is UNKNOWN)
    ):
        return Tensor(None, None, None, Open())
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Tensor) and isinstance(other, Python) and other.type in ("int", "float"):
            return _or_number(one)
        if isinstance(one, Python) and one.type == "none" and not isinstance(other, Python):
            return other  # optional values are used after a test
    if isinstance(left, Dict) and isinstance(right, Sequence) and right.type == "ordered":
        return join(left, Dict(right.any()))
    if isinstance(right, Dict) and isinstance(left, Sequence) and left.type == "ordered":
        return join(Dict(left.any()), right)
    if isinstance(left, Sequence) and isinstance(right, Sequence):
        type_ = left.type if left.type == right.type else "sequence"
        if left.items is not None and right.items is not None and len(left.items) == len(right.items):
            both = Sequence(type_, [join(a, b) for a, b in zip(left.items, right.items, strict=True)])
            both.places = left.places if left.places == right.places else None
            return both
        if left.items == []:
            return Sequence(type_, None, right.any())
        if right.items == []:
            return Sequence(type_, None, left.any())
        joined = Sequence(type_, None, join(left.any(), right.any()))
        if left.places == right.places and type(left.content) is type(right.content):
            joined.places, joined.content = right.places, right.content  # the same list, once more
        if left.ones_after is not None and right.ones_after is not None:
            joined.ones_after = max(left.ones_after, right.ones_after)
        return joined
    if isinstance(left, Layer) and isinstance(right, Layer):
        if left.name == right.name and left.info is right.info:
            if left.members is not None and right.members is not None and _apart(left, right):
                return AnyLayer([left, right])
            if left.members is not None and right.members is not None:
                members = join(left.members, right.members)
                same = Layer(left.name, left.info, members if isinstance(members, Sequence) else None)
                same.site = left.site
                return same
            return left if not isinstance(left, Self) else right
        return _common_layer(left, right)
    if isinstance(left, Python) and isinstance(right, Python):
        return _join_values(left, right) if left.type == right.type else Python("object")
    if isinstance(left, Ref) and isinstance(right, Ref) and left.name == right.name:
        return left
    if isinstance(left, Dict) and isinstance(right, Dict):
        if left.empty or right.empty:
            return right if left.empty else left
        shared = left.entries.keys() & right.entries.keys()
        entries = {name: join(left.entries[name], right.entries[name]) for name in sorted(shared)}
        result = Dict(join(left.value, right.value), entries)
        result.written = left.written if left.written == right.written else None
        return result
    if isinstance(left, CALLABLES) and isinstance(right, CALLABLES):
        return _common_callable(left, right)
    return UNKNOWN


CALLABLES = (AnyCallable, Class, Function, Partial, Ref)
CATALOGUE = 64  # more than this many choices are no choice of the model's author: names to pick any model by


def _common_callable(left: Fact, right: Fact) -> Fact:
    """Either of two classes or functions; one of a whole catalogue is not known."""
    flat: dict[object, Fact] = {}
    for one in (left, right):
        for choice in one.choices if isinstance(one, AnyCallable) else [one]:
            flat.setdefault(_callable_key(choice), choice)
    if len(flat) > CATALOGUE:
        return UNKNOWN
    return AnyCallable(list(flat.values())) if len(flat) > 1 else next(iter(flat.values()))


def _callable_key(fact: Fact) -> object:
    """Equal for two facts that are the same class or function."""
    return fact.info if isinstance(fact, (Class, Function)) else (type(fact), repr(fact))


def _apart(left: Layer, right: Layer) -> bool:
    """Whether these are Sequentials that are written in two places: each runs its own members in its own order."""
    ordered = left.name == "torch.nn.Sequential" and left.members is not None and right.members is not None
    return ordered and left.site is not None and right.site is not None and left.site != right.site


def _common_layer(left: Layer, right: Layer) -> Fact:
    """Either of two layers: what they do to a tensor is known only if both keep its shape and layout."""
    neutral = "torch.nn.Identity"
    if left.name == neutral:
        return right if right.info is None and right.members is None else AnyLayer([left, right])
    return AnyLayer([left, right])


class AnyLayer(Layer):
    """One of several layers."""

    __slots__ = ("choices",)
    choices: list[Layer]

    def __init__(self, choices: list[Layer]) -> None:
        super().__init__("torch.nn.Module")
        flat: list[Layer] = []
        alike: dict[tuple[str, int], list[Layer]] = {}
        for choice in choices:
            for layer in choice.choices if isinstance(choice, AnyLayer) else [choice]:
                known = alike.setdefault((layer.name, id(layer.info)), [])
                if not known or all(_apart(layer, other) for other in known):
                    known.append(layer)
                    flat.append(layer)
        self.choices = flat

    def __repr__(self) -> str:
        return f"AnyLayer({self.choices})"


def choices_of(fact: Fact) -> list[Layer]:
    """The layers that a fact may be, one by one; none where it is no layer."""
    if isinstance(fact, AnyLayer):
        return fact.choices
    return [fact] if isinstance(fact, Layer) else []


def _or_number(tensor: Tensor) -> Tensor:
    """A tensor, or the number that stands in its place: `nn.Parameter(…) if scale else 1`, a sum that begins with 0.

    Where the number may be meant to stay, no axis is counted on.
    """
    if tensor.rank is None or settle(tensor.layout) == PLAIN:
        return Tensor(None, None, None, tensor.layout, is_parameter=tensor.is_parameter)
    return Tensor(tensor.rank, None, None, tensor.layout)


def _larger_layout(left: Tensor, right: Tensor) -> Layout | None:
    """The layout of the other one, where one of two tensors has too few axes to have any but torch's."""
    for one, other in ((left, right), (right, left)):
        if one.rank is not None and one.rank <= 2 and (other.rank is None or other.rank > 2):
            return other.layout
    return None


def _join_tensors(left: Tensor, right: Tensor) -> Fact:
    rank = left.rank if left.rank == right.rank else None
    dims = None
    if rank is not None and left.dims is not None and right.dims is not None:
        dims = tuple(a if a == b else None for a, b in zip(left.dims, right.dims, strict=True))
    layout = _larger_layout(left, right)
    if layout is None and differ_in_rank(left, right):
        layout = BY_RANK
    if layout is None:
        layout = link(left.layout, right.layout)
    if layout is None:
        small = all(t.rank is not None and t.rank <= 2 for t in (left, right))
        conflict = Tensor(rank, dims, left.dtype if left.dtype == right.dtype else None, PLAIN)
        if not small:
            conflict.source = "conflict"
        conflict.lead = _lead(left, right, rank)
        conflict.like = _like(left, right, rank)
        conflict.arms = _arms(left, right) if rank is None else frozenset()
        return conflict
    joined = Tensor(
        rank, dims, left.dtype if left.dtype == right.dtype else None, layout,
        is_parameter=left.is_parameter or right.is_parameter,
    )  # fmt: skip
    joined.lead = _lead(left, right, rank)
    joined.like = _like(left, right, rank)
    joined.peers = [t for t in (left, right) if t.rank == rank]
    joined.arms = _arms(left, right) if rank is None else frozenset()
    return joined


def _arms(left: Tensor, right: Tensor) -> frozenset[int]:
    """The ranks that either of two tensors is known to have."""
    return left.arms | right.arms | {rank for rank in (left.rank, right.rank) if rank is not None}


def differ_in_rank(left: Tensor, right: Tensor) -> bool:
    """Whether one of two tensors is an image and the other, which has another rank, is in torch's order."""
    layouts = [settle(tensor.layout) for tensor in (left, right)]
    if left.rank == right.rank or not {IMAGE, BY_RANK} & {x for x in layouts if isinstance(x, tuple)}:
        return False
    return all(_is_by_rank(tensor) for tensor in (left, right))


def _is_by_rank(tensor: Tensor) -> bool:
    """Whether a tensor is an image if it has four axes, and in torch's order if it has another number."""
    layout = settle(tensor.layout)
    if tensor.rank is None or not isinstance(layout, tuple):
        return layout == BY_RANK
    return normalize(layout, tensor.rank) == normalize(BY_RANK, tensor.rank)


def _like(left: Tensor, right: Tensor, rank: int | None) -> Tensor | None:
    """The tensor that both have as many axes as."""
    alike = rank is None and left.rank is None and right.rank is None
    first, second = left.like or left, right.like or right
    return first if alike and first is second else None


def _lead(left: Tensor, right: Tensor, rank: int | None) -> Dim | None:
    return left.first() if rank is None and left.first() == right.first() else None
