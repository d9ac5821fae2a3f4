"""Tensors streamed into files: from a mapped file, from memory, in any order and dtype."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from transpile.weights.files import FileError, FileTensor, open_checkpoint
from transpile.weights.files.mapped import Mapped
from transpile.weights.writing import pieces as streaming
from transpile.weights.writing import writer_for
from transpile.weights.writing.pieces import Behind, fill, pieces


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "_PIECE", 16)


@pytest.fixture
def mapped(tmp_path: Path) -> tuple[Mapped, np.ndarray[Any, Any]]:
    values = np.arange(30, dtype=np.float32)
    (tmp_path / "f").write_bytes(b"head" + values.tobytes())
    return Mapped(tmp_path / "f"), values


def _tensor(mapped: Mapped, read: Any, shape: tuple[int, ...], **more: Any) -> FileTensor:
    return FileTensor(shape, np.dtype(np.float32), read, file=mapped, **more)


def _held(value: Any) -> FileTensor:
    return FileTensor(value.shape, value.dtype, lambda: value)


def test_only_values_that_lie_together_have_a_place(mapped: Any) -> None:
    file, values = mapped
    array = file.array(4, 30, values.dtype).reshape(5, 6)
    assert file.place(array) == 4 and file.place(array[2:]) == 4 + 48
    assert file.place(array.T) is None and file.place(array[:, 1:]) is None
    assert file.place(array.copy()) is None and file.place(np.ascontiguousarray(array.T)) is None


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("change", ["as it is", "transposed", "copied", "a part"])
def test_the_bytes_are_those_of_the_array(mapped: Any, change: str) -> None:
    file, values = mapped
    view = file.array(4, 30, values.dtype).reshape(5, 6)
    array = {"as it is": view, "transposed": view.T, "copied": view.copy(), "a part": view[1:3]}[change]
    seen: list[Any] = []
    tensor = _tensor(file, lambda: array, array.shape, watch=lambda piece: seen.extend(piece))
    assert b"".join(bytes(piece) for piece in pieces(tensor)) == array.tobytes()
    assert seen == array.ravel().tolist()
    room = np.zeros(array.nbytes, np.uint8)
    fill(tensor, room)
    assert room.tobytes() == array.tobytes() and seen == array.ravel().tolist() * 2


@pytest.mark.usefixtures("small")
def test_other_byte_orders_become_little_endian(tmp_path: Path) -> None:
    values = np.arange(9, dtype=">f4")
    (tmp_path / "f").write_bytes(values.tobytes())
    file = Mapped(tmp_path / "f")
    tensor = FileTensor((9,), values.dtype, lambda: file.array(0, 9, values.dtype), file=file)
    assert b"".join(bytes(piece) for piece in pieces(tensor)) == values.astype("<f4").tobytes()


@pytest.mark.usefixtures("small")
def test_a_piece_stays_while_the_next_is_read(mapped: Any) -> None:
    file, values = mapped
    last: memoryview | None = None
    for number, piece in enumerate(pieces(_tensor(file, lambda: file.array(4, 30, values.dtype), (30,)))):
        if last is not None:
            assert bytes(last) == values[4 * (number - 1) : 4 * number].tobytes()
        last = piece


def test_a_file_that_shrinks_while_it_is_read(mapped: Any) -> None:
    file, values = mapped
    array = file.array(4, 30, values.dtype)
    file.path.write_bytes(b"head")
    with pytest.raises(FileError, match="cut short"):
        list(pieces(_tensor(file, lambda: array, (30,))))


def test_what_goes_wrong_behind_is_raised(tmp_path: Path) -> None:
    class Full:
        def write(self, data: memoryview) -> int:
            raise OSError(28, "No space left on device")

        def close(self) -> None:
            pass

    with pytest.raises(OSError, match="No space"), Behind(tmp_path / "f") as file:
        file._file.close()
        file._file = Full()  # type: ignore[assignment]
        file.write(b"abc")  # only taken: the error comes with the end


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no device that is always full")
@pytest.mark.parametrize("suffix", [".npz", ".pth", ".safetensors"])
def test_a_full_disk_is_said_as_such(tmp_path: Path, suffix: str) -> None:
    place = tmp_path / f"full{suffix}"
    place.symlink_to("/dev/full")
    output = writer_for(place)
    assert output is not None
    with pytest.raises(OSError, match="No space"):
        output.write(place, {"a": _held(np.zeros(2_000_000, np.float32))}, lambda count: None)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", ["o.safetensors", "o.npz", "o.pth", "o.ckpt", "o.h5"])
def test_every_dtype_and_shape_comes_back(tmp_path: Path, name: str) -> None:
    random = np.random.default_rng(0)
    arrays: dict[str, Any] = {
        "kernel": random.standard_normal((7, 5)).astype(np.float32),
        "turned": random.standard_normal((7, 5)).astype(np.float32).T,
        "half": random.standard_normal(3).astype(np.float16),
        "double": random.standard_normal((2, 2)),
        "count": np.array(7),
        "flags": np.array([True, False, True]),
        "bytes": np.arange(200, dtype=np.uint8),
        "none": np.zeros((0, 4), np.float32),
    }
    if name not in ("o.npz", "o.h5"):
        arrays["brain"] = random.standard_normal((3, 3)).astype(ml_dtypes.bfloat16)
    output = writer_for(tmp_path / name)
    assert output is not None
    counted: list[int] = []
    tensors = {key: _held(value) for key, value in arrays.items()}
    output.write(tmp_path / name, tensors, counted.append)
    assert sum(counted) == sum(value.nbytes for value in arrays.values())
    place = tmp_path / name
    found = open_checkpoint(place if place.exists() else tmp_path / f"{name}.index", False).tree
    assert set(found) == set(arrays)
    for key, value in arrays.items():
        read = found[key].numpy()
        assert read.dtype == value.dtype and read.shape == value.shape, key
        np.testing.assert_array_equal(read, value)


def test_a_checkpoint_in_many_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The memory of a part is used again by the one after the next."""
    from transpile.weights.writing import tensorflow as writing

    tf = pytest.importorskip("tensorflow")
    monkeypatch.setattr(writing, "PART", 3000)
    random = np.random.default_rng(0)
    arrays = {f"w{i}": random.standard_normal(100 + 37 * i).astype(np.float32) for i in range(20)}
    tensors = {key: _held(value) for key, value in arrays.items()}
    writing.write_checkpoint(tmp_path / "o", tensors, lambda count: None)
    reader = tf.train.load_checkpoint(str(tmp_path / "o"))
    assert len(list(tmp_path.iterdir())) == 2 or not list(tmp_path.glob("*_part*"))
    for key, value in arrays.items():
        np.testing.assert_array_equal(reader.get_tensor(key), value)
