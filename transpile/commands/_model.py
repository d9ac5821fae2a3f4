"""`--model FILE:FACTORY`: a Keras model from a torch source, which is translated for the occasion, or a translation."""

from __future__ import annotations

import contextlib
import inspect
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transpile.project.plan import UnusableCall

if TYPE_CHECKING:
    from transpile.weights.keras_files import Inputs


class Built:
    """A model, and the world in which its own code runs: there its modules are found, and torch is not."""

    def __init__(self, model: Any, side: Any, keep: Any) -> None:
        self.model = model
        self.running = side.world.entered
        self._keep = keep  # the folder of a translation lives as long as this


def built_model(
    text: str, data_format: str, rules: tuple[Path, ...], exact_training: bool, dtype: str | None = None
) -> Built:
    """The model of FILE:FACTORY; THE FILE'S CODE RUNS. FACTORY is an expression, or a name to call.

    dtype: the dtype of its variables, where its code leaves that to Keras. Raises UnusableCall.
    """
    from transpile.verify.result import StageError
    from transpile.verify.sides import given, is_translation, translated
    from transpile.verify.spec import SpecError, target
    from transpile.weights.greeting import tensorflow_quietly

    warnings.filterwarnings("ignore", module="keras|tensorflow")  # they speak of code that is not the user's
    try:
        tensorflow_quietly()
        wanted = target(text)
        keep = None
        if is_translation(wanted.path):
            side = given(wanted)
        else:
            keep = translated(wanted, data_format, rules, exact_training)
            side = keep.side
        with _dtype_policy(dtype):
            model = side.build(a_class=True)
            if inspect.isclass(model) or inspect.isroutine(model):
                with side.world.entered():
                    model = model()
    except (SpecError, StageError) as error:
        raise UnusableCall(f"{text}: {error}") from None
    except Exception as error:  # the factory is the user's code
        raise UnusableCall(f"{text}: the model cannot be built: {type(error).__name__}: {error}") from None
    import keras

    if not isinstance(model, keras.layers.Layer):
        raise UnusableCall(f"{text}: gives a {type(model).__name__}, which is no Keras model or layer")
    return Built(model, side, keep)


@contextlib.contextmanager
def _dtype_policy(dtype: str | None) -> Iterator[None]:
    if dtype is None:
        yield
        return
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(dtype)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def sample_inputs(texts: tuple[str, ...], data_format: str) -> Inputs | None:
    """What `--input` says: tensors of zeros and plain values, by position and by keyword; raises UnusableCall.

    An integer tensor with a range is filled with the lowest of it.
    """
    from transpile.verify.spec import SpecError, givens, packed
    from transpile.weights.keras_files import Inputs

    try:
        specs = givens(texts)
    except SpecError as error:
        raise UnusableCall(str(error)) from None
    if not specs:
        return None
    import tensorflow as tf

    def value(spec: Any) -> Any:
        return tf.fill(spec.shape, tf.cast(spec.low or 0, spec.dtype)) if spec.is_tensor else spec.value

    args = tuple(packed([value(spec) for spec in specs if spec.name is None], specs))
    kwargs = {spec.name: value(spec) for spec in specs if spec.name is not None}
    return Inputs(args, kwargs, data_format == "channels_last")
