"""The versions that a run's numbers may depend on."""

from __future__ import annotations

import platform

from pgplay.worker.protocol.release import version_of

PACKAGES = ("pgplay", "torch", "Levenshtein")


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that a run's numbers depend on; a source tree has none."""
    return {"python": platform.python_version()} | {package: version_of(package) for package in PACKAGES}
