"""The files of a folder as modules of one project: read once, inferred together, translated one by one."""

from __future__ import annotations

from pathlib import Path

from transpile.diagnostics import SourceError
from transpile.project.job import Job, Options, Outcome, Reading, guarded, is_carried
from transpile.project.named_layers import named_layers
from transpile.project.parsing import Parsing
from transpile.project.plan import File, Unit

__all__ = ["Folder"]


class Folder:
    """Units whose modules tell each other what they know, and the translation of each file.

    Their modules have different names: see `together`.
    """

    def __init__(self, *units: Unit, options: Options) -> None:
        from transpile.translate import Project, Text

        self.units = units
        self.jobs: dict[Path, Job] = {}
        self.readings: dict[Path, Reading] = {}
        self.names: dict[Path, str] = {}
        texts: dict[str, Text] = {}
        for unit in units:
            for file in unit.python:
                job = Job(file.source, file.shown, options, unit.support_module(file), unit.renaming)
                self.jobs[file.source] = job
                try:
                    reading = Reading(job)
                except (OSError, SourceError):
                    continue  # said when its own outcome is asked for
                name, is_package = unit.module_name(file)
                texts[name] = Text(reading.renamed.text, is_package)
                self.readings[file.source] = reading
                self.names[file.source] = name
            for file in unit.emptied:
                texts[unit.module_name(file)[0]] = Text("", True)
        self.project = Project(
            texts,
            data_format=options.data_format,
            rules=options.rules,
            exact_training=options.exact_training,
            evaluated=sorted(set().union(*map(named_layers, units))),
            on_path=[name for unit in units for name in _names_on_path(unit)],
        )

    @property
    def files(self) -> list[File]:
        """The Python files of all units, in their order."""
        return [file for unit in self.units for file in unit.python]

    def infer(self, processes: int = 1) -> None:
        """Infer the project now, rather than at the first outcome; several processes parse it."""
        if processes > 1:
            parsing = Parsing(self.project.needed(), processes)
            self.project.parsed = parsing.tree
            try:
                self.project.infer()
            finally:
                self.project.parsed = None
                self.project.offsets = parsing.offsets()
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


def _names_on_path(unit: Unit) -> list[str]:
    """The dotted names of the unit's folders that stand on sys.path."""
    root = unit.root
    return [".".join([unit.name, *folder.relative_to(root).parts]) for folder in unit.on_path if root]
