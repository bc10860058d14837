"""Single edits of a text: one character inserted, deleted or replaced."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random


def edited(text: str, draw: Sequence[float], alphabet: str, limit: int) -> str:
    """Return a text one edit away from `text`, at most `limit` characters long if `text` is.

    `draw` has three numbers in [0, 1): for the kind of edit, uniform over the possible ones, the position, and the
    character.
    """
    kinds = ["insert"] if len(text) < limit else []
    if text:
        kinds += ["delete"] if len(alphabet) == 1 else ["delete", "substitute"]
    kind = kinds[int(draw[0] * len(kinds))]
    if kind == "insert":
        position = int(draw[1] * (len(text) + 1))
        return text[:position] + alphabet[int(draw[2] * len(alphabet))] + text[position:]
    position = int(draw[1] * len(text))
    if kind == "delete":
        return text[:position] + text[position + 1 :]
    others = alphabet.replace(text[position], "")
    return text[:position] + others[int(draw[2] * len(others))] + text[position + 1 :]


def random_edit(text: str, alphabet: str, limit: int, random: Random) -> str:
    """Return `text` after one random edit."""
    return edited(text, (random.random(), random.random(), random.random()), alphabet, limit)


def single_edits(text: str, alphabet: str, limit: int) -> list[str]:
    """Return all distinct texts one edit away from `text`, with characters of `alphabet`.

    For L characters and an alphabet of V these are about 2 L V texts.
    """
    edits = {text[:place] + text[place + 1 :] for place in range(len(text))}
    edits |= {text[:place] + character + text[place + 1 :] for place in range(len(text)) for character in alphabet}
    if len(text) < limit:
        edits |= {text[:place] + character + text[place:] for place in range(len(text) + 1) for character in alphabet}
    return sorted(edits - {text})
