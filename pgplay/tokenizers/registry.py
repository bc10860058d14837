"""The tokenizers by name. An installed package adds its own as an entry point of the group `pgplay.tokenizers`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import cast

from pgplay.errors import UnknownName
from pgplay.tokenizers.base import Tokenizer
from pgplay.tokenizers.character import CharacterTokenizer

Maker = Callable[[str], Tokenizer]
"""Makes a tokenizer for an alphabet: distinct characters, in order."""

CHARACTERS = "characters"
GROUP = "pgplay.tokenizers"
"""The group of entry points; each names a tokenizer and leads to its `Maker`."""

_OWN: dict[str, Maker] = {CHARACTERS: CharacterTokenizer}


def make_tokenizer(name: str, alphabet: str) -> Tokenizer:
    """Return the tokenizer `name` for `alphabet`; raises InputError with the nearest name for an unknown one."""
    return (_OWN[name] if name in _OWN else _installed(name))(alphabet)


@functools.cache
def _installed(name: str) -> Maker:
    """Return the tokenizer that an installed package adds as `name`."""
    from importlib.metadata import entry_points  # here, as characters need none of it

    added = {point.name: point for point in entry_points(group=GROUP)}
    if name not in added:
        raise UnknownName("tokenizer", name, [*_OWN, *added], field="tokenizer")
    return cast(Maker, added[name].load())
