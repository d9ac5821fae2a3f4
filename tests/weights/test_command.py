"""transpile weights: every route, read back by plain TensorFlow where neither torch nor transpile can be imported."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from weights.comparison import stirred

from transpile.cli import main

tf = pytest.importorskip("tensorflow")
Capture = pytest.CaptureFixture[str]
ROOT = Path(__file__).parents[2]

NET = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, channels=4):
        super().__init__()
        self.conv = nn.Conv2d(3, channels, 3, padding=1)
        self.bn = nn.BatchNorm2d(channels)
        self.blocks = nn.ModuleList([nn.Conv2d(channels, channels, 1, groups=2) for _ in range(2)])
        self.tail = nn.Sequential(nn.Conv2d(channels, channels, 1), nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU()))
        self.embed = nn.Embedding(5, channels)
        self.head = nn.Linear(channels, 5, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, x):
        x = torch.relu(self.bn(self.conv(x)))
        for block in self.blocks:
            x = block(x)
        return self.head(self.tail(x).mean((2, 3)))
"""

PLAIN = """\
import sys
for name in ("torch", "torchvision", "transpile"):
    sys.modules[name] = None
import numpy as np
import tensorflow as tf
kind, path = sys.argv[1:]
x = np.moveaxis(np.load("x.npy"), 1, -1)
if kind == "saved_model":
    loaded = tf.saved_model.load(path)
    y = loaded(x)
    z = loaded.signatures["serving_default"](tf.constant(x))["output_0"]
    assert np.array_equal(y, z)
    assert loaded(x[:1, :5]).shape == (1, 5)
else:
    import net_tf
    import keras
    model = net_tf.Net()
    model(x)
    if kind == "weights":
        keras.saving.load_weights(model, path)
    else:
        root = tf.train.Checkpoint(model) if kind == "root" else tf.train.Checkpoint(model=model)
        status = root.restore(path)
        model(x)  # a Sequential has its variables from the first call on
        status.assert_consumed()
        status.assert_existing_objects_matched()
    y = model(x)
np.save("y.npy", y)
"""


def make(seed: int = 0) -> Any:
    namespace: dict[str, Any] = {}
    exec(NET, namespace)
    module = stirred(namespace["Net"](), seed)
    module.head.weight = module.embed.weight
    return module


@pytest.fixture(autouse=True)
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(NET)
    module = make()
    torch.save({"model": module.state_dict(), "epoch": 3}, "net.pth")
    x = torch.randn(2, 3, 8, 8)
    np.save("x.npy", x.numpy())
    with torch.no_grad():
        np.save("wanted.npy", module(x).numpy())
    return module


def files() -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in Path().rglob("*") if path.is_file()}


def plain_tensorflow(kind: str, path: str) -> None:
    Path("plain.py").write_text(PLAIN)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "plain.py", kind, path], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(np.load("y.npy"), np.load("wanted.npy"), rtol=0, atol=1e-5)


def test_a_checkpoint_is_restored_by_plain_tensorflow(capsys: Capture) -> None:
    assert main(["net.py", "-o", "net_tf.py"]) == 0
    assert main(["weights", "net.pth", "--model", "net.py:Net()", "-o", "out/net"]) == 0
    out = capsys.readouterr().out
    assert "the weights stand under model" in out and "variables saved, counted in the file" in out
    assert sorted(os.listdir("out")) == ["net.data-00000-of-00001", "net.index"]
    for kind in ("checkpoint", "root"):
        plain_tensorflow(kind, "out/net")


def test_weights_h5_and_saved_model_are_read_by_plain_tensorflow() -> None:
    assert main(["net.py", "-o", "net_tf.py"]) == 0
    assert main(["weights", "net.pth", "--model", "net_tf.py:Net", "-o", "net.weights.h5"]) == 0
    plain_tensorflow("weights", "net.weights.h5")
    call = ["weights", "net.pth", "--model", "net_tf.py:Net", "-o", "saved/", "--input", "1,8,8,3"]
    assert main(call) == 0
    plain_tensorflow("saved_model", "saved")


@pytest.mark.parametrize("name", ["net", "net.weights.h5", "saved/", "net.safetensors"])
def test_the_way_back_gives_every_bit(name: str, module: Any) -> None:
    if name.endswith("safetensors"):
        assert main(["weights", "net.pth", "-o", name]) == 0
    else:
        assert main(["weights", "net.pth", "--model", "net.py:Net()", "-o", name]) == 0
    assert main(["weights", name, "--model", "net.py:Net()", "--to-torch", "-o", "back.pth"]) == 0
    found, wanted = torch.load("back.pth", weights_only=True), module.state_dict()
    assert set(found) == set(wanted)
    for key, tensor in wanted.items():
        assert found[key].dtype == tensor.dtype and torch.equal(found[key], tensor), key
    module.load_state_dict(found)


@pytest.mark.parametrize("suffix", [".npz", ".safetensors", ".pth", ".h5", ".ckpt"])
def test_without_a_model_everything_stays(suffix: str, module: Any, capsys: Capture) -> None:
    from transpile.weights.files import FileTensor, open_checkpoint

    assert main(["weights", "net.pth", "-o", f"a{suffix}"]) == 0
    found = {n: v for n, v in open_checkpoint(Path(f"a{suffix}")).entries() if isinstance(v, FileTensor)}
    assert set(found) == set(module.state_dict())
    for name, tensor in module.state_dict().items():
        np.testing.assert_array_equal(found[name].numpy(), tensor.numpy())
    if suffix == ".pth":
        again = torch.load("a.pth", weights_only=True)
        assert again["head.weight"].data_ptr() == again["embed.weight"].data_ptr()
        assert torch.load("a.pth", mmap=True, weights_only=True).keys() == again.keys()
    if suffix == ".ckpt":
        reader = tf.train.load_checkpoint("a.ckpt")
        np.testing.assert_array_equal(reader.get_tensor("conv.weight"), module.conv.weight.detach())
    before = files()
    assert main(["weights", "net.pth", "-o", f"a{suffix}"]) == 0
    assert files() == before or suffix in (".h5",)


def test_large_tensors_are_written_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    from transpile.weights.writing import tensorflow

    monkeypatch.setattr(tensorflow, "PART", 100)
    assert main(["weights", "net.pth", "-o", "out/a.ckpt"]) == 0
    assert {name.partition(".")[0] for name in os.listdir("out")} == {"a"}
    reader = tf.train.load_checkpoint("out/a.ckpt")
    np.testing.assert_array_equal(
        reader.get_tensor("head.weight"), torch.load("net.pth")["model"]["head.weight"]
    )


def test_dtypes() -> None:
    from transpile.weights.files import open_checkpoint

    for suffix in (".safetensors", ".pth", ".ckpt", ".npz"):
        for dtype in ("float16", "bfloat16"):
            status = main(["weights", "net.pth", "-o", f"a{suffix}", "--dtype", dtype])
            assert status == (2 if (suffix, dtype) == (".npz", "bfloat16") else 0)
            if status == 0:
                found = dict(open_checkpoint(Path(f"a{suffix}")).entries())
                assert found["conv.weight"].dtype.name == dtype
                assert found["bn.num_batches_tracked"].dtype.name == "int64"
    assert main(["weights", "net.pth", "--model", "net.py:Net", "-o", "half", "--dtype", "float16"]) == 0
    found = dict(open_checkpoint(Path("half")).entries())
    assert found["conv/_kernel/.ATTRIBUTES/VARIABLE_VALUE"].dtype.name == "float16"
    assert (
        main(["weights", "a.safetensors", "-o", "b.npz"]) == 0
    )  # bfloat16 has no place in a .npz: float32 holds it
    assert np.load("b.npz")["conv.weight"].dtype == np.float32


def test_names_by_a_table_and_proven_transpositions(capsys: Capture) -> None:
    Path("names.yaml").write_text("conv.*: stem.*\nbn.weight: gamma\n")
    call = ["weights", "net.pth", "-o", "a.npz", "--names", "names.yaml", "--transpose", "--format", "json"]
    assert main(call) == 0
    told = json.loads(capsys.readouterr().out)
    decisions = {entry["name"]: entry for entry in told["decisions"]}
    assert decisions["stem.weight"]["axes"] == [2, 3, 1, 0] and "gamma" in decisions
    assert decisions["head.weight"]["axes"] is None and "not proven" in decisions["head.weight"]["why"]
    assert np.load("a.npz")["stem.weight"].shape == (3, 3, 3, 4)
    Path("names.yaml").write_text("nothing: other\n")
    assert main(["weights", "net.pth", "-o", "a.npz", "--names", "names.yaml"]) == 2


def test_by_name_with_a_model() -> None:
    assert main(["weights", "net.pth", "--model", "net.py:Net()", "-o", "a", "--by-name"]) == 0
    reader = tf.train.load_checkpoint("a")
    assert reader.get_tensor("conv.weight").shape == (3, 3, 3, 4)
    assert "bn.running_var" in reader.get_variable_to_shape_map()


def refused(capsys: Capture, *words: str) -> str:
    before = files()
    assert main(["weights", *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1, captured
    assert files() == before
    return captured.err


def test_bad_input_is_one_error_and_the_target_stays(capsys: Capture, module: Any) -> None:
    Path("target.npz").write_text("old")
    whole = Path("net.pth").read_bytes()
    Path("cut.pth").write_bytes(whole[:-100])
    assert "cut short" in refused(capsys, "cut.pth", "-o", "target.npz")
    assert "no such file" in refused(capsys, "none.pth", "-o", "target.npz")
    state = module.state_dict()
    del state["conv.bias"]
    state["head.extra"] = torch.zeros(1)
    state["bn.weight"] = torch.zeros(5)
    torch.save(state, "wrong.pth")
    said = refused(capsys, "wrong.pth", "--model", "net.py:Net()", "-o", "target.npz")
    assert (
        "missing conv.bias" in said and "unexpected head.extra" in said and "wanted (4,), given (5,)" in said
    )
    assert "no such file" in refused(capsys, "net.pth", "--model", "none.py:Net", "-o", "target.npz")
    assert "AttributeError" in refused(
        capsys, "net.pth", "--model", "net.py:Net().nothing", "-o", "target.npz"
    )
    assert "belongs to a model" in refused(capsys, "net.pth", "-o", "a.weights.h5")
    assert ".weights.h5 takes it" in refused(capsys, "net.pth", "--model", "net.py:Net()", "-o", "a.keras")
    assert "no state of an optimizer" in refused(capsys, "net.pth", "--optimizer", "-o", "a")
    assert main(["weights", "wrong.pth", "--model", "net.py:Net()", "-o", "part", "--partial"]) == 0
    out = capsys.readouterr().out
    assert "warning: missing: conv.bias" in out and "warning: unexpected: head.extra" in out


def test_what_is_no_number_is_reported(capsys: Capture, module: Any) -> None:
    state = module.state_dict()
    state["conv.bias"][1] = float("nan")
    torch.save(state, "nan.pth")
    for words in (["-o", "a.npz"], ["--model", "net.py:Net()", "-o", "a"]):
        assert main(["weights", "nan.pth", *words]) == 0
        assert "warning: conv.bias: 1 values are NaN or infinite" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("out", ["a.npz", "a.safetensors", "a.pth", "a.h5", "a.ckpt", "m", "m.weights.h5"])
def test_a_full_disk_leaves_the_target_as_it_was(out: str) -> None:
    model = ["--model", "net.py:Net()"] if out.startswith("m") else []
    assert main(["weights", "net.pth", *model, "-o", out]) == 0
    before = files()
    code = "import sys\nfrom transpile.cli import main\nsys.exit(main(sys.argv[1:]))"
    np.save("y.npy", np.zeros(1))

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))

    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    Path("y.npy").unlink()
    words = ["weights", "net.pth", *model, "-o", out]
    if model:  # the limit would keep the translation from being written, too
        assert main(["net.py", "-o", "net_tf.py"]) == 0
        words[3] = "net_tf.py:Net()"
        before = files()
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        capture_output=True,
        text=True,
        env=environment,
        preexec_fn=limit,
        check=False,
    )
    assert done.returncode == 2, done
    assert "transpile: error:" in done.stderr and "Traceback" not in done.stderr
    assert files() == before


def test_a_pickled_model_needs_to_be_allowed(capsys: Capture) -> None:
    torch.save(nn.Sequential(nn.Linear(2, 3)), "whole.pth")
    assert "--allow-pickle" in refused(capsys, "whole.pth", "-o", "a.npz")
    assert main(["weights", "whole.pth", "-o", "a.npz", "--allow-pickle"]) == 0
    assert "no code was run" in capsys.readouterr().out
    assert sorted(np.load("a.npz")) == ["0.bias", "0.weight"]
