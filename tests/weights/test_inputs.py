"""What --input says reaches the model and its SavedModel: keywords, plain values, nests, either place of channels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from transpile.commands._model import sample_inputs
from transpile.project.plan import UnusableCall

tf = pytest.importorskip("tensorflow")

from transpile.weights.keras_files import Inputs, saver_for  # noqa: E402


class Net(tf.keras.layers.Layer):
    """Knows nothing of sizes."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = self.add_weight(shape=(), initializer="ones")

    def call(self, x: Any, keep: Any = None, power: int = 1) -> Any:
        x = x if tf.is_tensor(x) else x[0] + x[1]
        return {"y": self.scale * x**power * (1.0 if keep is None else tf.cast(keep, x.dtype))}


class Fixed(tf.keras.layers.Layer):
    """Needs its channels: as a convolution does, where they are at axis 1."""

    def call(self, x: Any) -> Any:
        return tf.reshape(x, [-1, x.shape[1] * 2])


def loaded(model: Any, folder: Path, inputs: Inputs) -> tuple[Any, list[str]]:
    path = folder / "saved_model"
    notes = saver_for(str(path)).save(model, path, None, inputs)
    return tf.saved_model.load(str(path)), notes


def test_no_input_is_no_input() -> None:
    assert sample_inputs((), "channels_last") is None


def test_keywords_plain_values_and_ranges() -> None:
    found = sample_inputs(("2,3", "int64:4:5..9", "keep=bool:2,3", "power=py:2"), "channels_first")
    assert found is not None and not found.channels_last
    x, ids = found.args
    assert (x.shape, x.dtype, ids.dtype, ids.numpy().tolist()) == ((2, 3), tf.float32, tf.int64, [5] * 4)
    assert found.kwargs["power"] == 2 and found.kwargs["keep"].dtype == tf.bool
    with pytest.raises(UnusableCall, match="no plain value"):
        sample_inputs(("power=py:two",), "channels_last")


def test_a_keyword_stays_one(tmp_path: Path) -> None:
    x = tf.constant([[1.0, 2.0, 3.0]])
    mask = tf.constant([[True, False, True]])
    restored, notes = loaded(Net(), tmp_path, Inputs((x,), {"keep": mask, "power": 2}))
    assert "of any batch" in notes[0]
    np.testing.assert_array_equal(restored(x, keep=mask, power=2)["y"], [[1.0, 0.0, 9.0]])
    two = tf.concat([x, x], 0)
    assert restored(two, keep=tf.concat([mask, mask], 0), power=2)["y"].shape == (2, 3)
    with pytest.raises(ValueError):
        restored(x, keep=mask)  # traced with a power of 2 alone
    signature = restored.signatures["serving_default"]
    np.testing.assert_array_equal(signature(args_0=x, keep=mask)["output_0"], [[1.0, 0.0, 9.0]])


def test_a_list_of_tensors(tmp_path: Path) -> None:
    x = tf.ones((1, 3))
    restored, _ = loaded(Net(), tmp_path, Inputs(([x, 2 * x],)))
    np.testing.assert_array_equal(restored([x, 2 * x])["y"], 3 * np.ones((1, 3)))
    np.testing.assert_array_equal(
        restored.signatures["serving_default"](args_0=x, args_1=x)["output_0"], 2 * np.ones((1, 3))
    )


@pytest.mark.parametrize(("last", "how"), [(False, "of any batch, height and width"), (True, "of any batch")])
def test_channels_stay_fixed_where_they_are(last: bool, how: str, tmp_path: Path) -> None:
    x = tf.ones((2, 3, 4, 5))
    restored, notes = loaded(Fixed(), tmp_path, Inputs((x,), channels_last=last))
    assert notes[0].endswith(f"loaded(x) computes, {how}")
    assert restored(tf.ones((1, 3, 4, 5))).shape == (10, 6)


def test_what_cannot_be_traced_is_said_without_colours(tmp_path: Path) -> None:
    class Eager(tf.keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return x.numpy()

    with pytest.raises(ValueError, match="cannot be traced: AttributeError") as raised:
        loaded(Eager(), tmp_path, Inputs((tf.ones((1, 2)),)))
    assert "\x1b" not in str(raised.value)
