"""Names of stored things: which are allowed, and which count as the same."""

from __future__ import annotations

import unicodedata

from pgplay.errors import InputError, composed

LONGEST_NAME = 80
_LONGEST_NAME_IN_BYTES = 240  # file systems end a name at 255 bytes, and a hidden prefix must fit in too
GOOD_CATEGORIES = {"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Nd"}  # letters, their combining marks, digits
_WINDOWS_NAMES = {"con", "prn", "aux", "nul"} | {f"{port}{digit}" for port in ("com", "lpt") for digit in range(10)}


def check_name(kind: str, name: str) -> str:
    """Return `name` in Unicode's composed form (NFC) if it can be the name of a `kind` (policy, run) on any system.

    Good are letters of any script, digits, spaces, hyphens, underscores and dots, 1 to 80 of them; not first a dot or
    a hyphen (hidden; taken for an option), not at either end a space, not last a dot, and not Windows' device names.

    Raises InputError with what would be right.
    """
    name = composed(name)
    wrong = _what_is_wrong(name)
    if wrong:
        raise InputError(
            f"{name[: LONGEST_NAME + 1]!r} cannot be the name of a {kind}: {wrong}.",
            f"Use 1 to {LONGEST_NAME} letters, digits, spaces, hyphens, underscores and dots.",
        )
    return name


def _what_is_wrong(name: str) -> str:
    if not name:
        return "it is empty"
    if len(name) > LONGEST_NAME or len(name.encode(errors="replace")) > _LONGEST_NAME_IN_BYTES:
        return "it is too long"
    for character in name:
        if character not in " -_." and unicodedata.category(character) not in GOOD_CATEGORIES:
            return f"it holds {character!r}"
    if name[0] in ".- ":
        return f"it begins with {name[0]!r}"
    if name[-1] in ". ":
        return f"it ends with {name[-1]!r}"
    if name.split(".")[0].strip().casefold() in _WINDOWS_NAMES:
        return "Windows reserves it for a device"
    return ""


def same_name(one: str, other: str) -> bool:
    """Whether two names are the same on a case-insensitive file system, as on macOS and Windows."""
    return _fold(one) == _fold(other)


def _fold(name: str) -> str:
    return composed(name).casefold()
