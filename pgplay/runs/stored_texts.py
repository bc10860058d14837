"""Texts in a run's store: a code with its values as JSON. Stores of pgplay 0.1 hold words, which stay as they are."""

from __future__ import annotations

from typing import Any

import msgspec

from pgplay.locale.catalog import Coded, text_of

_decoder = msgspec.json.Decoder(tuple[str, dict[str, Any]])


def encode_text(text: Coded | None) -> str:
    """Return a code with its values as a store keeps it; empty for None."""
    return "" if text is None else msgspec.json.encode(text).decode()


def words_of_stored(stored: str) -> str:
    """Return the words of a `stored` text; anything but a code with its values is returned as it is."""
    try:
        return text_of(*_decoder.decode(stored))
    except (msgspec.DecodeError, RecursionError):
        return stored
