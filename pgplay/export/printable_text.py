"""Text from outside made fit for a page of HTML or SVG, which may hold no control character."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return `text` on one line, each character that has no shape of its own as a sign."""
    return "".join(one if one.isprintable() else _sign(one) for one in text)


def _sign(character: str) -> str:
    code = ord(character)
    if character == "\n":
        return "↵"
    return chr(0x2400 + code) if code < 0x20 else "\N{REPLACEMENT CHARACTER}"
