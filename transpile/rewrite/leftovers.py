"""What stays torch: reported at its place; local imports in functions, placeholders at module level."""

from __future__ import annotations

import re

import libcst as cst

from transpile.infer.calls import AMBIGUOUS
from transpile.infer.facts import UNKNOWN, Python, Ref, Var, resolve
from transpile.rewrite.context import Context
from transpile.rewrite.registry import operation
from transpile.source.walk import descendants

__all__ = ["NAMES_WITHOUT_A_RULE"]

# The public names of torch.Tensor that no rule knows (a test holds them against the installed torch): what has
# neither a rule nor stands here is no tensor's, and shows that its owner is something else.
NAMED_TUPLE = ("_replace", "_asdict", "_fields")
_NAMES = """
apply_ as_strided_ cauchy_ ccol_indices chalf col_indices conj_physical_ const_data_ptr crow_indices dense_dim
dim_order eig geometric_ grad_dtype hash_tensor index indices ipu is_coalesced is_conj is_cpu is_distributed
is_ipu is_maia is_mtia is_neg is_same_size is_set_to is_shared is_signed is_sparse_csr is_vulkan is_xla layout
log_normal_ lstsq map2_ map_ module_load mtia name new_empty_strided orgqr output_nr polygamma polygamma_
q_per_channel_axis q_per_channel_scales q_per_channel_zero_points qscheme register_post_accumulate_grad_hook
reinforce resize_as resize_as_ resize_as_sparse_ retains_grad row_indices slice_inverse smm solve sparse_dim
sparse_mask sparse_resize_ sparse_resize_and_clear_ sspaddmm storage_type symeig to_dense to_mkldnn
to_padded_tensor to_sparse to_sparse_bsc to_sparse_bsr to_sparse_coo to_sparse_csc to_sparse_csr
unsafe_split_with_sizes values volatile
"""
NAMES_WITHOUT_A_RULE = frozenset(_NAMES.split())


@operation("left", "refused", "unknown_method", "unknown_attribute")
def left(context: Context, original: cst.CSTNode, updated: cst.CSTNode) -> None:
    plan = context.plan(original)
    assert plan is not None
    if plan.op == "refused":
        hint = plan.rule.instead or ""
        name = plan.rule.torch
        if isinstance(original, cst.Call):
            called = context.run.fact(original.func)
            if isinstance(called, Ref) and called.name in plan.rule.aliases:
                name = called.name  # one reason may stand for several
        context.say("API005", original, f"{name}: {plan.rule.refuse}", hint)
    elif plan.op.startswith("unknown") and is_of_another_type(context, original):
        return
    elif plan.op == "unknown_method":
        context.say("API001", original, f"Tensor.{plan.data['name']} has no rule; the call stays as it is")
    elif plan.op == "unknown_attribute":
        context.say("API001", original, f"Tensor.{plan.data['name']} has no rule; it stays as it is")
    elif plan.rule is not None:
        context.say(
            "API002",
            original,
            f"{plan.rule.torch}: {plan.data.get('reason', 'not translated')}; it stays as it is",
        )
    else:
        fact = context.run.facts.get(id(original.func)) if isinstance(original, cst.Call) else None
        name = fact.name if isinstance(fact, Ref) else "this torch call"
        context.say("API001", original, f"{name} has no rule; it stays as it is")


def is_of_another_type(context: Context, original: cst.CSTNode) -> bool:
    """Whether a name is read of what is no tensor: no tensor has the name, or none has another one that is read of it.

    The second holds for an attribute that is read and not called. A name that the module itself stores somewhere may
    be one that it gives its tensors, and shows nothing.
    """
    node = original.func if isinstance(original, cst.Call) else original
    if not isinstance(node, cst.Attribute):
        return False
    if _is_foreign(context, node.attr.value):
        return True
    is_named = isinstance(node.value, cst.Name) and node.attr.value not in NAMES_WITHOUT_A_RULE
    if not is_named or isinstance(original, cst.Call) or not context.functions:
        return False
    name = cst.ensure_type(node.value, cst.Name).value
    return any(
        isinstance(read, cst.Attribute)
        and isinstance(read.value, cst.Name)
        and read.value.value == name
        and _is_foreign(context, read.attr.value)
        for read in descendants(context.functions[-1].body)
    )


def _gives_another_type(context: Context, original: cst.Call) -> bool:
    """Whether of a call's result a name is read that no tensor has: `.argmax(1).astype(int)` is none of a tensor."""
    return any(
        isinstance(read, cst.Attribute) and read.value is original and _is_foreign(context, read.attr.value)
        for read in descendants(context.functions[-1].body)
    )


def _is_foreign(context: Context, name: str) -> bool:
    if name.startswith("_") or name in NAMES_WITHOUT_A_RULE:
        return name in NAMED_TUPLE
    rules = context.run.rules
    if rules.method(name) is not None or rules.attribute(name) is not None:
        return False
    stored = rf"\.{name}\s*(?::[^=\n]+)?=(?!=)|\bsetattr\([^,]+,\s*['\"]{name}['\"]"
    return not re.search(stored, context.run.module.text)


@operation("unknown_call")
def unknown_receiver(context: Context, original: cst.CSTNode, updated: cst.CSTNode) -> None:
    """x.float() on something of which nothing is known stays, and is said."""
    if not isinstance(original, cst.Call) or not isinstance(original.func, cst.Attribute):
        return
    name = original.func.attr.value
    owner = resolve(context.run.facts.get(id(original.func.value), UNKNOWN))
    is_none = isinstance(owner, Python) and owner.type == "none"  # and is asked for it all the same
    if owner is not UNKNOWN and not isinstance(owner, Var) and not is_none:
        return
    if name == "backward" and _takes_gradients(context, original):
        context.say(
            "INF001", original,
            "this looks like the gradients of a loss, and TensorFlow takes them through a tape; it stays as it is",
            context.run.rules.method(name).instead,
        )  # fmt: skip
    elif name in SUSPECT and context.functions and not _gives_another_type(context, original):
        context.say(
            "INF001", original,
            f"nothing says whether the receiver of .{name}() is a tensor; the call stays as it is",
            "Annotate it (`x: torch.Tensor`), or pass it to a function that only takes tensors.",
        )  # fmt: skip


def _takes_gradients(context: Context, original: cst.Call) -> bool:
    """`loss.backward()`, with torch's own arguments by name; `engine.backward(loss)` is another's."""
    names = {argument.keyword.value if argument.keyword is not None else "" for argument in original.args}
    if not names <= {"gradient", "retain_graph", "create_graph", "inputs"}:
        return False
    return all(info.is_autograd for info in context.run.definers.get("backward", ()))


SUSPECT = (
    AMBIGUOUS
    - frozenset(dir(str))
    - frozenset(dir(list))
    - frozenset(dir(dict))
    - {"dim", "size", "add", "type", "item", "backward"}
)
