"""What a verification found, for people and as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

EQUAL, DIFFERENT, FAILED, SKIPPED = "equal", "different", "failed", "not possible"


class StageError(Exception):
    """A stage of the verification could not be run: the user's code, its translation or a framework raised."""

    def __init__(self, stage: str, message: str, trace: str = "") -> None:
        super().__init__(f"{stage}: {message}")
        self.stage = stage
        self.message = message
        self.trace = trace


@dataclass(slots=True)
class Place:
    """A line of the source or of the output."""

    path: str
    line: int
    function: str = ""
    first_line: int = 0  # of the function

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(slots=True)
class Row:
    """One call of one layer: how far its results are apart, and where it is called."""

    layer: str
    kind: str
    call: int
    difference: float | None  # None: not compared, `note` says why
    inputs: float | None = None  # how far what it was given was already apart
    note: str = ""
    source: Place | None = None
    output: Place | None = None
    children: bool = False
    stack: list[Place] = field(default_factory=list)  # of the source, from the model's own call inwards
    made: Place | None = None  # where the layer is made, in the source
    own: list[Place] = field(default_factory=list)  # its forward and what that calls, each to its last line
    own_output: list[Place] = field(default_factory=list)


@dataclass(slots=True)
class Comparison:
    """One way to run the translation, held against torch (or against its own eager run)."""

    name: str
    verdict: str
    difference: float | None = None
    tolerance: float | None = None
    note: str = ""
    figures: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Divergence:
    """Where the results part: between two places of the source, and of the output."""

    layer: str
    kind: str
    where: str  # "in the layer", or "before its call"
    difference: float
    source: Place | None
    output: Place | None
    after: str = ""
    warnings: list[str] = field(default_factory=list)  # diagnostics that stand on the way

    def sentence(self, places: bool = True) -> str:
        """One sentence for people, with its places in the source and in the output or without them."""
        what = f"{self.layer or 'the model'} ({self.kind})"
        if self.where == "before its call":
            said = f"what {what} is given differs by {self.difference:.1e}"
        else:
            said = f"{what} is the first to differ, by {self.difference:.1e}"
        at = [f"source {self.source}"] if self.source else []
        at += [f"output {self.output}"] if self.output else []
        after = f"; equal until {self.after}" if self.after else ""
        return f"{said}{after}" + (f" ({', '.join(at)})" if at and places else "")


@dataclass(slots=True)
class Result:
    """All comparisons of one verification. `stage` is set where it could not be run to its end."""

    source: str | None = None
    output: str | None = None
    factory: str = ""
    tolerance: float = 0.0
    layout: str = ""
    comparisons: list[Comparison] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    divergence: Divergence | None = None
    stage: str | None = None
    error: str = ""
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def status(self) -> int:
        """The exit status: 0 equal, 1 different, 2 could not be run."""
        if any(c.verdict == DIFFERENT for c in self.comparisons):
            return 1
        return 2 if self.stage is not None or any(c.verdict == FAILED for c in self.comparisons) else 0

    @property
    def verdict(self) -> str:
        return (EQUAL, DIFFERENT, FAILED)[self.status]

    def over(self, row: Row) -> bool:
        """Whether a layer's results are further apart than the tolerance, or could not be compared."""
        return row.difference is None or not row.difference <= self.tolerance

    def around_the_first(self) -> list[Row]:
        """The rows around the first that is over the tolerance: four before it, and seven after."""
        first = next((place for place, row in enumerate(self.rows) if self.over(row)), 0)
        return self.rows[max(0, first - 4) : first + 8]

    def said(self) -> list[str]:
        """The notes for people: without the traces, which are for `--json`."""
        return [note for note in self.notes if not note.startswith("Traceback")]

    def as_json(self) -> dict[str, Any]:
        """Plain data: what `--json` prints."""
        return {"verdict": self.verdict, "status": self.status, **asdict(self)}
