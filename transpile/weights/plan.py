"""A load, decided in full before the model is touched: what goes where, what is left over on either side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from transpile.weights.arrays import Shape, Source
from transpile.weights.assign import set_leaf, set_variable
from transpile.weights.layers import Slot
from transpile.weights.parametrized import folded, parts_by_parameter
from transpile.weights.paths import locate
from transpile.weights.places import Leaf, Site
from transpile.weights.report import LoadReport, Mismatch
from transpile.weights.walk import walk

# How many batches a BatchNorm has seen matters only where momentum is None; every other layer does without.
_COUNTER = "num_batches_tracked"


@dataclass
class _Visit:
    """The arrays that the state dict gives to one layer, by the name that they have within the layer."""

    site: Site
    given: dict[str, Source] = field(default_factory=dict)

    @property
    def shapes(self) -> dict[str, Shape]:
        return {local: source.shape for local, source in self.given.items()}

    def slots(self) -> list[Slot]:
        try:
            return self.site.family.slots(self.site.layer, self.shapes)
        except ValueError as error:
            raise ValueError(f"{self.site.path or 'the layer'}: {error}") from error

    def entries(self, locals_: Iterator[str] | list[str]) -> list[str]:
        """The names in the state dict behind some of the layer's own names."""
        return [name for local in locals_ for name in self.given[local].names]


class Plan:
    """What a load of these arrays into this model would do; `report` says it, `execute` does it."""

    def __init__(self, model: Any, state: Mapping[str, Source]) -> None:
        self.report = LoadReport()
        self.expected: list[str] = []  # every torch name that the model has a variable for
        self._model = model
        self._state = state
        self._visits: dict[tuple[str, int], _Visit] = {}
        self._placed: set[str] = set()  # torch names of parameters, also of those that are given in parts
        self._filled: set[Any] = set()  # keys of the variables that get a value
        self._builds: dict[int, Callable[[], None]] = {}
        self._assignments: list[Callable[[], None]] = []

        unplaced = [name for name, source in state.items() if not self._place(name, source)]
        for name in self._place_folded(unplaced):
            counter = name.rpartition(".")[2] == _COUNTER
            (self.report.ignored if counter else self.report.unexpected).append(name)
        for visit in self._visits.values():
            self._plan_layer(visit)
        self._find_missing()
        order = {name: i for i, name in enumerate(state)}
        self.report.loaded.sort(key=order.__getitem__)
        self.report.unexpected.sort(key=order.__getitem__)
        self.report.ignored.sort(key=order.__getitem__)

    def execute(self) -> None:
        """Builds what is unbuilt, then reads and assigns one array after the other."""
        for build in self._builds.values():
            build()
        for assign in self._assignments:
            assign()

    def _place(self, name: str, source: Source) -> bool:
        """Finds the layer or the attribute that a torch name belongs to; False where there is none."""
        found = locate(self._model, name)
        if found is None:
            return False
        self._placed.add(name)
        if isinstance(found, Leaf):
            self._plan_leaf(name, found, source)
        else:
            site, local = found
            self._visits.setdefault((site.path, site.depth), _Visit(site)).given[local] = source
        return True

    def _place_folded(self, names: list[str]) -> list[str]:
        """Places kernels that weight_norm and spectral_norm keep in parts; gives back the other names."""
        for base, roles in parts_by_parameter(names).items():
            found = None if base in self._state else locate(self._model, base)
            if found is not None:
                out_axis = 0 if isinstance(found, Leaf) else found[0].family.out_axis
                source = folded(roles, self._state, out_axis)
                self._place(base, source)
                names = [name for name in names if name not in source.names]
        return names

    def _plan_leaf(self, name: str, leaf: Leaf, source: Source) -> None:
        if not _fit(leaf.wanted(), source.shape):
            self.report.mismatched.append(Mismatch(name, leaf.wanted(), source.shape))
            return
        self.report.loaded += source.names
        self._filled.add(id(leaf.value))
        self._assignments.append(lambda: set_leaf(leaf, source.read()))

    def _plan_layer(self, visit: _Visit) -> None:
        slots = visit.slots()
        fitting = self._fitting(visit, slots)
        if any(cell.variable is None for slot in slots for cell in slot.cells):
            if not _buildable(visit, slots):
                # The array that would tell how to build the layer is reported as missing or mismatched.
                for slot in fitting:
                    self.report.ignored += visit.entries(list(slot.names))
                return
            family, layer, shapes = visit.site.family, visit.site.layer, visit.shapes
            self._builds.setdefault(id(layer), lambda: family.build(layer, shapes))
        for slot in fitting:
            self.report.loaded += visit.entries(list(slot.names))
            self._filled.update(cell.key for cell in slot.cells)
            self._assignments.append(_slot_assignment(slot, [visit.given[local] for local in slot.names]))

    def _fitting(self, visit: _Visit, slots: list[Slot]) -> list[Slot]:
        """The slots whose arrays are all given in the wanted shapes; reports every other given array."""
        fitting = []
        used = {local for slot in slots for local in slot.names}
        self.report.unexpected += visit.entries([local for local in visit.given if local not in used])
        for slot in slots:
            given = [local for local in slot.names if local in visit.given]
            if len(given) < len(slot.names):
                # One of two biases alone is of no use; its partner is reported as missing.
                self.report.unexpected += visit.entries(given)
                continue
            wrong = [
                Mismatch(visit.site.torch_name(local), wanted, visit.given[local].shape)
                for local, wanted in zip(slot.names, slot.wanted(), strict=True)
                if not _fit(wanted, visit.given[local].shape)
            ]
            self.report.mismatched += wrong
            if not wrong:
                fitting.append(slot)
        return fitting

    def _find_missing(self) -> None:
        reported: set[Any] = set()
        met: set[Any] = set()
        for names, keys in self._expectations():
            met.update(keys)
            self.expected += names
            filled = all(key in self._filled or key in reported for key in keys)
            absent = [
                name for name in names if name not in self._placed and name.rpartition(".")[2] != _COUNTER
            ]
            if absent and not filled:
                self.report.missing += absent
                reported.update(keys)
        for variable in getattr(self._model, "weights", ()):
            # Under no attribute that the walk knows: named as Keras names it.
            if id(variable) not in met and id(variable) not in self._filled:
                self.report.missing.append(variable.path)

    def _expectations(self) -> Iterator[tuple[list[str], list[Any]]]:
        """(torch names, keys of the variables that they fill) of all that the model wants."""
        for found in walk(self._model, self._state):
            if isinstance(found, Site):
                visit = self._visits.get((found.path, found.depth), _Visit(found))
                given = {found.torch_name(local) for local in visit.given}
                self._placed |= given  # a kernel given in parts counts as given
                for slot in visit.slots():
                    yield [found.torch_name(local) for local in slot.names], [cell.key for cell in slot.cells]
            else:
                name, leaf = found
                # A buffer that torch does not save is expected from nobody.
                saved = getattr(leaf.value, "persistent", True)
                yield ([name] if saved else []), [id(leaf.value)]


def _buildable(visit: _Visit, slots: list[Slot]) -> bool:
    """Whether an unbuilt layer can be built: all its sizes are known, and the arrays that tell them agree."""
    if any(cell.shape is None for slot in slots for cell in slot.cells):
        return False
    return all(
        _fit(wanted, visit.given[local].shape)
        for slot in slots
        for local, wanted in zip(slot.names, slot.wanted(), strict=True)
        if local in visit.given and not local.rpartition(".")[2].startswith(("bias", "in_proj_bias"))
    )


def _fit(wanted: tuple[int | None, ...] | None, given: Shape) -> bool:
    """Whether an array of this shape may fill what wants the other; a None stands for any size."""
    if wanted is None or len(wanted) != len(given):
        return False
    return all(w is None or w == g for w, g in zip(wanted, given, strict=True))


def _slot_assignment(slot: Slot, given: list[Source]) -> Callable[[], None]:
    def assign() -> None:
        arrays = slot.to_keras(*(source.read() for source in given))
        for cell, array in zip(slot.cells, arrays, strict=True):
            set_variable(cell.variable, array)

    return assign
