"""Untrusted text made safe for HTML and SVG, which allow no control characters."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return `text` on one line, with invisible characters as symbols."""
    return "".join(character if character.isprintable() else _sign(character) for character in text)


def _sign(character: str) -> str:
    code = ord(character)
    if character == "\n":
        return "↵"
    return chr(0x2400 + code) if code < 0x20 else "\N{REPLACEMENT CHARACTER}"
