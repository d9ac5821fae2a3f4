"""What annotations say: `Tensor`, `list[Tensor]`, `Optional[Tensor]`, jaxtyping's `Float[Tensor, "b c h w"]`."""

from __future__ import annotations

import libcst as cst

from transpile.infer.facts import Class, Dict, Fact, Layer, Python, Ref, Sequence, Tensor, resolve
from transpile.infer.layout import Open
from transpile.infer.run import Run

__all__ = ["ANYTHING", "from_annotation"]

SCALARS = {"builtins.int": "int", "builtins.float": "float", "builtins.bool": "bool", "builtins.str": "str"}
LISTS = {"builtins.list": "list", "typing.List": "list", "builtins.tuple": "tuple", "typing.Tuple": "tuple",
         "typing.Sequence": "sequence", "collections.abc.Sequence": "sequence",
         "typing.Iterable": "sequence"}  # fmt: skip
# classes of other libraries whose instances are no tensors, whatever methods they share with one
NO_TENSORS = {
    "PIL.Image.Image", "pathlib.Path", "pathlib.PurePath", "argparse.Namespace", "logging.Logger", "random.Random",
    "numpy.random.Generator", "numpy.random.RandomState", "pandas.DataFrame", "pandas.Series",
}  # fmt: skip
ANYTHING = Fact()  # what typing.Any says of an element
DICTS = {"builtins.dict", "typing.Dict", "typing.Mapping"}


def from_annotation(run: Run, node: cst.BaseExpression) -> Fact | None:
    """The fact that an annotation states, None where it states nothing of use."""
    if isinstance(node, cst.SimpleString):
        text = node.raw_value
        fact = run.env.find(text) if text.isidentifier() else None
        return _named(fact) if fact is not None else None
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.BitOr):
        return _optional(run, [node.left, node.right])
    if isinstance(node, cst.Subscript):
        base = resolve(run.facts.get(id(node.value)) or Ref(""))
        name = base.name if isinstance(base, Ref) else ""
        arguments = [e.slice.value for e in node.slice if isinstance(e.slice, cst.Index)]
        if name in ("typing.Optional", "typing.Union"):
            return _optional(run, arguments)
        if name in LISTS:
            element = from_annotation(run, arguments[0]) if arguments else None
            if LISTS[name] == "tuple" and len(arguments) > 1 and not isinstance(arguments[1], cst.Ellipsis):
                items = [from_annotation(run, a) or Fact() for a in arguments]
                return Sequence("tuple", items)
            unsaid = ANYTHING if arguments and _is_any(run, arguments[0]) else Fact()
            return Sequence(LISTS[name], None, element or unsaid)
        if name in DICTS and len(arguments) == 2:
            return Dict(from_annotation(run, arguments[1]) or Fact())
        if (
            name.startswith("jaxtyping.")
            and len(arguments) == 2
            and isinstance(arguments[1], cst.SimpleString)
        ):
            words = str(arguments[1].evaluated_value).split()
            rank = None if any(w.startswith(("*", "...")) for w in words) else len(words)
            return Tensor(rank, None, None, Open())
        return None
    fact = run.facts.get(id(node))
    return _named(resolve(fact)) if fact is not None else None


def _is_any(run: Run, node: cst.BaseExpression) -> bool:
    fact = resolve(run.facts.get(id(node)) or Fact())
    return isinstance(fact, Ref) and fact.name == "typing.Any"


def _named(fact: Fact) -> Fact | None:
    if isinstance(fact, Ref):
        if fact.name in ("torch.Tensor", "torch.FloatTensor", "torch.nn.Parameter"):
            return Tensor(None, None, None, Open())
        if fact.name in ("torch.LongTensor",):
            return Tensor(None, None, "int64", Open())
        if fact.name == "numpy.ndarray":
            return Python("array")
        if fact.name in NO_TENSORS:
            return Python("object")
        if fact.name in SCALARS:
            return Python(SCALARS[fact.name])
        if fact.name.startswith("torch.nn.") and fact.name[9:10].isupper():
            return Layer(fact.name)
        if fact.name in LISTS:
            return Sequence(LISTS[fact.name], None)
    if isinstance(fact, Class):
        return Layer(fact.info.name, fact.info)
    return None


def _optional(run: Run, parts: list[cst.BaseExpression]) -> Fact | None:
    facts = [
        from_annotation(run, part)
        for part in parts
        if not (isinstance(part, cst.Name) and part.value == "None")
    ]
    return facts[0] if len(facts) == 1 else None
