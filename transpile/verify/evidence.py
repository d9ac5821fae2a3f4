"""One run of the original, watched: what every expression in its functions was.

The source is run with each expression handed through a recorder, by its exact position. A tensor carries a tag that
its views do not share; what works on images (convolutions, pools, norms of rank four, resizes) tags what it takes and
what it gives, and operations that keep the shape hand tags on. So a recorded value may turn out to be an image later.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.machinery
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from transpile.infer.evidence import Seen, Span
from transpile.verify import sides, stir
from transpile.verify.models import TorchModel
from transpile.verify.sides import stage
from transpile.verify.spec import Given, Target

__all__ = ["observed"]

RECORDER = "__transpile_seen__"
WATCHED = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.BinOp, ast.UnaryOp, ast.IfExp, ast.Compare)
IMAGES = (
    "conv1d", "conv2d", "conv3d", "conv_transpose", "max_pool", "avg_pool", "adaptive", "interpolate", "upsample",
    "pixel_shuffle", "pixel_unshuffle", "grid_sample", "batch_norm", "instance_norm", "group_norm",
)  # fmt: skip


class _Tag:
    __slots__ = ("image",)

    def __init__(self) -> None:
        self.image = False


class _Recorder:
    """Everything that was seen, by the number of the expression."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.values: dict[int, set[tuple[str, int | None, str | None]]] = {}
        self.tags: dict[int, set[_Tag]] = {}

    def __call__(self, number: int, value: Any) -> Any:
        import torch

        if isinstance(value, torch.Tensor):
            what: tuple[str, int | None, str | None] = (
                "tensor",
                value.dim(),
                str(value.dtype).removeprefix("torch."),
            )
            self.tags.setdefault(number, set()).add(tag_of(value))
        else:
            what = (type(value).__name__, None, None)
        self.values.setdefault(number, set()).add(what)
        return value

    def seen(self) -> dict[Span, Seen]:
        """One entry per expression that was evaluated."""
        found = {}
        for number, values in self.values.items():
            real = {value for value in values if value[0] != "NoneType"}  # a default that was not given
            kinds = {value[0] for value in real}
            if len(kinds) != 1:
                continue
            ranks, dtypes = {v[1] for v in real}, {v[2] for v in real}
            images = {tag.image for tag in self.tags.get(number, ())}
            rank = ranks.pop() if len(ranks) == 1 else None
            found[self.spans[number]] = Seen(
                kinds.pop(),
                rank,
                dtypes.pop() if len(dtypes) == 1 else None,
                images.pop() if len(images) == 1 and rank is not None and rank >= 3 else None,
            )
        return found


def tag_of(tensor: Any) -> _Tag:
    """The tag of a tensor, made when it is first asked for."""
    tag: _Tag | None = tensor.__dict__.get("_transpile_tag")
    if tag is None:
        tag = tensor._transpile_tag = _Tag()
    return tag


class _Wrap(ast.NodeTransformer):
    """Hands every expression inside a function through the recorder."""

    def __init__(self, recorder: _Recorder, text: str) -> None:
        self.recorder = recorder
        self.lines = text.splitlines()
        self.inside = 0

    def visit_FunctionDef(self, node: Any) -> Any:
        self.inside += 1
        node.body = [self.visit(statement) for statement in node.body]
        self.inside -= 1
        return node

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> Any:
        self.inside += 1
        node.body = self.visit(node.body)
        self.inside -= 1
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        node.value = self.visit(node.value) if node.value is not None else None
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> Any:
        return node

    def visit_Call(self, node: ast.Call) -> Any:
        if isinstance(node.func, ast.Attribute):
            node.func.value = self.visit(node.func.value)
        elif not isinstance(node.func, ast.Name):
            node.func = self.visit(node.func)
        node.args = [self.visit(argument) for argument in node.args]
        for keyword in node.keywords:
            keyword.value = self.visit(keyword.value)
        return self._wrapped(node)

    def generic_visit(self, node: ast.AST) -> Any:
        span = self._span(node) if isinstance(node, WATCHED) else None
        node = super().generic_visit(node)
        return self._wrapped(node, span)

    def _wrapped(self, node: Any, span: Span | None = None) -> Any:
        is_load = isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
        if not self.inside or not isinstance(node, WATCHED) or not is_load:
            return node
        number = len(self.recorder.spans)
        self.recorder.spans.append(span or self._span(node))
        call = ast.Call(ast.Name(RECORDER, ast.Load()), [ast.Constant(number), node], [])
        return ast.fix_missing_locations(ast.copy_location(call, node))

    def _span(self, node: Any) -> Span:
        return (
            node.lineno,
            self._column(node.lineno, node.col_offset),
            node.end_lineno,
            self._column(node.end_lineno, node.end_col_offset),
        )

    def _column(self, line: int, offset: int) -> int:
        return len(self.lines[line - 1].encode()[:offset].decode(errors="replace")) + 1


class _Loader(importlib.machinery.SourceFileLoader):
    """Loads one file with its expressions handed through a recorder."""

    recorder: _Recorder

    def get_code(self, fullname: str) -> Any:
        path = self.get_filename(fullname)
        text = self.get_data(path).decode()
        tree = _Wrap(self.recorder, text).visit(ast.parse(text))
        return compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True)

    def exec_module(self, module: Any) -> None:
        setattr(module, RECORDER, self.recorder)
        super().exec_module(module)


class _Finder(importlib.abc.MetaPathFinder):
    """Takes the import of one file."""

    def __init__(self, path: str, recorder: _Recorder) -> None:
        self.path = os.path.realpath(path)
        self.recorder = recorder

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        if spec is None or spec.origin is None or os.path.realpath(spec.origin) != self.path:
            return None
        loader = _Loader(fullname, spec.origin)
        loader.recorder = self.recorder
        spec.loader = loader
        return spec


def observed(target: Target, inputs: Sequence[Given]) -> dict[Span, Seen]:
    """Run the model once, with what was seen of every expression of its file. Raises StageError."""
    recorder = _Recorder()
    finder = _Finder(str(target.path), recorder)
    sys.meta_path.insert(0, finder)
    try:
        with stage("source"):
            model = TorchModel(sides.original(target), inputs)
        arguments = model.tensors(stir.inputs(inputs, 1), inputs)
        with stage("source call"), _tagging():
            model.call(arguments)
    finally:
        sys.meta_path.remove(finder)
    return recorder.seen()


@contextmanager
def _tagging() -> Iterator[None]:
    """Inside, operations on images tag their tensors, and those that keep the shape hand tags on."""
    from torch.overrides import TorchFunctionMode

    class Tagging(TorchFunctionMode):
        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            result = function(*args, **(kwargs or {}))
            name = getattr(function, "__name__", "")
            given = [a for a in args if _is_tensor(a)]
            made = [r for r in (result if isinstance(result, (list, tuple)) else [result]) if _is_tensor(r)]
            if name.startswith(IMAGES) and given and given[0].dim() >= 3:
                for tensor in (given[0], *made):
                    tag_of(tensor).image = True
            elif made and given and any(_same_form(g, made[0]) and tag_of(g).image for g in given):
                tag_of(made[0]).image = True
            return result

    with Tagging():
        yield


def _is_tensor(value: Any) -> bool:
    import torch

    return isinstance(value, torch.Tensor)


def _same_form(given: Any, made: Any) -> bool:
    """Whether an operation kept the axes: the same shape, or all but the channels."""
    if given.dim() != made.dim() or given.dim() < 3:
        return False
    return bool(given.shape[:1] == made.shape[:1] and given.shape[2:] == made.shape[2:])
