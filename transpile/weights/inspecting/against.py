"""How a checkpoint fits a model: what is missing, extra or of another shape, optimizer slots apart from weights."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from transpile.weights.arrays import sources
from transpile.weights.contents import contents
from transpile.weights.files import FileError, FileTensor, Opened, open_checkpoint
from transpile.weights.files.tensorflow import OBJECT_GRAPH, prefix_of
from transpile.weights.inspecting.groups import split
from transpile.weights.keras_files.mirror import Mirror
from transpile.weights.keras_files.weights_h5 import save_weights
from transpile.weights.places import is_variable
from transpile.weights.plan import Plan

_VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"
_MOST = 20
SLOTS_MISSING = (
    "the model's optimizer keeps slots beside every weight, and these weights were saved without them: restore the"
    " model before the optimizer is made, or call expect_partial() on what restore() gives, or convert the"
    " optimizer's state as well (transpile weights --optimizer)"
)
SLOTS_EXTRA = (
    "the checkpoint was saved with an optimizer, and the model has none: expect_partial() on what restore() gives"
    " says that this is meant; to train on, restore the optimizer as well: tf.train.Checkpoint(model=…, optimizer=…)"
)


@dataclass
class Comparison:
    """The names on either side without their counterpart, and those of another shape."""

    matched: int = 0
    missing: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    mismatched: list[str] = field(default_factory=list)
    slots_missing: list[str] = field(default_factory=list)
    slots_extra: list[str] = field(default_factory=list)

    @property
    def fits(self) -> bool:
        """Whether every weight of the model is in the checkpoint, and no other weight."""
        return not (self.missing or self.extra or self.mismatched)

    def lines(self) -> list[str]:
        """What there is to say, the counts first."""
        kinds = {"missing": self.missing, "extra": self.extra, "of another shape": self.mismatched}
        counts = [f"{len(names)} {kind}" for kind, names in kinds.items() if names]
        lines = [f"against the model: {', '.join([f'{self.matched} weights fit', *counts])}"]
        for kind, names in kinds.items():
            lines += [f"  {kind}  {name}" for name in names[:_MOST]]
            lines += [f"  {kind}  … and {len(names) - _MOST} more"] * (len(names) > _MOST)
        if self.slots_missing:
            lines.append(f"{len(self.slots_missing)} optimizer slots missing: {SLOTS_MISSING}")
        if self.slots_extra:
            lines.append(f"{len(self.slots_extra)} optimizer slots extra: {SLOTS_EXTRA}")
        return lines

    def as_json(self) -> dict[str, Any]:
        """The same as data."""
        return {"fits": self.fits, **vars(self)}


def compare(opened: Opened, model: Any) -> Comparison:
    """Compares by the names that the checkpoint has: of torch, of objects, or of Keras' files. Raises FileError."""
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and not optimizer.built:
        optimizer.build(model.trainable_variables)
    if opened.format == "TensorFlow checkpoint of objects" or opened.format == "SavedModel":
        return _by_objects(opened, model)
    if opened.format in ("HDF5", "Keras archive") and opened.path.name.endswith((".weights.h5", ".keras")):
        return _by_layers(opened, model)
    return _by_torch_names(opened, model, optimizer)


def _by_torch_names(opened: Opened, model: Any, optimizer: Any) -> Comparison:
    found = contents(opened.tree)
    if found is None:
        raise FileError(f"{opened.path}: holds no weights to compare")
    # Slots by their names; `optimizer.…` of a torch checkpoint stands outside of the state dict.
    _, slots = split(found.state)
    state, others = sources({name: value for name, value in found.state.items() if name not in slots})
    report = Plan(model, state).report
    result = Comparison(len(report.loaded), extra=[*report.unexpected, *others], slots_extra=slots)
    result.mismatched = [str(entry) for entry in report.mismatched]
    mine = {} if optimizer is None else {variable.path: variable for variable in optimizer.variables}
    result.missing = [name for name in report.missing if name not in mine]
    if found.optimizer is None:
        result.slots_missing = list(mine)
    elif optimizer is None:
        result.slots_extra += [
            f"{index}.{name}" for index, entry in found.optimizer["state"].items() for name in entry
        ]
    return result


def _by_layers(opened: Opened, model: Any) -> Comparison:
    """Keras' files name variables by their layer and place: the model's own file has the names to compare with."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.weights.h5")
        save_weights(model, path, None, None)
        wanted = {name: value.shape for name, value in open_checkpoint(path).entries()}
    given = {name: value.shape for name, value in opened.entries() if isinstance(value, FileTensor)}
    return _by_name(wanted, given)


def _by_name(wanted: Mapping[str, Any], given: Mapping[str, Any]) -> Comparison:
    missing, slots_missing = split(name for name in wanted if name not in given)
    extra, slots_extra = split(name for name in given if name not in wanted)
    both = [name for name in wanted if name in given]
    wrong = [f"{n}: wanted {wanted[n]}, given {given[n]}" for n in both if wanted[n] != given[n]]
    return Comparison(len(both) - len(wrong), missing, extra, wrong, slots_missing, slots_extra)


def _by_objects(opened: Opened, model: Any) -> Comparison:
    """Walks the model and the graph in the checkpoint side by side, as a restore does."""
    import tensorflow as tf
    from tensorflow.core.protobuf import trackable_object_graph_pb2

    reader = tf.train.load_checkpoint(str(prefix_of(opened.path)))
    graph = trackable_object_graph_pb2.TrackableObjectGraph.FromString(reader.get_tensor(OBJECT_GRAPH))
    shapes = reader.get_variable_to_shape_map()
    root = Mirror().of(model)
    start = {child.local_name: child.node_id for child in graph.nodes[0].children}
    candidates = [_pairs(graph, shapes, root, place) for place in {0, start.get("model", 0)}]
    wanted, given = max(candidates, key=lambda pair: len(pair[0].keys() & pair[1].keys()))
    met = {key for key, _ in given.values()}
    result = _by_name(wanted, {name: shape for name, (_, shape) in given.items()})
    rest = [key for key in shapes if key.endswith(_VALUE) and key not in met and "save_counter" not in key]
    extra, slots = split(rest)
    result.extra += extra
    result.slots_extra += slots
    return result


def _pairs(
    graph: Any, shapes: Mapping[str, Any], root: Any, start: int
) -> tuple[dict[str, Any], dict[str, tuple[str, Any]]]:
    """(path → shape in the model, path → key and shape in the checkpoint) of the variables below a node."""
    wanted: dict[str, Any] = {}
    given: dict[str, tuple[str, Any]] = {}
    for path, variable, node in _side_by_side(graph, root, start):
        wanted[path] = tuple(int(length) for length in variable.shape)
        keys = [] if node is None else [entry.checkpoint_key for entry in graph.nodes[node].attributes]
        if keys:
            given[path] = keys[0], tuple(shapes[keys[0]])
    return wanted, given


def _side_by_side(graph: Any, root: Any, start: int) -> Iterator[tuple[str, Any, int | None]]:
    import tensorflow as tf

    view = tf.train.TrackableView(root)
    seen: set[int] = set()
    todo: list[tuple[str, Any, int | None]] = [("", root, start)]
    later: list[tuple[str, Any, int | None]] = (
        []
    )  # an optimizer holds on to the weights; they are the model's
    while todo or later:
        path, owner, node = (todo or later).pop(
            0
        )  # the shortest path first, as a checkpoint names its entries
        if id(owner) in seen:
            continue
        seen.add(id(owner))
        if is_variable(owner):
            yield path, owner, node
            continue
        places = {} if node is None else {c.local_name: c.node_id for c in graph.nodes[node].children}
        for name, child in view.children(owner).items():
            entry = (f"{path}/{name}" if path else name, child, places.get(name))
            (later if name == "optimizer" else todo).append(entry)
