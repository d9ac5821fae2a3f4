"""A torch model and a Keras model as they are called here: by numpy arguments, to lists of arrays."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from transpile.verify.measure import MOVED, arrays
from transpile.verify.sides import Side
from transpile.verify.spec import Given, packed

__all__ = ["KerasModel", "TorchModel", "no_dropout"]

Arguments = tuple[list[Any], dict[str, Any]]


class TorchModel:
    """The original, in evaluation mode."""

    def __init__(self, side: Side, specs: Sequence[Given] = ()) -> None:
        import torch

        torch.manual_seed(0)
        self.side, self.specs = side, specs
        self.model = side.build()
        self.is_module = isinstance(self.model, torch.nn.Module)
        if self.is_module:
            self.model.eval()

    def tensors(self, arguments: Arguments, specs: Sequence[Any]) -> Arguments:
        """The arguments as torch tensors, in the dtypes that were asked for."""
        import torch

        def tensor(value: Any) -> Any:
            return torch.from_numpy(value.copy()) if isinstance(value, np.ndarray) else value

        positional, named = [tensor(v) for v in arguments[0]], {k: tensor(v) for k, v in arguments[1].items()}
        halves = [s.name for s in specs if s.dtype == "bfloat16" and s.is_tensor and s.name]
        plain = [s for s in specs if s.name is None]
        positional = [
            v.bfloat16() if s.is_tensor and s.dtype == "bfloat16" else v
            for v, s in zip(positional, plain, strict=True)
        ]
        return positional, {k: v.bfloat16() if k in halves else v for k, v in named.items()}

    def call(self, arguments: Arguments, model: Any = None) -> Any:
        """The model's own result."""
        import torch

        with self.side.world.entered(), torch.no_grad():
            return (self.model if model is None else model)(*self.packed(arguments[0]), **arguments[1])

    def packed(self, positional: list[Any]) -> list[Any]:
        """The positional arguments as the model takes them, in lists where it takes lists."""
        return packed(positional, self.specs)

    def state(self) -> dict[str, Any]:
        """The state dict as arrays."""
        if not self.is_module:
            return {}
        state = {k: v for k, v in self.model.state_dict().items() if hasattr(v, "detach")}
        return {k: np.array(arrays(v)[0][1]) for k, v in state.items()}


class KerasModel:
    """The translation. `moved` says which arguments are given with their channels last."""

    def __init__(self, side: Side, specs: Sequence[Given] = ()) -> None:
        import tensorflow as tf

        tf.keras.utils.set_random_seed(0)
        self.side, self.specs = side, specs
        self.model = side.build()
        self.moved: dict[int | str, bool] = {}
        self.given_last = False  # whether the arguments are given with their channels last from the start

    def tensors(self, arguments: Arguments, specs: Sequence[Any]) -> Arguments:
        """The arguments as TensorFlow tensors in the layout that the model takes."""
        import tensorflow as tf

        dtypes = {s.name if s.name else i: s.dtype for i, s in enumerate(specs)}

        def tensor(key: int | str, value: Any) -> Any:
            if not isinstance(value, np.ndarray):
                return value
            value = np.moveaxis(value, self.channels(key, value.ndim), -1) if self.moved.get(key) else value
            return tf.constant(value, dtype=dtypes.get(key, str(value.dtype)))

        return (
            [tensor(i, v) for i, v in enumerate(arguments[0])],
            {k: tensor(k, v) for k, v in arguments[1].items()},
        )

    def channels(self, key: int | str, rank: int) -> int:
        """The axis of an argument's channels in torch's order: an item of rank 3 of a list is one image."""
        plain = [spec for spec in self.specs if spec.name is None]
        listed = isinstance(key, int) and key < len(plain) and plain[key].part_of is not None
        return 0 if listed and rank == 3 else 1

    def call(self, arguments: Arguments, **more: Any) -> Any:
        """The model's own result."""
        with self.side.world.entered():
            return self.model(*self.packed(arguments[0]), **arguments[1], **more)

    def packed(self, positional: list[Any]) -> list[Any]:
        """The positional arguments as the model takes them, in lists where it takes lists."""
        return packed(positional, self.specs)

    def open(self, arguments: Arguments, spatial: bool) -> Arguments:
        """TensorSpecs with the batch, and height and width where `spatial`, unknown; plain values stay."""
        import tensorflow as tf

        def spec(key: int | str, value: Any) -> Any:
            if not tf.is_tensor(value):
                return value
            shape: list[int | None] = list(value.shape)
            if shape:
                shape[0] = None
            if spatial and len(shape) >= 4 and value.dtype.is_floating:
                channel = len(shape) - 1 if self.given_last or self.moved.get(key) else 1
                shape = [size if axis == channel else None for axis, size in enumerate(shape)]
            return tf.TensorSpec(shape, value.dtype)

        return [spec(i, v) for i, v in enumerate(arguments[0])], {
            k: spec(k, v) for k, v in arguments[1].items()
        }

    def function(self, specs: Arguments, named: bool = False) -> Any:
        """The model as a concrete tf.function of its tensors alone, traced for these specs.

        `named` gives it inputs and outputs as exported signatures have them: input_0 …, output_0 ….
        """
        import tensorflow as tf

        from transpile.verify.gradients import tensors_in

        flat = [*specs[0], *specs[1].values()]
        is_spec = [isinstance(s, tf.TensorSpec) for s in flat]

        def call(*tensors: Any) -> Any:
            left = iter(tensors)
            values = [next(left) if given else value for given, value in zip(is_spec, flat, strict=True)]
            count = len(specs[0])
            named_values = dict(zip(specs[1], values[count:], strict=True))
            result = self.model(*self.packed(values[:count]), **named_values)
            return (
                {f"output_{i}": tf.identity(t) for i, t in enumerate(tensors_in(result))} if named else result
            )

        given = [s for s, is_one in zip(flat, is_spec, strict=True) if is_one]
        if named:
            given = [tf.TensorSpec(s.shape, s.dtype, name=f"input_{i}") for i, s in enumerate(given)]
        with self.side.world.entered():
            return tf.function(
                call, autograph=not isinstance(self.model, tf.keras.layers.Layer)
            ).get_concrete_function(*given)

    def run(self, function: Any, arguments: Arguments) -> Any:
        """A concrete function on the tensors among the arguments."""
        import tensorflow as tf

        with self.side.world.entered():
            return function(*[v for v in (*arguments[0], *arguments[1].values()) if tf.is_tensor(v)])


def layouts(keras: KerasModel, arguments: Arguments, data_format: str) -> list[dict[int | str, bool]]:
    """The layouts in which the arguments may be given, the likeliest first: as the signature says, then by rank."""
    side, model = keras.side, keras.model
    given: dict[int | str, Any] = dict(enumerate(arguments[0]))
    given.update(arguments[1].items())
    ranks = {k: v.ndim for k, v in given.items() if isinstance(v, np.ndarray)}
    floats = {k for k in ranks if given[k].dtype.kind == "f"}
    plain: dict[int | str, bool] = dict.fromkeys(ranks, False)
    if data_format == "channels_first":
        return [plain]
    found = []
    signed = signature(side, model)
    if signed and all(spec.part_of is None for spec in keras.specs):  # it says nothing of the items of a list
        names = [n for n in signed if n not in ("return", "self")]
        said: dict[int | str, bool] = {
            k: bool(signed.get(names[k] if isinstance(k, int) and k < len(names) else str(k)))
            and ranks[k] in MOVED
            for k in ranks
        }
        if any(said.values()):
            found.append(said)
    for moved in ((4, 5), (3, 4, 5), ()):
        candidate: dict[int | str, bool] = {k: r in moved and k in floats for k, r in ranks.items()}
        if candidate not in found:
            found.append(candidate)
    return found


def signature(side: Side, model: Any) -> dict[str, Any]:
    """What the translation says of the model's own call, by parameter; empty where it says nothing."""
    names = [f"{cls.__name__}.call" for cls in type(model).__mro__] + [getattr(model, "__name__", "")]
    return next((side.signatures[name] for name in names if name in side.signatures), {})


@contextlib.contextmanager
def no_dropout() -> Iterator[None]:
    """Inside, dropout of every kind hands on what it gets, in both frameworks."""
    import tensorflow as tf
    import torch

    functional = torch.nn.functional
    names = ("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout")
    kept: list[tuple[Any, str, Any]] = [(functional, n, getattr(functional, n)) for n in names]
    kept += [
        (tf.nn, "dropout", tf.nn.dropout),
        (tf.keras.layers.Dropout, "call", tf.keras.layers.Dropout.call),
    ]
    kept += [(torch, "dropout", torch.dropout)]
    try:
        for owner, name, _ in kept[:-1]:
            if name == "call":
                setattr(owner, name, lambda self, inputs, training=False: inputs)
            else:
                setattr(owner, name, lambda x, *a, **k: x)
        torch.dropout = lambda x, *a, **k: x
        yield
    finally:
        for owner, name, value in kept:
            setattr(owner, name, value)
