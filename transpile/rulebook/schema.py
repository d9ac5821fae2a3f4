"""The words that a rule table may use."""

from __future__ import annotations

import re

__all__ = ["EXAMPLE_KEYS", "EXAMPLE_SPEC", "KEYS", "KINDS", "LAYOUTS", "LAYOUT_HOOKS", "RETURNS"]

# Key → the types that its value may have.
KEYS: dict[str, type | tuple[type, ...]] = {
    "id": str,
    "torch": str,
    "aliases": list,
    "lookalikes": list,
    "method": str,
    "method_only": bool,
    "inplace": bool,
    "out": bool,
    "kind": str,
    "params": (list, str),
    "drop": list,
    "tf": str,
    "args": dict,
    "simple": list,
    "variants": list,
    "keras": list,
    "isinstance": str,
    "value": str,
    "refuse": str,
    "instead": str,
    "layout": str,
    "returns": str,
    "rank": int,
    "most_axes": int,
    "dtype": str,
    "fidelity": str,
    "why": str,
    "url": str,
    "examples": list,
}

KINDS = frozenset({"function", "constant", "attribute", "layer", "class", "plumbing"})

LAYOUTS = frozenset({"elementwise", "plain", "axis", "image", "any", "hook"})

# What a result is. "list" is a list of tensors like the first argument, "pair" values and int64 indices,
# "python" a Python value, "itself" the first argument whatever it is, "unknown" nothing that could be said.
_RETURNS = """
like broadcast bool reduce scalar tensor pair tuple list shape int none python itself unknown hook
"""
RETURNS = frozenset(_RETURNS.split())

# The operations whose layout is decided in Python (transpile.infer), by torch's name.
_HOOKS = """
tensor H T adjoint arange attention meshgrid cast cat chunk class_loss clone create detach distribution einsum expand
expand_as flatten flip index_select last_axes like linear mH mT matmul max min movedim narrow packed pad pad_packed
permute repeat repeat_interleave reshape roll same select size split split_with_sizes squeeze stack hstack vstack
dstack column_stack t tensor_or_size tensor_split to transpose tree_flatten tree_leaves tree_map tree_structure
tree_test tree_unflatten complex real type type_as unbind unflatten unique unsqueeze view where
"""
LAYOUT_HOOKS = frozenset(_HOOKS.split())

EXAMPLE_SPEC = re.compile(
    r"(f32|f64|f16|bf16|i64|i32|i16|i8|u8|bool|c64)\[[\d,]*\](:pos|:unit|:int\d+|:zero)?"
)

# `graph: false`: only eagerly (the result is Python, or sizes must be known); `graph: batch`: only the first axis is
# open; `random: true`: only shape and dtype are compared.
EXAMPLE_KEYS = frozenset({"call", "with", "graph", "random"})
