"""The characters a policy can write: `lowercase`, `ascii`, `target`, `auto`, or a list of characters.

Texts are not normalised: a combining accent is a character of its own, and one emoji can be several characters.
"""

from __future__ import annotations

import functools
import string
import unicodedata
from collections.abc import Iterable

import msgspec

from pgplay.errors import InputError
from pgplay.files.text import check_text, is_unwritable
from pgplay.paths import shipped

LOWERCASE = string.ascii_lowercase + " "
ASCII = "".join(map(chr, range(0x20, 0x7F))) + "\n"
RESERVED = ("auto", "lowercase", "ascii", "target")

_SCRIPT_LISTS = {
    "CJK": "chinese",
    "HIRAGANA": "japanese",
    "KATAKANA": "japanese",
    "KATAKANA-HIRAGANA": "japanese",
    "HANGUL": "korean",
    "CYRILLIC": "cyrillic",
    "GREEK": "greek",
    "ARABIC": "arabic",
    "HEBREW": "hebrew",
    "DEVANAGARI": "devanagari",
    "THAI": "thai",
    "LATIN": "latin",
}
_NEIGHBOURHOOD = 128
"""Code points searched on each side of a letter for the rest of its script, if no list of that script is shipped."""


class Alphabet(msgspec.Struct, frozen=True):
    """The distinct `characters` a policy can write, in order; `added` are the ones that the spec lacked."""

    characters: str
    added: str = ""


def resolve_alphabet(spec: str, texts: Iterable[str], field: str = "target") -> Alphabet:
    """Return the alphabet of `spec` for `texts` (targets and prompts); it contains all of their characters.

    The order depends on `spec` and on the set of characters, not on the order of `texts`, which the setting `field`
    gives. Raises InputError for an empty spec and for a control character or half a character in spec or texts.
    """
    used = _characters_of([text for text in texts if text], field)
    check_text(spec, "subject.alphabet", field="alphabet")
    if spec == "target":
        if not used:
            raise InputError("alphabet.empty_target", field="alphabet")
        return Alphabet("".join(sorted(used)))
    if spec == "auto":
        return Alphabet(_auto(used))
    if not spec:
        raise InputError("alphabet.empty", field="alphabet", names=RESERVED)
    base = {"lowercase": LOWERCASE, "ascii": ASCII}.get(spec) or "".join(dict.fromkeys(spec))
    added = "".join(sorted(used.difference(base)))
    return Alphabet(base + added, added)


def _characters_of(texts: list[str], field: str) -> set[str]:
    characters = set().union(*texts)
    faulty = {character for character in characters if is_unwritable(character)}
    if faulty:
        text = next(text for text in texts if not faulty.isdisjoint(text))
        several = ("subject.text", {"text": _shorten(text)})
        check_text(text, "subject.target" if len(texts) == 1 else several, field=field)
    return characters


def _shorten(text: str) -> str:
    return ascii(text if len(text) <= 30 else text[:29] + "...")


def _auto(used: set[str]) -> str:
    for base in (LOWERCASE, ASCII):
        if used <= set(base):
            return base
    common = "".join(sorted({_common_characters(character) for character in used})) or ASCII
    base = "".join(dict.fromkeys(common))
    return base + "".join(sorted(used.difference(base)))


@functools.cache
def _common_characters(character: str) -> str:
    """Return the common characters of the script of `character`; none for digits, punctuation and marks."""
    if character in string.ascii_letters:
        return ASCII
    if character in _list("emoji") or 0x1F300 <= ord(character) <= 0x1FAFF:
        return _list("emoji")
    if not character.isalpha():
        return ""
    script = _script(character)
    if script in _SCRIPT_LISTS:
        return _list(_SCRIPT_LISTS[script])
    around = range(max(0x80, ord(character) - _NEIGHBOURHOOD), min(0x110000, ord(character) + _NEIGHBOURHOOD))
    return "".join(other for other in map(chr, around) if other.isalpha() and _script(other) == script)


def _script(character: str) -> str:
    return unicodedata.name(character, "").partition(" ")[0]


@functools.cache
def _list(name: str) -> str:
    text = (shipped("assets") / "alphabets" / f"{name}.txt").read_text(encoding="utf-8")
    return text.replace("\n", "")
