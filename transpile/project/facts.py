"""What the files of a folder tell each other: the place for facts that flow across imports.

In this first form nothing flows. `gather` is called once per folder, before any file is translated, in the
parent process; what it returns for a file travels with that file's job to `translate`. A later form reads
the import graph here, in dependency order, and hands every file the summaries (what a class is, what a
function takes and returns) of the modules that it imports.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from transpile.project.plan import Unit


def gather(unit: Unit) -> Mapping[Path, Mapping[str, Any]]:
    """For each file (by its source path) the facts about what it imports; none yet."""
    return {}
