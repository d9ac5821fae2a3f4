"""The state dict of a torch optimizer as a Keras optimizer with the same slots, so that training goes on.

What torch remembers of every parameter has the parameter's shape, so it moves to Keras as the parameter does:
transposed, permuted. What stands in other units is converted: Keras' SGD and RMSprop keep their momentum
multiplied by the learning rate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from transpile.weights.arrays import Array, shape_of, to_numpy
from transpile.weights.assign import set_variable
from transpile.weights.paths import locate
from transpile.weights.places import Leaf

State = Mapping[str, Any]


@dataclass(frozen=True)
class _Kind:
    """A kind of optimizer. keys: what its groups have; slots: torch's name → (Keras' list, its factor)."""

    name: str
    keys: frozenset[str]
    slots: Mapping[str, tuple[str, Callable[[State], float]]]
    make: Callable[[State], Any]


def _one(group: State) -> float:
    return 1.0


def _adam(group: State) -> Any:
    import keras

    beta_1, beta_2 = group["betas"]
    options = {
        "beta_1": beta_1,
        "beta_2": beta_2,
        "epsilon": group["eps"],
        "amsgrad": bool(group.get("amsgrad")),
    }
    if group.get("decoupled_weight_decay"):
        return keras.optimizers.AdamW(group["lr"], weight_decay=group["weight_decay"], **options)
    return keras.optimizers.Adam(group["lr"], **options)


def _sgd(group: State) -> Any:
    import keras

    momentum, nesterov = float(group.get("momentum", 0)), bool(group.get("nesterov"))
    return keras.optimizers.SGD(group["lr"], momentum=momentum, nesterov=nesterov)


def _rmsprop(group: State) -> Any:
    import keras

    momentum, centered = float(group.get("momentum", 0)), bool(group.get("centered"))
    options = {"rho": group["alpha"], "epsilon": group["eps"], "momentum": momentum, "centered": centered}
    return keras.optimizers.RMSprop(group["lr"], **options)


def _adagrad(group: State) -> Any:
    import keras

    start = float(group.get("initial_accumulator_value", 0))
    return keras.optimizers.Adagrad(group["lr"], initial_accumulator_value=start, epsilon=group["eps"])


_KINDS = (
    _Kind(
        "Adam",
        frozenset({"betas", "eps"}),
        {
            "exp_avg": ("_momentums", _one),
            "exp_avg_sq": ("_velocities", _one),
            "max_exp_avg_sq": ("_velocity_hats", _one),
        },
        _adam,
    ),
    _Kind(
        "RMSprop",
        frozenset({"alpha", "centered"}),
        {
            "square_avg": ("_velocities", _one),
            "momentum_buffer": ("_momentums", lambda group: float(group["lr"])),
            "grad_avg": ("_average_gradients", _one),
        },
        _rmsprop,
    ),
    _Kind("Adagrad", frozenset({"lr_decay", "eps"}), {"sum": ("_accumulators", _one)}, _adagrad),
    _Kind(
        "SGD",
        frozenset({"momentum", "dampening"}),
        {"momentum_buffer": ("momentums", lambda group: -float(group["lr"]))},
        _sgd,
    ),
)


def keras_optimizer(
    model: Any, optimizer_state: State, state: State, exact_training: bool = False
) -> tuple[Any, list[str]]:
    """A Keras optimizer for the model's trainable variables, with the slots of a torch optimizer's state dict.

    state: the torch state dict that goes with it, whose order tells which parameter each slot belongs to.
    exact_training: keep momentum as torch does, for an optimizer with torch's formulas. Gives the optimizer
    and what there is to say. Raises ValueError where the kind is unknown or the slots cannot be told apart.
    """
    groups = optimizer_state["param_groups"]
    kind = next((kind for kind in _KINDS if kind.keys <= set(groups[0])), None)
    if kind is None:
        known = ", ".join(kind.name for kind in _KINDS)
        raise ValueError(f"an optimizer with {', '.join(sorted(groups[0]))}: only {known} are converted")
    optimizer = kind.make(groups[0])
    optimizer.build(model.trainable_variables)
    notes = fill_slots(optimizer, kind, model, optimizer_state, state, exact_training)
    return optimizer, [f"a torch {_title(kind, groups[0])} becomes {type(optimizer).__name__}", *notes]


def load_optimizer_state(
    optimizer: Any, model: Any, optimizer_state: State, state: State, exact_training: bool = False
) -> list[str]:
    """Fills the slots of a Keras optimizer that is built for the model; as keras_optimizer does with a new one."""
    group = optimizer_state["param_groups"][0]
    kind = next((kind for kind in _KINDS if kind.keys <= set(group)), None)
    if kind is None or not any(hasattr(optimizer, attribute) for attribute, _ in kind.slots.values()):
        raise ValueError(f"{type(optimizer).__name__} has no place for this state")
    return fill_slots(optimizer, kind, model, optimizer_state, state, exact_training)


def fill_slots(
    optimizer: Any, kind: _Kind, model: Any, optimizer_state: State, state: State, exact_training: bool
) -> list[str]:
    """Assigns every slot; see keras_optimizer."""
    groups = optimizer_state["param_groups"]
    notes = _hyperparameter_notes(kind, groups, exact_training)
    names, note = _names_by_index(model, optimizer_state, state)
    notes += note
    steps: set[int] = set()
    gathered: dict[tuple[Any, ...], _Gathered] = {}
    for index, slots in optimizer_state["state"].items():
        place = _place(model, names[index])
        for torch_slot, value in slots.items():
            if torch_slot == "step":
                steps.add(int(to_numpy(value)))
            elif torch_slot in kind.slots and value is not None:
                key = (torch_slot, *map(id, place.variables))
                gathered.setdefault(key, _Gathered(torch_slot, place)).parts[place.part] = to_numpy(value)
    for entry in gathered.values():
        attribute, factor = kind.slots[entry.torch_slot]
        held = getattr(optimizer, attribute, None)
        if not held:
            raise ValueError(
                f"{type(optimizer).__name__} keeps no {attribute.strip('_')}, which the state has"
            )
        scale = 1.0 if exact_training else factor(groups[0])
        for variable, array in zip(entry.place.variables, entry.arrays(), strict=True):
            slot_variable = held[optimizer._get_variable_index(variable)]
            set_variable(slot_variable, np.asarray(array * array.dtype.type(scale)))
    if steps:
        optimizer.iterations.assign(max(steps))
        if len(steps) > 1:
            notes.append(
                f"parameters have seen {min(steps)} to {max(steps)} steps; Keras counts {max(steps)} for all"
            )
    elif gathered:  # torch's SGD counts no steps; at step 0 an optimizer takes its momentum as not begun
        optimizer.iterations.assign(1)
        notes.append("the file counts no steps: iterations begin at 1")
    notes.append(f"{len(gathered)} slots filled, iterations {int(optimizer.iterations)}")
    met = {id(variable) for entry in gathered.values() for variable in entry.place.variables}
    unfilled = sum(id(variable) not in met for variable in model.trainable_variables)
    if unfilled and gathered:
        notes.append(f"{unfilled} trainable variables have no state in the file and begin anew")
    return notes


def _title(kind: _Kind, group: State) -> str:
    return "AdamW" if kind.name == "Adam" and group.get("decoupled_weight_decay") else kind.name


def _hyperparameter_notes(kind: _Kind, groups: Sequence[State], exact_training: bool) -> list[str]:
    """What the plain Keras optimizer does in another way than torch's; one with torch's formulas does not."""
    notes = []
    first = groups[0]
    if not exact_training and first.get("weight_decay") and not first.get("decoupled_weight_decay"):
        if kind.name == "Adam" and "decoupled_weight_decay" not in first:
            notes.append(
                "the file does not say whether it is Adam or AdamW, and it decays weights: taken as Adam"
            )
        notes.append(
            f"weight_decay {first['weight_decay']} is not taken over: torch adds it to the gradient, Keras decays apart"
        )
    if not exact_training and first.get("dampening"):
        notes.append("dampening is not known to Keras and not taken over")
    if any(group.get(key) != first.get(key) for group in groups for key in ("lr", "weight_decay", "betas")):
        notes.append(
            "the groups have different settings, and Keras has one for all: those of the first are taken"
        )
    return notes


def _names_by_index(model: Any, optimizer_state: State, state: State) -> tuple[dict[Any, str], list[str]]:
    """The torch name behind each index of the state dict, and how sure that is."""
    groups = optimizer_state["param_groups"]
    indices = [index for group in groups for index in group["params"]]
    given = [name for group in groups for name in group.get("param_names", ())]
    if len(given) == len(indices):
        return dict(zip(indices, given, strict=True)), []
    names = list(_parameters(model, state))
    if len(names) != len(indices):
        raise ValueError(
            f"the optimizer has {len(indices)} parameters and the weights have {len(names)}: which is which cannot"
            " be told (torch saves their names where the optimizer is given named_parameters())"
        )
    found = dict(zip(indices, names, strict=True))
    for index, slots in optimizer_state["state"].items():
        wanted = shape_of(state[found[index]])
        for slot, value in slots.items():
            shape = shape_of(value)
            if slot != "step" and shape not in (None, ()) and shape != wanted:
                raise ValueError(
                    f"parameter {index} of the optimizer has the shape {shape}, and {found[index]}, the parameter"
                    f" at that place, {wanted}: which is which cannot be told"
                )
    if len(groups) > 1:
        return found, [
            "the file names no parameters: its groups are taken to follow the order of the weights"
        ]
    return found, []


def _parameters(model: Any, state: State) -> Iterator[str]:
    """The names of the parameters in torch's order: no buffers, and a tied one once."""
    seen: set[Any] = set()
    for name, value in state.items():
        if shape_of(value) is None:
            continue
        try:
            place = _place(model, name)
        except ValueError:
            continue
        is_parameter = getattr(value, "is_parameter", None)
        if is_parameter is None:
            is_parameter = all(variable.trainable for variable in place.variables)
        key = (*map(id, place.variables), place.part)  # a tied parameter has one place under several names
        if is_parameter and key not in seen:
            seen.add(key)
            yield name


@dataclass(frozen=True)
class _Place:
    """Where a torch parameter goes: its variables, and the conversion of all parameters that share them."""

    variables: list[Any]
    shapes: tuple[Any, ...]  # of all the parameters that fill the variables together
    part: int  # which of them this one is
    to_keras: Callable[..., Sequence[Array]]


@dataclass
class _Gathered:
    """One torch slot of all the parameters that fill some variables together."""

    torch_slot: str
    place: _Place
    parts: dict[int, Array] = field(default_factory=dict)

    def arrays(self) -> list[Array]:
        """The arrays for the variables; where Keras has one sum of two biases, their common state."""
        dtype = next(iter(self.parts.values())).dtype
        shapes = self.place.shapes
        parts = [
            self.parts[i] if i in self.parts else np.zeros(shape, dtype) for i, shape in enumerate(shapes)
        ]
        arrays = self.place.to_keras(*parts)
        summed = len(parts) > 1 and sum(array.size for array in arrays) < sum(part.size for part in parts)
        share = dtype.type(1 / len(self.parts) if summed else 1)  # each summand has the sum's gradient
        return [np.asarray(array * share) for array in arrays]


def _place(model: Any, name: str) -> _Place:
    """The place of a torch parameter; raises ValueError where it has no variable of its own."""
    found = locate(model, name)
    if found is None:
        raise ValueError(f"{name} has no place in the model")
    if isinstance(found, Leaf):
        if found.variable is None:
            raise ValueError(f"{name} is no variable in the model")
        return _Place([found.variable], (None,), 0, lambda array: (found.to_keras(array),))
    site, local = found
    slot = next((slot for slot in site.family.slots(site.layer, {}) if local in slot.names), None)
    if slot is None or any(cell.variable is None for cell in slot.cells):
        raise ValueError(f"{name} has no variable in the model")
    return _Place(
        [cell.variable for cell in slot.cells], slot.wanted(), slot.names.index(local), slot.to_keras
    )
