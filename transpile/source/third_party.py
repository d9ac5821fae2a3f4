"""Which installed third-party modules need torch; decided by their metadata, nothing is imported."""

from __future__ import annotations

import re
import sys
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import Distribution

_TORCH_FAMILY = frozenset({"torch", "torchvision", "torchaudio", "pytorch-lightning"})
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")


@cache
def needs_torch(top_level_module: str) -> bool:
    """Whether importing the module (a top-level name) needs torch.

    True for torch and its family, and for an installed module when the metadata of its distribution requires
    torch outside an extra. False for anything else: what is not installed cannot be asked.
    """
    name = top_level_module.partition(".")[0]
    if name in sys.stdlib_module_names or not name:
        return False
    if name == "torch" or name.startswith("torch"):
        return True
    distributions = _distributions(name)
    if not distributions:
        return False
    return any(_requires_torch(distribution) for distribution in distributions)


def _distributions(module: str) -> list[str]:
    """The distributions that bring a top-level module; the one of the same name is tried first."""
    from importlib import metadata  # itself a tenth of a start: only where a third-party module is imported

    try:
        metadata.distribution(module)
    except metadata.PackageNotFoundError:
        return [found.metadata["Name"] for found, top, record in _contents() if _brings(module, top, record)]
    return [module]


def _brings(module: str, top: str | None, record: str) -> bool:
    if top is not None:
        return module in top.split()
    return f"\n{module}/" in record or f"\n{module}." in record


@cache
def _contents() -> list[tuple[Distribution, str | None, str]]:
    """Every installed distribution with the modules that it declares, or the list of its files.

    As metadata.packages_distributions, which parses every line of every list: a tenth of a second and more.
    """
    from importlib import metadata

    found = []
    for distribution in metadata.distributions():
        top = distribution.read_text("top_level.txt")
        record = distribution.read_text("RECORD") if top is None else None
        found.append((distribution, top, f"\n{record or ''}"))
    return found


def _requires_torch(distribution: str) -> bool:
    from importlib import metadata

    try:
        requirements = metadata.requires(distribution) or ()
    except metadata.PackageNotFoundError:
        return False  # listed by one part of broken metadata, unknown to another
    for requirement in requirements:
        named = _REQUIREMENT.match(requirement)
        optional = "extra" in requirement.partition(";")[2]
        if named and not optional and re.sub(r"[-_.]+", "-", named[1]).lower() in _TORCH_FAMILY:
            return True
    return False
