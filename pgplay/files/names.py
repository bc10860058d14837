"""Names of stored things: which are allowed, and which count as the same."""

from __future__ import annotations

import unicodedata

from pgplay.errors import InputError, composed
from pgplay.locale.catalog import Coded

LONGEST_NAME = 80
_LONGEST_NAME_IN_BYTES = 240  # file systems end a name at 255 bytes, and a hidden prefix must fit in too
GOOD_CATEGORIES = {"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Nd"}  # letters, their combining marks, digits
_WINDOWS_NAMES = {"con", "prn", "aux", "nul"} | {f"{port}{digit}" for port in ("com", "lpt") for digit in range(10)}


def check_name(kind: str, name: str) -> str:
    """Return `name` in Unicode's composed form (NFC) if it can be the name of a `kind` (policy, run) on any system.

    A name has 1 to 80 letters of any script, digits, spaces, hyphens, underscores and dots. It begins with no dot
    (hidden), hyphen (an option) or space, ends with no dot or space, and is no device of Windows. Raises InputError.
    """
    name = composed(name)
    reason = _reason_to_refuse(name)
    if reason is not None:
        start = name[: LONGEST_NAME + 1]
        raise InputError("name.refused", name=start, kind=f"kind.{kind}", reason=reason, longest=LONGEST_NAME)
    return name


def _reason_to_refuse(name: str) -> Coded | None:
    if not name:
        return "name.empty", {}
    if len(name) > LONGEST_NAME or len(name.encode(errors="replace")) > _LONGEST_NAME_IN_BYTES:
        return "name.too_long", {}
    for character in name:
        if character not in " -_." and unicodedata.category(character) not in GOOD_CATEGORIES:
            return "name.holds", {"character": character}
    if name[0] in ".- ":
        return "name.begins", {"character": name[0]}
    if name[-1] in ". ":
        return "name.ends", {"character": name[-1]}
    if name.split(".")[0].strip().casefold() in _WINDOWS_NAMES:
        return "name.reserved", {}
    return None


def same_name(first: str, second: str) -> bool:
    """Whether two names are the same on a case-insensitive file system, as on macOS and Windows."""
    return _fold(first) == _fold(second)


def _fold(name: str) -> str:
    return composed(name).casefold()
