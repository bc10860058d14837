"""Which Python of others the person has seen and allowed to run: asked once for each text, remembered by its SHA-256.

An allowed text is kept as a file that its hash names, so the folder shows what was agreed to, and deleting a file
takes the yes back. Whoever is about to run Python that came in a policy, a preset or a recipe asks `is_allowed`, shows
the source where it is not, and calls `allow` after a yes. Nothing here runs or reads Python.
"""

from __future__ import annotations

import hashlib

from pgplay.paths import consents_folder, make_folder
from pgplay.runs.files import write_atomically


def digest(source: str) -> str:
    """Return the SHA-256 of `source` in UTF-8, in hexadecimal."""
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()


def is_allowed(source: str) -> bool:
    """Return whether the person once said yes to exactly this text; a file that was changed since counts as none."""
    try:
        kept = (consents_folder() / f"{digest(source)}.py").read_bytes()
    except OSError:
        return False
    return kept == source.encode("utf-8", "surrogatepass")


def allow(source: str) -> None:
    """Remember that the person has seen `source` and said yes; raises PgplayError where that can't be written."""
    folder = make_folder(consents_folder())
    write_atomically(folder / f"{digest(source)}.py", source.encode("utf-8", "surrogatepass"))
