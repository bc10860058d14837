"""Single edits of a text: one character put in, taken out or replaced, as Levenshtein counts them."""

from __future__ import annotations

from random import Random


def random_edit(text: str, alphabet: str, max_length: int, random: Random) -> str:
    """Return `text` after one random edit: kind, place and character are drawn evenly, as far as the length allows.

    The result may be `text` itself only where `alphabet` is a single character.
    """
    kinds = ["insert"] if len(text) < max_length else []
    kinds += ["delete", "replace"] if text else []
    kind = random.choice(kinds)
    place = random.randrange(len(text) + (kind == "insert"))
    if kind == "delete":
        return text[:place] + text[place + 1 :]
    if kind == "insert":
        return text[:place] + random.choice(alphabet) + text[place:]
    others = [character for character in alphabet if character != text[place]] or [text[place]]
    return text[:place] + random.choice(others) + text[place + 1 :]


def single_edits(text: str, alphabet: str, max_length: int) -> list[str]:
    """Return every other text, once each, that one edit with a character of `alphabet` makes of `text`.

    For L characters and an alphabet of V that are about 2 L V texts.
    """
    found = {text[:place] + text[place + 1 :] for place in range(len(text))}
    found |= {
        text[:place] + character + text[place + 1 :] for place in range(len(text)) for character in alphabet
    }
    if len(text) < max_length:
        found |= {text[:place] + character + text[place:] for place in range(len(text) + 1) for character in alphabet}
    return sorted(found - {text})
