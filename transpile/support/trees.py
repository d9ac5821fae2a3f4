"""Trees of tuples, lists and dicts: torch.utils._pytree, which keeps the order of a dict and takes None for a leaf."""

import collections

TREE_SEQUENCES = tuple, list, collections.deque
TREE_MAPPINGS = dict, collections.OrderedDict, collections.defaultdict


def tree_node_type(tree):
    """What a tree is built up again as; None for a leaf, such as an object of a class derived from list."""
    kind = type(tree)
    if isinstance(tree, tuple) and hasattr(kind, "_fields"):
        return kind
    for known in (*TREE_SEQUENCES, *TREE_MAPPINGS):
        # Keras puts a list of its own in the place of one that becomes an attribute of a layer.
        if kind is known or (
            issubclass(kind, known) and kind.__module__.startswith(("keras.", "tensorflow."))
        ):
            return known
    return None


class TreeSpec:
    """The structure of a tree; `type` is None for a leaf, `context` holds what the children do not tell."""

    def __init__(self, type, context, children_specs):
        self.type, self.context, self.children_specs = type, context, list(children_specs)
        self.num_children = len(self.children_specs)
        self.num_leaves = 1 if type is None else sum(child.num_leaves for child in self.children_specs)
        self.num_nodes = 1 + sum(child.num_nodes for child in self.children_specs)

    def __eq__(self, other):
        if not isinstance(other, TreeSpec):
            return NotImplemented
        mine, theirs = ((spec.type, spec.context, spec.children_specs) for spec in (self, other))
        return mine == theirs

    def __hash__(self):
        return hash((self.type, self.num_leaves, self.num_nodes))

    def __repr__(self):
        return (
            "*"
            if self.type is None
            else f"TreeSpec({self.type.__name__}, {self.context}, {self.children_specs})"
        )

    def is_leaf(self):
        return self.type is None

    def children(self):
        return list(self.children_specs)

    def child(self, index):
        return self.children_specs[index]

    def unflatten(self, leaves):
        """The tree of this structure with these leaves."""
        leaves = list(leaves)
        if len(leaves) != self.num_leaves:
            raise ValueError(f"{len(leaves)} leaves do not fill a tree of {self.num_leaves}: {self}")
        if self.type is None:
            return leaves[0]
        children, start = [], 0
        for spec in self.children_specs:
            children.append(spec.unflatten(leaves[start : start + spec.num_leaves]))
            start += spec.num_leaves
        if self.type in TREE_MAPPINGS:
            factory, keys = self.context
            pairs = zip(keys, children, strict=True)
            return self.type(factory, pairs) if self.type is collections.defaultdict else self.type(pairs)
        if self.type is collections.deque:
            return self.type(children, maxlen=self.context)
        return self.type(children) if self.type in TREE_SEQUENCES else self.type(*children)

    def flatten_up_to(self, tree):
        """The parts of a tree that stand where this structure has its leaves."""
        if self.type is None:
            return [tree]
        kind = tree_node_type(tree)
        both_dicts = kind in TREE_MAPPINGS and self.type in TREE_MAPPINGS
        if not both_dicts and kind is not self.type:
            raise ValueError(f"Node type mismatch; expected {self.type!r}, but got {kind!r}.")
        if len(tree) != self.num_children or (both_dicts and set(tree) != set(self.context[1])):
            raise ValueError(f"a node does not have the children of {self}")
        parts = [tree[key] for key in self.context[1]] if both_dicts else tree
        pairs = zip(self.children_specs, parts, strict=True)
        return [leaf for spec, part in pairs for leaf in spec.flatten_up_to(part)]


def tree_is_leaf(tree, is_leaf=None):
    """torch.utils._pytree.tree_is_leaf."""
    return (is_leaf is not None and bool(is_leaf(tree))) or tree_node_type(tree) is None


def tree_flatten(tree, is_leaf=None):
    """torch.utils._pytree.tree_flatten: the leaves, and the structure that unflattens them."""
    if tree_is_leaf(tree, is_leaf):
        return [tree], TreeSpec(None, None, [])
    kind, context = tree_node_type(tree), None
    if kind in TREE_MAPPINGS:
        context = getattr(tree, "default_factory", None), list(tree)
    elif kind is collections.deque:
        context = tree.maxlen
    flat = [tree_flatten(part, is_leaf) for part in (tree.values() if kind in TREE_MAPPINGS else tree)]
    spec = TreeSpec(kind, context, [spec for _, spec in flat])
    return [leaf for leaves, _ in flat for leaf in leaves], spec


def tree_unflatten(leaves, treespec):
    """torch.utils._pytree.tree_unflatten."""
    return treespec.unflatten(leaves)


def tree_leaves(tree, is_leaf=None):
    """torch.utils._pytree.tree_leaves."""
    return tree_flatten(tree, is_leaf)[0]


def tree_structure(tree, is_leaf=None):
    """torch.utils._pytree.tree_structure."""
    return tree_flatten(tree, is_leaf)[1]


def tree_map(func, tree, *rests, is_leaf=None):
    """torch.utils._pytree.tree_map: the tree with each leaf replaced; `rests` have its structure at least."""
    leaves, spec = tree_flatten(tree, is_leaf)
    return spec.unflatten(map(func, leaves, *(spec.flatten_up_to(rest) for rest in rests)))


def tree_map_(func, tree, *rests, is_leaf=None):
    """torch.utils._pytree.tree_map_: calls the function on each leaf and gives the tree back as it was."""
    tree_map(func, tree, *rests, is_leaf=is_leaf)
    return tree


def tree_map_only(type_or_types_or_pred, func, tree, is_leaf=None):
    """torch.utils._pytree.tree_map_only: replaces the leaves of some types, or that a function picks."""
    pred = type_or_types_or_pred
    if isinstance(pred, (type, tuple)) or not callable(pred):
        return tree_map(lambda leaf: func(leaf) if isinstance(leaf, pred) else leaf, tree, is_leaf=is_leaf)
    return tree_map(lambda leaf: func(leaf) if pred(leaf) else leaf, tree, is_leaf=is_leaf)


def tree_all(pred, tree, is_leaf=None):
    """torch.utils._pytree.tree_all."""
    return all(map(pred, tree_leaves(tree, is_leaf)))


def tree_any(pred, tree, is_leaf=None):
    """torch.utils._pytree.tree_any."""
    return any(map(pred, tree_leaves(tree, is_leaf)))
