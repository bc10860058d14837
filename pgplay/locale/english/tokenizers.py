"""Errors of alphabets and tokens."""

from __future__ import annotations

TOKEN_ERRORS: dict[str, str] = {
    "error.alphabet.empty": "The alphabet is empty.",
    "error.alphabet.empty.remedy": "Give {names:list}, or the characters themselves.",
    "error.alphabet.empty_target": "The target is empty, so there are no characters to take from it.",
    "error.alphabet.empty_target.remedy": "Give at least one character to learn.",
    "error.alphabet.twice": "The alphabet has a character twice.",
    "error.alphabet.twice.remedy": "Give each character once.",
    "error.alphabet.lacks": "The character {character!r} is not in the policy's alphabet.",
    "error.alphabet.lacks.remedy": "The policy can write {count} characters: {alphabet!r}.",
}
