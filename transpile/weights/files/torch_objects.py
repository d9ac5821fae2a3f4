"""What the names in a torch checkpoint stand for: tensors, storages, dtypes and plain containers.

`NAMES` is the whole of what a checkpoint may ask for, close to what torch.load(weights_only=True) allows. Every
handler is safe with any argument.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from transpile.weights.arrays import Array
from transpile.weights.files.pickle_machine import Damaged
from transpile.weights.files.tensor import FileTensor, Held, dtype_named

NAMES: dict[str, Any] = {}


def handles(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The decorated function stands for these names."""

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        NAMES.update(dict.fromkeys(names, function))
        return function

    return add


@dataclass(frozen=True)
class Storage:
    """A piece of the file, as elements of one dtype. read: all of it, flat."""

    dtype: np.dtype[Any]
    count: int
    key: str
    read: Callable[[], Array]
    file: Held | None = None


@dataclass(frozen=True)
class StorageType:
    """`torch.FloatStorage` and the like; None: bytes, whose dtype the tensor says."""

    dtype: np.dtype[Any] | None


class Placeholder:
    """A value of torch's own that says nothing about weights: a device, a layout, a quantization scheme."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


# fmt: off
_DTYPES = (
    "float64", "float32", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2", "int64", "int32", "int16", "int8",
    "uint8", "uint16", "uint32", "uint64", "bool", "complex64", "complex128", "qint8", "quint8", "qint32",
)
_STORAGES = (
    "Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool", "ComplexFloat",
    "ComplexDouble", "QInt8", "QUInt8", "QInt32",
)
# fmt: on
_SCHEMES = ("per_tensor_affine", "per_channel_affine", "strided", "sparse_coo", "sparse_csr")

for _name in _DTYPES:
    NAMES[f"torch.{_name}"] = dtype_named(_name)
for _name in _STORAGES:
    for _module in ("torch", "torch.storage", "torch.cuda"):
        NAMES[f"{_module}.{_name}Storage"] = StorageType(dtype_named(_name))
NAMES["torch.storage.UntypedStorage"] = NAMES["torch.UntypedStorage"] = StorageType(None)
NAMES.update({f"torch.{_name}": Placeholder(_name) for _name in _SCHEMES})


def _plain(kind: Callable[..., Any], *allowed: type) -> Callable[..., Any]:
    """A builtin type that is called with at most one argument of the allowed kinds."""

    def make(*args: Any) -> Any:
        if len(args) > 1 or not all(isinstance(arg, allowed) for arg in args):
            raise Damaged("a plain value is made of something else")
        return kind(*args)

    return make


_COLLECTIONS = (list, tuple, dict, set, frozenset)
for _module in ("builtins", "__builtin__"):
    for _kind in (list, tuple, dict, set, frozenset):
        NAMES[f"{_module}.{_kind.__name__}"] = _plain(_kind, *_COLLECTIONS)
    NAMES[f"{_module}.bytearray"] = _plain(bytearray, bytes, bytearray)
NAMES["torch.Size"] = _plain(tuple, *_COLLECTIONS)
NAMES["collections.OrderedDict"] = NAMES["collections.Counter"] = _plain(dict, *_COLLECTIONS)


@handles("builtins.complex", "__builtin__.complex")
def _complex(real: float, imaginary: float) -> complex:
    return complex(real, imaginary)


@handles("collections.defaultdict")
def _defaultdict(*_: Any) -> dict[Any, Any]:
    return {}


@handles("torch.device")
def _device(*args: Any) -> Placeholder:
    return Placeholder(":".join(str(arg) for arg in args if isinstance(arg, (str, int))))


@handles("torch.serialization._get_layout")
def _layout(name: str) -> Placeholder:
    return Placeholder(str(name))


@handles("_codecs.encode")
def _encode(text: str, encoding: str = "latin1") -> bytes:
    # How Python 2's pickles write bytes. A codec of another name could run code.
    if codecs.lookup(encoding).name not in ("iso8859-1", "utf-8", "ascii") or not isinstance(text, str):
        raise Damaged("bytes in an unknown encoding")
    return text.encode(encoding)


@handles("torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor")
def _tensor(
    storage: Storage, offset: int, size: Any, stride: Any, *rest: Any, dtype: np.dtype[Any] | None = None
) -> FileTensor:
    if not isinstance(storage, Storage):
        raise Damaged("a tensor without a storage")
    shape, strides = tuple(int(n) for n in size), tuple(int(n) for n in stride)
    dtype = storage.dtype if dtype is None else dtype
    count = storage.count * storage.dtype.itemsize // dtype.itemsize
    empty = 0 in shape
    last = int(offset) + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
    if min((*shape, *strides, int(offset)), default=0) < 0 or (not empty and last >= count):
        raise Damaged(f"a tensor of shape {shape} does not lie within its storage of {count} elements")
    metadata = rest[2] if len(rest) > 2 and isinstance(rest[2], dict) else {}

    def read() -> Array:
        flat = storage.read()
        if flat.dtype != dtype:
            flat = flat.view(dtype)
        steps = [step * dtype.itemsize for step in strides]
        array = np.lib.stride_tricks.as_strided(flat[int(offset) :], shape, steps, writeable=False)
        array = array.conj() if metadata.get("conj") else array
        return -array if metadata.get("neg") else array

    return FileTensor(shape, dtype, read, (storage.key, int(offset), shape, strides), file=storage.file)


@handles("torch._utils._rebuild_tensor_v3")
def _tensor_v3(
    storage: Any, offset: int, size: Any, stride: Any, grad: Any, hooks: Any, dtype: Any, *rest: Any
) -> Any:
    if not isinstance(dtype, np.dtype):
        raise Damaged("a tensor without a dtype")
    return _tensor(storage, offset, size, stride, grad, hooks, *rest, dtype=dtype)


@handles("torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state")
def _parameter(data: Any, *_: Any) -> Any:
    return data.as_parameter() if isinstance(data, FileTensor) else data


NAMES["torch.nn.parameter.Parameter"] = NAMES["torch.nn.Parameter"] = _parameter
NAMES["torch.Tensor"] = NAMES["torch._tensor.Tensor"] = Placeholder("Tensor")


@handles("torch._tensor._rebuild_from_type_v2")
def _from_type(function: Any, kind: Any, args: Any, state: Any) -> Any:
    handler = getattr(function, "handler", None)
    if not callable(handler) or not isinstance(args, tuple):
        raise Damaged("a tensor is made by something else")
    return _parameter(handler(*args)) if "Parameter" in str(kind) else handler(*args)


@handles("torch._utils._rebuild_sparse_tensor")
def _sparse(layout: Any, data: Any) -> FileTensor:
    if str(layout) not in ("torch.sparse_coo", "sparse_coo"):
        raise Damaged(f"a sparse tensor with the layout {layout}, which is not read")
    indices, values, size = data[:3]
    shape = tuple(int(n) for n in size)

    def read() -> Array:
        dense: Array = np.zeros(shape, values.dtype)
        np.add.at(dense, tuple(indices.numpy()), values.numpy())
        return dense

    return FileTensor(shape, values.dtype, read)


@handles("torch._utils._rebuild_qtensor")
def _quantized(storage: Any, offset: int, size: Any, stride: Any, scheme: Any, *_: Any) -> FileTensor:
    stored = _tensor(storage, offset, size, stride)
    kind, scale, zero, *axis = scheme

    def read() -> Array:
        if kind is not NAMES["torch.per_channel_affine"]:
            return ((stored.numpy().astype(np.float32) - np.float32(zero)) * np.float32(scale)).astype(
                np.float32
            )
        shape = [1] * len(stored.shape)
        shape[axis[0]] = -1
        scales, zeros = (part.numpy().astype(np.float32).reshape(shape) for part in (scale, zero))
        return (stored.numpy().astype(np.float32) - zeros) * scales

    return FileTensor(stored.shape, np.dtype(np.float32), read)


@handles("torch._utils._rebuild_meta_tensor_no_storage")
def _meta(dtype: Any, size: Any, *_: Any) -> FileTensor:
    def read() -> Array:
        raise Damaged("a tensor on the meta device has no values")

    return FileTensor(tuple(int(n) for n in size), np.dtype(dtype), read)


class _NumpyDtype:
    """`numpy.dtype` while its pickle is read: byte order comes with BUILD."""

    def __init__(self, code: str) -> None:
        self.dtype = np.dtype(code)
        if self.dtype.hasobject:
            raise Damaged("a numpy array of Python objects")

    def build_from_pickle(self, state: Any) -> _NumpyDtype:
        if isinstance(state, tuple) and len(state) > 1 and state[1] in ("<", ">"):
            self.dtype = self.dtype.newbyteorder(state[1])
        return self


class _NumpyArray:
    """A numpy array while its pickle is read: all that matters comes with BUILD."""

    def build_from_pickle(self, state: Any) -> FileTensor:
        _, shape, kind, in_columns, data = state
        if not isinstance(kind, _NumpyDtype) or not isinstance(data, bytes):
            raise Damaged("a numpy array of Python objects")
        array = np.frombuffer(data, kind.dtype).reshape(shape, order="F" if in_columns else "C")
        return FileTensor(array.shape, array.dtype, lambda: array)


@handles("numpy.dtype")
def _dtype(code: Any, *_: Any) -> _NumpyDtype:
    if not isinstance(code, str):
        raise Damaged("a dtype that is no text")
    return _NumpyDtype(code)


@handles("numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct")
def _array(*_: Any) -> _NumpyArray:
    return _NumpyArray()


NAMES["numpy.ndarray"] = Placeholder("ndarray")


@handles("numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar")
def _scalar(kind: Any, data: Any = b"") -> Any:
    if not isinstance(kind, _NumpyDtype) or not isinstance(data, bytes):
        raise Damaged("a numpy scalar of a Python object")
    return np.frombuffer(data, kind.dtype, 1)[0].item()


@handles(*(f"torch.jit._pickle.build_{_kind}list" for _kind in ("int", "tensor", "double", "bool")))
def _jit_list(items: Any) -> Any:
    return items


@handles("torch.jit._pickle.restore_type_tag")
def _jit_tag(value: Any, _: Any) -> Any:
    return value
