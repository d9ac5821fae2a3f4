"""Mappings and arrays of every kind."""

from __future__ import annotations

import collections
import subprocess
import sys

import numpy as np
import pytest
import torch
from weights.comparison import image

from transpile.weights import StateDictError, load_state_dict, read_state_dict

tf = pytest.importorskip("tensorflow")
K = tf.keras.layers

WEIGHT = np.round(image(3, 2) * 8) / 8  # representable in every dtype below
KINDS = {
    "numpy float64": lambda a: a.astype(np.float64),
    "numpy float16": lambda a: a.astype(np.float16),
    "nested list of numbers": lambda a: a.tolist(),
    "not contiguous": lambda a: np.asfortranarray(a),
    "torch parameter": lambda a: torch.nn.Parameter(torch.tensor(a)),
    "torch result with a gradient": lambda a: torch.nn.Parameter(torch.tensor(a)) * 1,
    "torch bfloat16": lambda a: torch.tensor(a, dtype=torch.bfloat16),
    "torch half": lambda a: torch.tensor(a).half(),
    "torch sparse": lambda a: torch.tensor(a).to_sparse(),
    "torch transposed view": lambda a: torch.tensor(a.T.copy()).T,
    "tf tensor": lambda a: tf.constant(a),
    "tf bfloat16": lambda a: tf.cast(a, tf.bfloat16),
    "tf variable": lambda a: tf.Variable(a),
    "keras variable": lambda a: tf.keras.Variable(a),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_kinds_of_arrays(kind, dtype):
    layer = K.Dense(3, use_bias=False, dtype=dtype)
    load_state_dict(layer, {"weight": KINDS[kind](WEIGHT)})
    np.testing.assert_array_equal(np.array(layer.kernel).astype(np.float32), WEIGHT.T)


def test_a_tensor_without_values_is_refused():
    with pytest.raises(ValueError, match="meta"):
        load_state_dict(K.Dense(3, use_bias=False), {"weight": torch.empty(3, 2, device="meta")})


class Lazy(collections.abc.Mapping):
    """Reads an entry each time it is asked for one, and counts."""

    def __init__(self, entries):
        self.entries, self.reads = entries, 0

    def __getitem__(self, name):
        self.reads += 1
        return self.entries[name].copy()

    def __iter__(self):
        return iter(self.entries)

    def __len__(self):
        return len(self.entries)


def test_a_mapping_that_reads_when_asked():
    lazy = Lazy({"weight": WEIGHT, "bias": np.ones(3)})
    layer = K.Dense(3)
    load_state_dict(layer, lazy)
    np.testing.assert_array_equal(layer.kernel, WEIGHT.T)
    assert lazy.reads == 4  # once for the shape, once for the values


def test_an_open_safetensors_file(tmp_path):
    safetensors = pytest.importorskip("safetensors")
    from safetensors.torch import save_file

    tensors = {"weight": torch.tensor(WEIGHT, dtype=torch.bfloat16), "bias": torch.ones(3)}
    save_file(tensors, tmp_path / "a.safetensors")
    with safetensors.safe_open(tmp_path / "a.safetensors", "pt") as file:
        layer = K.Dense(3)
        assert load_state_dict(layer, file).loaded == sorted(tensors)
        np.testing.assert_array_equal(layer.kernel, WEIGHT.T)
        with pytest.raises(StateDictError, match=r"weight: wanted \(4, 2\), given \(3, 2\)"):
            load_state_dict(K.Dense(4), file)
    layer = K.Dense(3)
    load_state_dict(layer, read_state_dict(tmp_path / "a.safetensors"))
    np.testing.assert_array_equal(layer.kernel, WEIGHT.T)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda s: s,
        lambda s: {"state_dict": s, "epoch": 3},
        lambda s: {"model": {"state_dict": s}, "optimizer": {"state": {}}},
        lambda s: {"ema": s, "args": None},
        lambda s: {f"module.{name}": value for name, value in s.items()},
    ],
)
def test_read_state_dict(tmp_path, wrap):
    state = {"weight": torch.tensor(WEIGHT), "bias": torch.ones(3)}
    torch.save(wrap(state), tmp_path / "a.pth")
    found = read_state_dict(tmp_path / "a.pth")
    assert list(found) == list(state)
    np.testing.assert_array_equal(found["weight"], WEIGHT)


def test_files_without_a_state_dict(tmp_path):
    torch.save({"epoch": 3, "module.x": "text"}, tmp_path / "a.pth")
    with pytest.raises(ValueError, match="holds no state dict: it is a dict of 'epoch'"):
        read_state_dict(tmp_path / "a.pth")
    torch.save(Lazy({}), tmp_path / "b.pth")
    with pytest.raises(ValueError, match="refused, nothing of it was run"):
        read_state_dict(tmp_path / "b.pth")
    state = {
        "module.weight": torch.ones(2),
        "weight": torch.ones(2),
    }  # only some names have the prefix: it is a name
    torch.save(state, tmp_path / "c.pth")
    assert list(read_state_dict(tmp_path / "c.pth")) == list(state)


def test_importing_brings_neither_framework():
    code = "import sys, transpile.weights; print(sorted({'torch', 'tensorflow', 'keras'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
