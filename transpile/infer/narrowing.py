"""What a test says inside its branch, and after it where nothing goes on unless it holds."""

from __future__ import annotations

import libcst as cst

from transpile.infer.cases import narrow_by_case
from transpile.infer.dims import Dim
from transpile.infer.facts import UNKNOWN, Class, Fact, Layer, Python, Ref, Sequence, Tensor, Var, resolve
from transpile.infer.join import AnyLayer
from transpile.infer.layout import Open
from transpile.infer.run import Run

__all__ = ["narrow", "proven"]


def narrow(run: Run, test: cst.BaseExpression, holds: bool) -> None:
    """`if isinstance(x, list)`, `if x is None`, `x.dim() == 4`: what the test says inside its branch."""
    narrow_by_case(run, test, holds)
    if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
        narrow(run, test.expression, not holds)
        return
    if isinstance(test, cst.BooleanOperation):
        if isinstance(test.operator, cst.And) == holds:
            narrow(run, test.left, holds)
            narrow(run, test.right, holds)
        return
    asked = _asked_kind(test) if holds else None
    if asked is None:
        return
    subject, kind = asked
    wanted = run.facts.get(id(kind))
    kinds = wanted.items if isinstance(wanted, Sequence) and wanted.items else [wanted] if wanted else []
    names = [k.name for k in kinds if isinstance(k, Ref)]
    current = run.env.find(subject.value)
    if current is None or run.function is None:
        return
    resolved = resolve(current)
    classes = [kind.info for kind in kinds if isinstance(kind, Class)]
    if classes and len(classes) == len(kinds):
        if all(info.is_module for info in classes) and _may_be_any(resolved):
            layers = [Layer(info.name, info) for info in classes]
            run.env[subject.value] = layers[0] if len(layers) == 1 else AnyLayer(layers)
        return
    if not names:
        return
    if all(n in ("builtins.list", "builtins.tuple") for n in names) and not isinstance(resolved, Sequence):
        key = (subject.value, names[0])
        element = run.function.narrowed.get(key)
        if element is None:
            element = run.function.narrowed[key] = Var(f"{run.function.key}.{subject.value}[]", True)
        run.env[subject.value] = Sequence("list" if names == ["builtins.list"] else "sequence", None, element)
    elif all(n == "torch.Tensor" for n in names) and not isinstance(resolved, Tensor):
        key2 = ("narrowed", run.function.key, subject.value)
        run.env[subject.value] = run.tensors.setdefault(key2, Tensor(None, None, None, Open()))
    elif all(n in ("builtins.int", "builtins.float", "builtins.str", "builtins.bool") for n in names):
        if not isinstance(resolved, Python):
            symbol = f"{run.function.key}.{subject.value}"
            run.env[subject.value] = Python(names[0][9:], dim=Dim.symbol(symbol))
    elif names == ["numpy.ndarray"]:
        run.env[subject.value] = Python("array")
    elif len(names) == 1 and names[0].startswith("torch.nn.") and not isinstance(resolved, Layer):
        run.env[subject.value] = Layer(names[0])


def _may_be_any(fact: Fact) -> bool:
    """Whether nothing is known of a value, or of a layer only which of torch's it may be in other cases."""
    if isinstance(fact, Layer):
        return fact.info is None and not isinstance(fact, AnyLayer)
    return fact is UNKNOWN or isinstance(fact, Var)


def _asked_kind(test: cst.BaseExpression) -> tuple[cst.Name, cst.BaseExpression] | None:
    """The name and the classes of `isinstance(x, list)` and `type(x) is list`."""
    if isinstance(test, cst.Comparison) and len(test.comparisons) == 1:
        (target,) = test.comparisons
        asks = isinstance(target.operator, (cst.Is, cst.Equal))
        subject, kind = _only_argument(test.left, "type"), target.comparator
    elif isinstance(test, cst.Call) and len(test.args) == 2:
        asks = isinstance(test.func, cst.Name) and test.func.value == "isinstance"
        subject, kind = test.args[0].value, test.args[1].value
    else:
        return None
    return (subject, kind) if asks and isinstance(subject, cst.Name) else None


def _only_argument(node: cst.BaseExpression, function: str) -> cst.BaseExpression | None:
    """What a call of a function by its name is given, where that is one argument."""
    named = isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value == function
    return node.args[0].value if isinstance(node, cst.Call) and named and len(node.args) == 1 else None


def proven(run: Run, test: cst.BaseExpression, holds: bool) -> None:
    """What a test says of ranks where nothing goes on unless it holds: `if x.ndim != 3: raise …`."""
    if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
        proven(run, test.expression, not holds)
    elif isinstance(test, cst.BooleanOperation) and isinstance(test.operator, cst.And) == holds:
        proven(run, test.left, holds)
        proven(run, test.right, holds)
    elif isinstance(test, cst.Comparison) and len(test.comparisons) == 1:
        (target,) = test.comparisons
        rank = resolve(run.fact(target.comparator))
        subject = _counted(test.left)
        if subject is None or not isinstance(target.operator, cst.Equal if holds else cst.NotEqual):
            return
        fact = run.fact(subject)
        open_rank = isinstance(fact, Tensor) and (fact.rank is None or fact.lent)
        known = isinstance(rank, Python) and rank.type == "int" and isinstance(rank.value, int)
        if known and isinstance(rank, Python) and (open_rank or (isinstance(fact, Var) and fact.tensorlike)):
            run.as_tensor(fact, rank.value, test)


def _counted(node: cst.BaseExpression) -> cst.BaseExpression | None:
    """The tensor whose axes `x.ndim`, `x.dim()` and `len(x.shape)` count."""
    inner = _only_argument(node, "len")
    if inner is not None:
        return inner.value if isinstance(inner, cst.Attribute) and inner.attr.value == "shape" else None
    if isinstance(node, cst.Call) and not node.args and isinstance(node.func, cst.Attribute):
        return node.func.value if node.func.attr.value in ("dim", "ndimension") else None
    return node.value if isinstance(node, cst.Attribute) and node.attr.value == "ndim" else None
