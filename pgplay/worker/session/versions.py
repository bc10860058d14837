"""The versions that a run's numbers may depend on."""

from __future__ import annotations

import importlib.metadata
import platform

PACKAGES = ("pgplay", "torch", "Levenshtein")


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that a run's numbers depend on; a source tree has none."""
    by_package = {"python": platform.python_version()}
    installed = {distribution.name.lower() for distribution in importlib.metadata.distributions()}
    for package in PACKAGES:
        by_package[package] = importlib.metadata.version(package) if package.lower() in installed else "source"
    return by_package
