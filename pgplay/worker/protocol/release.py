"""The installed version of a package, by which two sides know whether they are alike."""

from __future__ import annotations

SOURCE = "source"
"""The version of a package that is not installed, such as pgplay in a source tree."""


def are_alike(version: str, other: str) -> bool:
    """Return whether two versions of pgplay may speak to each other; of a source tree, only the protocol's is known."""
    return version == other or SOURCE in (version, other)


def version_of(package: str) -> str:
    """Return the installed version of `package`."""
    import importlib.metadata  # 40 ms that the app's start need not wait for

    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return SOURCE
