"""Trees of tuples, lists and dicts: their leaves, and what is built up of leaves in the same way."""

from __future__ import annotations

from collections.abc import Iterator

from transpile.infer.apply import Operand, Site, hook
from transpile.infer.facts import UNKNOWN, Dict, Fact, Layer, Python, Ref, Sequence, Tensor, Var, resolve
from transpile.infer.join import join


def leaves_of(tree: Fact) -> list[Fact] | None:
    """The leaves one by one, where all of the structure is known."""
    fact = resolve(tree)
    if isinstance(fact, (Tensor, Python, Layer)):
        return [fact]
    if isinstance(fact, Sequence) and fact.items is not None:
        parts = [_of_an_item(item) for item in fact.items]
        return None if None in parts else [leaf for part in parts if part for leaf in part]
    return None


def _of_an_item(item: Fact) -> list[Fact] | None:
    """A parameter of a forward is a tensor where it stands among others; by itself it may be a tree as well."""
    fact = resolve(item)
    return [fact] if isinstance(fact, Var) and fact.tensorlike else leaves_of(fact)


def any_leaf(tree: Fact) -> Fact:
    """What every leaf is; unknown leaves are not taken for one another, since each may have a rank of its own."""
    fact = resolve(tree)
    if isinstance(fact, (Tensor, Python, Layer)):
        return fact
    parts: list[Fact] = []
    if isinstance(fact, Sequence):
        parts = fact.items if fact.items is not None else [fact.element]
    elif isinstance(fact, Dict):
        parts = [fact.value, *fact.entries.values()]
    result: Fact | None = None
    for part in parts:
        leaf = any_leaf(part)
        result = leaf if result is None else join(result, leaf, binding=False)
    return result if result is not None else UNKNOWN


def rebuilt(tree: Fact, leaves: Iterator[Fact]) -> Fact:
    """The tree with other leaves, where all of its structure is known."""
    fact = resolve(tree)
    if isinstance(fact, Sequence) and fact.items is not None:
        return Sequence(fact.type, [rebuilt(item, leaves) for item in fact.items])
    return next(leaves, UNKNOWN)


def _flat(site: Site) -> Sequence:
    if site.given("is_leaf"):
        return Sequence("list", None, UNKNOWN)
    tree = site.fact("tree")
    return Sequence("list", leaves_of(tree), any_leaf(tree))


@hook("tree_leaves")
def leaves(site: Site) -> Fact:
    return _flat(site)


@hook("tree_structure")
def structure(site: Site) -> Fact:
    return Python("tree", of=None if site.given("is_leaf") else site.fact("tree"))


@hook("tree_flatten")
def flattened(site: Site) -> Fact:
    return Sequence("tuple", [_flat(site), structure(site)])


@hook("tree_unflatten")
def unflattened(site: Site) -> Fact:
    spec, given = site.fact("treespec"), site.fact("leaves")
    if not isinstance(spec, Python) or spec.type != "tree" or not isinstance(spec.of, Fact):
        return UNKNOWN
    places = leaves_of(spec.of)
    if places is None or not isinstance(given, Sequence) or len(given.items or ()) != len(places):
        return UNKNOWN
    return rebuilt(spec.of, iter(given.items or ()))


@hook("tree_map")
def mapped(site: Site) -> Fact:
    """One call per leaf where the leaves are known apart, one for any leaf elsewhere."""
    function = site.values.get("func")
    rests = site.values.get("rests") or []
    tree = site.fact("tree")
    if function is None:
        return UNKNOWN
    known = None if site.given("is_leaf") or rests else leaves_of(tree)
    in_place = site.rule.torch.endswith("_")
    if known is None:
        leaf = UNKNOWN if site.given("is_leaf") else any_leaf(tree)
        if _picks_tensors(site) and not isinstance(resolve(leaf), Tensor):
            leaf = site.run.var(("tensor leaf", id(site.node)), "leaf")
            site.run.as_tensor(leaf)
        others = [any_leaf(fact) for _, fact in rests]
        result = _called(site, function[1], [leaf, *others], 0)
        fact = resolve(tree)
        if in_place:
            return tree
        if isinstance(fact, Sequence):
            return Sequence(fact.type, None, result)
        return Dict(result) if isinstance(fact, Dict) else UNKNOWN
    results = [
        (
            leaf
            if _picks_tensors(site) and not isinstance(leaf, Tensor)
            else _called(site, function[1], [leaf], i)
        )
        for i, leaf in enumerate(known)
    ]
    return tree if in_place else rebuilt(tree, iter(results))


def _picks_tensors(site: Site) -> bool:
    """Whether the function is called on tensors alone."""
    picked = site.fact("type_or_types_or_pred")
    return isinstance(picked, Ref) and picked.name in ("torch.Tensor", "torch.is_tensor")


@hook("tree_test")
def tested(site: Site) -> Fact:
    function = site.values.get("pred")
    if function is not None:
        leaf = UNKNOWN if site.given("is_leaf") else any_leaf(site.fact("tree"))
        _called(site, function[1], [leaf], 0)
    return Python("bool")


def _called(site: Site, function: Fact, leaves: list[Fact], number: int) -> Fact:
    from transpile.infer.higher_order import called  # which imports what imports this folder

    operands: list[Operand] = []
    for place, leaf in enumerate(leaves):
        operands.append((site.run.scratch(hash((id(site.node), number, place))), leaf))
    result = called(site.run, function, operands, {})
    for operand, _ in operands:
        if site.run.convert.pop(id(operand), None) is not None:
            site.run.remark(
                "LAY003", site.node, "a leaf of this tree is needed in another layout than it has"
            )
    return result
