"""Runs torch source and its translation side by side: same weights, same inputs, compared number by number.

    pair = Pair(source, "Net(8, 16)", ["image[2,8,6,5]"], data_format="channels_last")
    pair.check()          # eager
    pair.check_open()     # under tf.function, with unknown batch and unknown height and width of images

The translation is written to a file and imported where `torch` cannot be imported; it stays blocked while the
translation runs. Weights that torch fills with one constant (the ones and zeros of a normalization) are stirred
first, so that each of them shows in the output.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import itertools
import sys
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

FIXTURES = Path(__file__).parent.parent / "fixtures"
EXPECTED = FIXTURES / "expected"
FORMATS = ("channels_last", "channels_first")
BLOCKED = ("torch", "torchvision", "transpile")

_folder = tempfile.TemporaryDirectory(prefix="translated")
_count = itertools.count()


@contextlib.contextmanager
def without_torch() -> Iterator[None]:
    """Inside, importing torch (or transpile, which an output must not need) raises ModuleNotFoundError."""
    hidden = {n: m for n, m in sys.modules.items() if n.partition(".")[0] in BLOCKED}
    for name in hidden:
        del sys.modules[name]
    sys.modules.update(dict.fromkeys(BLOCKED))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in [n for n in sys.modules if n.partition(".")[0] in BLOCKED]:
            del sys.modules[name]
        sys.modules.update(hidden)


def loaded(code: str, name: str) -> ModuleType:
    """The module with this text, imported from a file as a user's would be (AutoGraph reads sources)."""
    path = Path(_folder.name) / f"{name}.py"
    path.write_text(code, encoding="utf-8", newline="")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def imported(code: str) -> ModuleType:
    """A translation, imported where torch is not installed."""
    with without_torch():
        return loaded(code, f"translated_{next(_count)}")


@functools.cache
def original(source: str) -> ModuleType:
    """The torch source as a module."""
    return loaded(source, f"original_{next(_count)}")


@functools.cache
def translation(
    source: str,
    data_format: str = "channels_last",
    support_module: str | None = None,
    exact_training: bool = False,
) -> Any:
    """The translation of a source, made once."""
    from transpile import translate

    return translate(
        source, data_format=data_format, support_module=support_module, exact_training=exact_training
    )


@functools.cache
def translated(source: str, data_format: str = "channels_last", exact_training: bool = False) -> ModuleType:
    """The translation as a module."""
    return imported(translation(source, data_format, exact_training=exact_training).code)


def fixture(name: str) -> str:
    """The text of fixtures/NAME.py."""
    return (FIXTURES / f"{name}.py").read_text(encoding="utf-8")


class Input:
    """An argument described by a text: `image[2,8,6,5]`, `f32[2,3]`, `i64[4]:int9` (0 to 8), `bool[3,4]`.

    An image is a float32 tensor whose channels stand last in a channels_last translation. A list describes a
    list of tensors. Anything else is handed over as it is.
    """

    DTYPES = {"image": "float32", "f32": "float32", "f64": "float64", "i64": "int64", "i32": "int32"}

    def __init__(self, spec: Any, place: int) -> None:
        self.spec = spec
        self.items = [Input(s, place * 10 + i) for i, s in enumerate(spec)] if type(spec) is list else []
        self.is_image = any(i.is_image for i in self.items) or str(spec).startswith("image")
        self.is_tensor = bool(self.items) or (isinstance(spec, str) and "[" in spec)
        if self.items or not self.is_tensor:
            return
        kind, _, rest = spec.partition("[")
        dims, _, values = rest.partition("]")
        shape = tuple(int(n) for n in dims.split(",") if n)
        random = np.random.default_rng(zlib.crc32(f"{spec}{place}".encode()))
        if kind == "bool":
            self.array = random.random(shape) < 0.5
        elif values.startswith(":int"):
            self.array = random.integers(0, int(values[4:]), shape).astype(self.DTYPES[kind])
        elif values == ":pos":
            self.array = (np.abs(random.standard_normal(shape)) + 0.1).astype(self.DTYPES[kind])
        else:
            self.array = random.standard_normal(shape).astype(self.DTYPES[kind])

    def torch(self) -> Any:
        import torch

        if self.items:
            return [item.torch() for item in self.items]
        return torch.from_numpy(self.array.copy()) if self.is_tensor else self.spec

    def tensorflow(self, data_format: str) -> Any:
        import tensorflow as tf

        if self.items:
            return [item.tensorflow(data_format) for item in self.items]
        if not self.is_tensor:
            return self.spec
        moved = self.is_image and data_format == "channels_last"
        return tf.constant(np.moveaxis(self.array, 1, -1) if moved else self.array)

    def open(self, data_format: str) -> Any:
        """The TensorSpec with the sizes that vary from call to call left open."""
        import tensorflow as tf

        if self.items:
            return [item.open(data_format) for item in self.items]
        shape = list(self.tensorflow(data_format).shape)
        if shape:
            shape[0] = None
        if self.is_image:
            first = 1 if data_format == "channels_last" else 2
            shape[first : first + len(shape) - 2] = [None] * (len(shape) - 2)
        return tf.TensorSpec(shape, self.array.dtype)


def stirred(module: Any) -> Any:
    """The module in eval mode; a weight that is constant gets values of its own, variances positive ones."""
    import torch

    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            if (
                not tensor.is_floating_point()
                or tensor.numel() == 0
                or not (tensor == tensor.flatten()[0]).all()
            ):
                continue
            noise = torch.randn(tensor.shape, generator=generator, dtype=tensor.dtype) * 0.3
            tensor.copy_((tensor + noise).abs() + 0.2 if name.endswith("var") else tensor + noise)
    return module.eval()


class Pair:
    """A torch model (or function) and its translation."""

    def __init__(
        self,
        source: str,
        factory: str,
        inputs: Sequence[Any] = (),
        *,
        data_format: str = "channels_last",
        reference: str | None = None,
        returns: Any = None,
        keywords: dict[str, Any] | None = None,
        module: ModuleType | None = None,
    ) -> None:
        """`factory` and `reference` (where torch needs another) are expressions in the module's names.

        `returns` says of every result whether its channels stand last ("image") or not ("plain"), or leaves it to
        the translation's own signature ("signed"); by default those of rank 4 and 5 do where an input is an image.
        """
        import torch

        self.data_format = data_format
        self.inputs = [Input(spec, i) for i, spec in enumerate(inputs)]
        self.keywords = {k: Input(spec, i) for i, (k, spec) in enumerate((keywords or {}).items())}
        self.returns = signed(source, factory) if returns == "signed" else returns
        torch.manual_seed(0)
        self.torch_model = eval(reference or factory, vars(original(source)))
        output = module or translated(source, data_format)
        with without_torch():
            self.model = eval(factory, vars(output))
        if isinstance(self.torch_model, torch.nn.Module):
            stirred(self.torch_model)
            from transpile.weights import load_state_dict

            self.state = {k: v.numpy().copy() for k, v in self.torch_model.state_dict().items()}
            load_state_dict(self.model, self.state)

    def wanted(self) -> list[tuple[str, np.ndarray]]:
        import torch

        with torch.no_grad():
            keywords = {k: v.torch() for k, v in self.keywords.items()}
            return flat(self.torch_model(*(i.torch() for i in self.inputs), **keywords))

    def got(self) -> list[tuple[str, np.ndarray]]:
        with without_torch():
            keywords = {k: v.tensorflow(self.data_format) for k, v in self.keywords.items()}
            return flat(self.model(*(i.tensorflow(self.data_format) for i in self.inputs), **keywords))

    def check(self, tolerance: float = 2e-5) -> None:
        """Asserts that an eager call gives torch's numbers, shapes and kinds of dtype."""
        self.compare(self.got(), self.wanted(), tolerance)

    def graph(self) -> Any:
        """The concrete function, the batch, height and width of its tensors unknown."""
        import tensorflow as tf

        tensors = [i for i in self.inputs if i.is_tensor]
        named = {k: v for k, v in self.keywords.items() if v.is_tensor}

        def call(given: list[Any], by_name: dict[str, Any]) -> Any:
            values = iter(given)
            positional = [next(values) if i.is_tensor else i.spec for i in self.inputs]
            return self.model(*positional, **{k: by_name.get(k, v.spec) for k, v in self.keywords.items()})

        with without_torch():
            function = tf.function(call)
            return function.get_concrete_function(
                [i.open(self.data_format) for i in tensors],
                {k: v.open(self.data_format) for k, v in named.items()},
            )

    def check_open(self, tolerance: float = 2e-5, *, transposes: int | None = None) -> None:
        """Asserts the same under tf.function with open sizes, and the number of Transpose ops if given."""
        import tensorflow as tf

        concrete = self.graph()
        values = [*self.inputs, *self.keywords.values()]
        arguments = tf.nest.flatten([i.tensorflow(self.data_format) for i in values if i.is_tensor])
        with without_torch():
            got = flat(concrete(*arguments))
        self.compare(got, self.wanted(), tolerance)
        if transposes is not None:
            assert count_ops(concrete, "Transpose") == transposes

    def compare(self, got: list[Any], wanted: list[Any], tolerance: float) -> None:
        assert [path for path, _ in got] == [path for path, _ in wanted]
        marks = [self.returns] * len(wanted) if isinstance(self.returns, str) else self.returns
        any_image = any(i.is_image for i in [*self.inputs, *self.keywords.values()])
        if marks and len(marks) == 1:
            marks = marks * len(wanted)
        for place, ((path, a), (_, b)) in enumerate(zip(got, wanted, strict=True)):
            mark = marks[place] if marks else "image" if any_image and b.ndim in (4, 5) else "plain"
            if mark == "image" and self.data_format == "channels_last":
                b = np.moveaxis(b, 1, -1)
            assert a.shape == b.shape, f"{path}: shape {a.shape}, torch has {b.shape}"
            assert a.dtype.kind == b.dtype.kind, f"{path}: {a.dtype}, torch has {b.dtype}"
            scale = max(1.0, float(np.abs(b[np.isfinite(b)]).max(initial=0))) if b.dtype.kind in "fc" else 1.0
            np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * scale, err_msg=path)


def signed(source: str, factory: str) -> list[str]:
    """The layouts of the results as the translation's signature says, in order; one stands for all of a list."""
    name = factory.partition("(")[0]
    result = translation(source).signatures[name if name[0].islower() else f"{name}.call"]["return"]

    def layouts(described: Any) -> list[str]:
        if isinstance(described, list):
            return [layout for item in described for layout in layouts(item)]
        return ["image" if described else "plain"]

    return layouts(result)


def flat(value: Any, path: str = "") -> list[tuple[str, np.ndarray]]:
    """The tensors and numbers in a nest as arrays, with their paths; tuples and lists are the same here."""
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in flat(item, f"{path}.{key}")]
    if hasattr(value, "__dataclass_fields__"):
        return flat(vars(value), path)
    if isinstance(value, (tuple, list)):
        return [leaf for i, item in enumerate(value) for leaf in flat(item, f"{path}.{i}")]
    if value is None or isinstance(value, str):
        return [(f"{path}={value}", np.zeros(0))]
    if hasattr(value, "detach"):
        value = value.detach()
    return [(path, np.asarray(value))]


def count_ops(concrete: Any, kind: str) -> int:
    """How many operations of this kind a concrete function has, those of the functions it calls included."""
    graph = concrete.graph.as_graph_def()
    nodes = [*graph.node, *(n for f in graph.library.function for n in f.node_def)]
    return sum(node.op == kind for node in nodes)
