"""Checkpoints of every kind: the same tensors as torch reads, nothing run, and one clear error for a bad file."""

from __future__ import annotations

import os
import pickle
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from transpile.weights import load_state_dict, read_state_dict
from transpile.weights.checkpoint import read_contents
from transpile.weights.files import FileError, FileTensor, open_checkpoint
from transpile.weights.files.pickle_machine import Damaged, PickleMachine

ROOT = Path(__file__).parents[2]


def model() -> nn.Module:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Embedding(5, 4), nn.Linear(4, 5))
    module[3].weight = module[2].weight
    return module


def assert_same(found: dict[str, Any], wanted: dict[str, torch.Tensor]) -> None:
    assert list(found) == list(wanted)
    for name, tensor in wanted.items():
        array = found[name].numpy()
        assert tuple(found[name].shape) == tuple(tensor.shape) == array.shape
        assert array.dtype.name == str(tensor.dtype).removeprefix("torch.")
        np.testing.assert_array_equal(array.astype(np.float64), tensor.double().numpy())


class Evil:
    def __reduce__(self) -> Any:
        return os.system, ("touch owned",)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("zipped", [True, False])
def test_state_dict(zipped: bool) -> None:
    state = model().state_dict()
    torch.save(state, "a.pth", _use_new_zipfile_serialization=zipped)
    found = read_state_dict("a.pth")
    assert_same(found, state)
    assert found["2.weight"].storage == found["3.weight"].storage != found["0.weight"].storage


@pytest.mark.parametrize("zipped", [True, False])
def test_views_and_dtypes(zipped: bool) -> None:
    base = torch.arange(24.0).reshape(4, 6)
    state = {
        "transposed": base.t(),
        "part": base[1:3, ::2],
        "expanded": torch.ones(1, 3).expand(4, 3),
        "scalar": torch.tensor(3),
        "empty": torch.zeros(0, 4),
    }
    dtypes = (torch.bfloat16, torch.float16, torch.float64, torch.int8, torch.uint8, torch.bool, torch.int32)
    state |= {str(dtype): base.to(dtype) for dtype in dtypes}
    torch.save(state, "a.pth", _use_new_zipfile_serialization=zipped)
    assert_same(read_state_dict("a.pth"), state)


def test_sparse_quantized_parameters_and_numpy() -> None:
    torch.save({"w": nn.Parameter(torch.ones(2)), "s": torch.eye(3).to_sparse(), "n": np.arange(3)}, "a.pth")
    found = dict(open_checkpoint(Path("a.pth")).entries())
    assert found["w"].is_parameter
    np.testing.assert_array_equal(found["s"].numpy(), np.eye(3))
    np.testing.assert_array_equal(found["n"].numpy(), np.arange(3))


def test_what_a_training_script_saves() -> None:
    module = model()
    optimizer = torch.optim.SGD(module.parameters(), 0.1)
    state = {f"module._orig_mod.{name}": tensor for name, tensor in module.state_dict().items()}
    torch.save({"model": state, "ema": state, "optimizer": optimizer.state_dict(), "epoch": 3}, "a.pth")
    found = read_contents(Path("a.pth"))
    assert_same(found.state, module.state_dict())
    assert found.key == "model" and found.optimizer is not None
    assert found.notes == [
        "the weights stand under model",
        "the prefix module. of every name was taken off",
        "the prefix _orig_mod. of every name was taken off",
        "there are more weights under ema (--key takes them)",
    ]
    assert read_contents(Path("a.pth"), key="ema").key == "ema"
    with pytest.raises(FileError, match="no state dict under teacher"):
        read_contents(Path("a.pth"), key="teacher")


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickled_model_is_refused_and_taken_apart_where_that_is_asked_for(zipped: bool) -> None:
    module = model()
    module.register_buffer("unsaved", torch.ones(1), persistent=False)
    torch.save({"model": module}, "a.pth", _use_new_zipfile_serialization=zipped)
    with pytest.raises(FileError, match=r"nothing of it was run.*Sequential.*--allow-pickle"):
        read_state_dict("a.pth")
    found = read_contents(Path("a.pth"), allow_pickle=True)
    assert_same(found.state, module.state_dict())
    assert found.state["0.weight"].is_parameter and not found.state["1.running_mean"].is_parameter


@pytest.mark.parametrize("allow", [True, False])
@pytest.mark.parametrize("zipped", [True, False, None])
def test_a_pickle_that_calls_something_runs_nothing(zipped: bool | None, allow: bool) -> None:
    if zipped is None:
        Path("a.pth").write_bytes(pickle.dumps({"a": Evil()}, protocol=4))
    else:
        torch.save({"a": Evil()}, "a.pth", _use_new_zipfile_serialization=zipped)
    with pytest.raises(FileError, match="holds no state dict" if allow else r"refused.*(posix|nt)\.system"):
        read_contents(Path("a.pth"), allow_pickle=allow)
    assert not Path("owned").exists()


def test_torchscript() -> None:
    module = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)).eval()
    torch.jit.script(module).save("a.pt")
    assert set(read_state_dict("a.pt")) >= set(module.state_dict())


def test_safetensors_and_shards() -> None:
    from safetensors.torch import save_file

    state = {"a": torch.randn(2, 3).bfloat16(), "b": torch.randn(3).half(), "c": torch.tensor(3)}
    save_file(state, "a.safetensors")
    assert_same(dict(sorted(read_state_dict("a.safetensors").items())), state)
    save_file({"d": torch.ones(2)}, "b.safetensors")
    index = '{"weight_map": {"a": "a.safetensors", "d": "b.safetensors"}}'
    Path("m.safetensors.index.json").write_text(index)
    assert list(read_state_dict("m.safetensors.index.json")) == ["a", "d"]
    assert list(read_state_dict(".")) == ["a", "d"]
    Path("b.safetensors").unlink()
    with pytest.raises(FileError, match=r"b\.safetensors is missing"):
        read_state_dict(".")
    Path("m.safetensors.index.json").write_text('{"weight_map": {"a": "../a.safetensors"}}')
    with pytest.raises(FileError, match="outside of its folder"):
        read_state_dict(".")


def test_npz_and_hdf5() -> None:
    import h5py

    np.savez("a.npz", **{"x.weight": np.ones((2, 3), np.float32), "n": np.arange(3)})
    np.savez_compressed("b.npz", w=np.ones(3))
    with h5py.File("a.h5", "w") as file:
        file["layers/dense/vars/0"] = np.ones((2, 3), np.float32)
    for name, key in (("a.npz", "x.weight"), ("b.npz", "w"), ("a.h5", "layers/dense/vars/0")):
        assert np.all(read_state_dict(name)[key].numpy() == 1)
    np.savez("c.npz", w=np.array([Evil()], dtype=object))
    with pytest.raises(FileError, match=r"refused: w\.npy is a pickle"):
        read_state_dict("c.npz")


def test_tensorflow_checkpoints() -> None:
    tf = pytest.importorskip("tensorflow")
    dense = tf.keras.layers.Dense(3)
    dense(np.ones((1, 2), np.float32))
    tf.train.Checkpoint(dense=dense).write("folder/a")
    for path in ("folder/a", "folder/a.index", "folder/a.data-00000-of-00001", "folder"):
        opened = open_checkpoint(Path(path))
        assert opened.format == "TensorFlow checkpoint of objects"
        shapes = {name: value.shape for name, value in opened.entries()}
        assert shapes == {
            "dense/_kernel/.ATTRIBUTES/VARIABLE_VALUE": (2, 3),
            "dense/bias/.ATTRIBUTES/VARIABLE_VALUE": (3,),
        }
    data = Path("folder/a.data-00000-of-00001")
    data.write_bytes(data.read_bytes()[:4])
    with pytest.raises(FileError, match="damaged"):
        for _, value in open_checkpoint(Path("folder/a")).entries():
            value.numpy()


def test_a_file_that_is_cut_short_or_changed_is_one_error() -> None:
    state = model().state_dict()
    torch.save(state, "a.pth")
    torch.save(state, "b.pth", _use_new_zipfile_serialization=False)
    random = np.random.default_rng(0)
    for name in ("a.pth", "b.pth"):
        whole = Path(name).read_bytes()
        for end in [0, 1, 3, *random.integers(4, len(whole), 30), len(whole) - 1]:
            Path("cut.pth").write_bytes(whole[:end])
            with pytest.raises(FileError, match=r"^cut\.pth: .*(cut short|damaged|empty|no checkpoint)"):
                read_state_dict("cut.pth")
        for _ in range(100):
            data = bytearray(whole)
            for place in random.integers(0, min(2000, len(data)), 3):
                data[place] = random.integers(256)
            Path("changed.pth").write_bytes(data)
            try:
                for value in read_state_dict("changed.pth").values():
                    assert not isinstance(value, FileTensor) or value.numpy() is not None
            except FileError as error:
                assert "\n" not in str(error)


def test_bombs() -> None:
    torch.save({"w": torch.zeros(1).expand(100_000, 100_000)}, "a.pth")
    with pytest.raises(FileError, match="refused"):
        read_state_dict("a.pth")
    with zipfile.ZipFile("b.pth", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", b"\x80\x02}.")
        archive.writestr("a/data/0", bytes(200_000_000))
    with pytest.raises(FileError, match=r"unpack to .* times as many"):
        read_state_dict("b.pth")
    # an index into the memo that would make a list of four billion places, and a nest of shared lists
    machine = PickleMachine({}, lambda identity: None)
    assert machine.load(b"\x80\x02]r\xff\xff\xff\xff.") == []
    nested = b"\x80\x02]q\x00" + b"".join(b"](h%ch%ceq%c" % (i, i, i + 1) for i in range(60)) + b"."
    Path("c.pkl").write_bytes(nested)
    with pytest.raises(FileError, match="more than"):
        list(open_checkpoint(Path("c.pkl")).entries())


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x02.",
        b"\x80\x02e.",
        b"\x80\x02]",
        b"\x80\x02\x8a\xff",
        b"\x80\x02]}s.",
        b"\x80\x02R.",
        b"\x80\x02NR.",
    ],
)
def test_a_broken_pickle(data: bytes) -> None:
    with pytest.raises(Damaged):
        PickleMachine({}, lambda identity: None).load(data)


def test_a_tensor_outside_of_its_storage() -> None:
    torch.save({"w": torch.arange(6.0)}, "a.pth")
    with zipfile.ZipFile("a.pth") as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    (name,) = (name for name in members if name.endswith("data.pkl"))
    assert members[name].count(b"K\x06\x85") == 1  # the shape (6,)
    members[name] = members[name].replace(b"K\x06\x85", b"K\x07\x85")
    with zipfile.ZipFile("b.pth", "w") as archive:
        for member, data in members.items():
            archive.writestr(member, data)
    with pytest.raises(FileError, match="does not lie within its storage"):
        read_state_dict("b.pth")


def test_nothing_known() -> None:
    Path("a.txt").write_text("hello")
    with pytest.raises(FileError, match=r"a\.txt: is no checkpoint of a known format"):
        open_checkpoint(Path("a.txt"))
    with pytest.raises(FileError, match="no such file"):
        open_checkpoint(Path("b.pth"))
    Path("c.safetensors").write_bytes(struct.pack("<Q", 10) + b"{}")
    with pytest.raises(FileError, match="damaged or cut short"):
        open_checkpoint(Path("c.safetensors"))


def test_torch_need_not_be_installed() -> None:
    torch.save(model().state_dict(), "a.pth")
    code = (
        "import sys; sys.modules['torch'] = sys.modules['tensorflow'] = None\n"
        "from transpile.weights import read_state_dict\n"
        "print(sum(float(v.numpy().sum()) for v in read_state_dict('a.pth').values()))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_keras_layer_takes_what_was_read() -> None:
    tf = pytest.importorskip("tensorflow")
    torch.save(nn.Linear(2, 3).state_dict(), "a.pth")
    layer = tf.keras.layers.Dense(3)
    assert load_state_dict(layer, read_state_dict("a.pth")).loaded == ["weight", "bias"]
