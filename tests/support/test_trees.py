"""Trees against torch.utils._pytree: near misses first."""

import collections

import pytest
import tensorflow as tf
from torch.utils import _pytree

from transpile.support import trees

Point = collections.namedtuple("Point", "x y")


class Own(list):
    """What derives from list is a leaf in torch."""


TREES = [
    None,
    Own([1, 2]),
    (),
    {"b": 1, "a": 2},
    [1, (2, None), {"z": [], "c": (3,)}],
    Point(1, [Point(2, 3), 4]),
    collections.OrderedDict(b=1, a=[2, 3]),
    collections.defaultdict(list, {"b": 1, "a": (2,)}),
    collections.deque([1, [2, 3]], maxlen=5),
]


@pytest.mark.parametrize("tree", TREES, ids=str)
def test_flattened_and_built_again(tree):
    leaves, spec = trees.tree_flatten(tree)
    want, theirs = _pytree.tree_flatten(tree)
    assert leaves == want and spec.is_leaf() == theirs.is_leaf()
    assert all(getattr(spec, n) == getattr(theirs, n) for n in ("num_leaves", "num_nodes", "num_children"))
    again = trees.tree_unflatten(iter([[leaf] for leaf in leaves]), spec)
    assert again == _pytree.tree_unflatten([[leaf] for leaf in leaves], theirs)
    assert type(again) is type(_pytree.tree_unflatten([[leaf] for leaf in leaves], theirs))
    assert spec == trees.tree_structure(tree) and spec != trees.tree_structure([tree])
    assert getattr(again, "maxlen", None) == getattr(tree, "maxlen", None)


def test_wrong_counts_are_refused():
    spec = trees.tree_structure([1, 2])
    with pytest.raises(ValueError, match="3 leaves"):
        trees.tree_unflatten([1, 2, 3], spec)
    for other in ([1], (1, 2), 3):
        with pytest.raises(ValueError):
            trees.tree_map(max, [1, 2], other)
    with pytest.raises(ValueError):
        trees.tree_map(max, {"a": 1}, {"b": 1})


def test_several_trees_and_dicts_of_another_order():
    for module in (trees, _pytree):
        assert module.tree_map(lambda a, b: (a, b), [1, (2,)], [(3, 4), ([5],)]) == [(1, (3, 4)), ((2, [5]),)]
        mixed = module.tree_map(max, {"a": 1, "b": 8}, collections.OrderedDict(b=2, a=7))
        assert mixed == {"a": 7, "b": 8} and list(mixed) == ["a", "b"]


def test_leaves_that_a_function_names():
    def is_pair(node):
        return isinstance(node, tuple) and len(node) == 2

    for module in (trees, _pytree):
        assert module.tree_leaves([(1, 2), (1, 2, 3)], is_leaf=is_pair) == [(1, 2), 1, 2, 3]
        assert module.tree_map(len, [(1, 2), [(3, 4)]], is_leaf=is_pair) == [2, [2]]
        assert module.tree_is_leaf((1, 2), is_leaf=is_pair) and not module.tree_is_leaf((1,), is_leaf=is_pair)
        assert module.tree_map_only(int, lambda n: n + 1, [1, 2.0, ("s",)]) == [2, 2.0, ("s",)]
        assert module.tree_map_only((int, str), lambda n: n * 2, [1, 2.0, ("s",)]) == [2, 2.0, ("ss",)]
        assert module.tree_map_only(lambda n: n > 1, lambda n: 0, [1, 2.0]) == [1, 0]
        assert module.tree_all(bool, [1, (2,)]) and not module.tree_any(bool, [0, (None,)])
        seen = []
        tree = {"b": 1, "a": [2]}
        assert module.tree_map_(seen.append, tree) is tree and seen == [1, 2]


def test_a_list_that_keras_keeps_is_a_list():
    layer = tf.keras.layers.Layer()
    layer.kept = [1, {"b": 2, "a": (3,)}]
    assert type(layer.kept) is not list
    leaves, spec = trees.tree_flatten(layer.kept)
    assert leaves == [1, 2, 3] and type(spec.unflatten(leaves)) is list
