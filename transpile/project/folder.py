"""The files of a folder as modules of one project: read once, inferred together, translated one by one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from transpile.diagnostics import SourceError
from transpile.project.job import Job, Options, Outcome, Reading, guarded, is_carried
from transpile.project.named_layers import named_layers
from transpile.project.plan import File, Unit

__all__ = ["Folder"]


class Folder:
    """A unit of several files, and the translation of each.

    `companions` are other folders of the same call: their modules give facts, and are translated on their own.
    """

    def __init__(self, unit: Unit, options: Options, companions: Sequence[Unit] = ()) -> None:
        from transpile.translate import Project, Text

        self.unit = unit
        self.jobs = {
            file.source: Job(file.source, file.shown, options, unit.support_module(file), unit.renaming)
            for file in unit.python
        }
        self.readings: dict[Path, Reading] = {}
        self.names: dict[Path, str] = {}
        texts: dict[str, Text] = {}
        for each in (unit, *companions):
            for file in each.python:
                job = self.jobs.get(file.source) or Job(
                    file.source, file.shown, options, each.support_module(file), each.renaming
                )
                try:
                    reading = Reading(job)
                except (OSError, SourceError):
                    continue  # said when its own outcome is asked for
                name, is_package = module_name(each, file)
                texts[name] = Text(reading.renamed.text, is_package)
                if each is unit:
                    self.readings[file.source] = reading
                    self.names[file.source] = name
        self.project = Project(
            texts,
            data_format=options.data_format,
            rules=options.rules,
            exact_training=options.exact_training,
            evaluated=sorted(named_layers(unit)),
        )

    def infer(self) -> None:
        """Infer the project now, rather than at the first outcome."""
        self.project.infer()

    def outcome(self, file: File) -> Outcome:
        """What comes of one file; every failure is an outcome."""
        return guarded(self.jobs[file.source], lambda: self._outcome(file))

    def _outcome(self, file: File) -> Outcome:
        job = self.jobs[file.source]
        reading = self.readings.get(file.source)
        if reading is None:
            return Reading(job).outcome(None)  # raises what is wrong with it
        translation = self.project.translation(self.names[file.source], job.shown, job.support_module)
        if translation is not None and is_carried(reading) and translation.code == reading.renamed.text:
            translation = None
        return reading.outcome(translation)


def module_name(unit: Unit, file: File) -> tuple[str, bool]:
    """The dotted name of a file in the output, and whether it is the `__init__` of its package."""
    assert unit.root is not None
    parts = list(file.source.relative_to(unit.root).with_suffix("").parts)
    is_package = parts[-1] == "__init__"
    if is_package:
        parts.pop()
    if unit.is_package:
        parts.insert(0, unit.name)
    return ".".join(parts), is_package
