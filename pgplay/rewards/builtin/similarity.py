"""Rewards that compare a text with its target, character by character; `catalogue` describes them.

`registry` uses most edit distances directly from Levenshtein and rapidfuzz (0.3 to 8 million texts of 30 characters per
second); this module has the others.
"""

from __future__ import annotations

import Levenshtein


def levenshtein(text: str, target: str) -> float:
    """Return 1 - edits / length of the longer; 1 for two empty texts."""
    return 1.0 - Levenshtein.distance(text, target) / max(len(text), len(target), 1)


def substring(text: str, target: str) -> float:
    """Return the length of the longest common substring / length of the longer; 1 for two empty texts.

    If one of n characters is common, so is one of n - 1: the longest is found by halving, in O(n² log n) at worst.
    """
    longest, too_long = 0, min(len(text), len(target)) + 1
    while too_long - longest > 1:
        size = (longest + too_long) // 2
        pieces = {text[start : start + size] for start in range(len(text) - size + 1)}
        if any(target[start : start + size] in pieces for start in range(len(target) - size + 1)):
            longest = size
        else:
            too_long = size
    return longest / max(len(text), len(target)) if text or target else 1.0


def exact(text: str, target: str) -> float:
    """Return 1 if `text` equals `target`, else 0."""
    return float(text == target)


def contains(text: str, target: str) -> float:
    """Return 1 if `text` contains `target`, else 0; every text contains an empty target."""
    return float(target in text)


def length(text: str, target: str, wanted: int | None = None) -> float:
    """Return 1 at the `wanted` length, else the target's, falling linearly to 0 at no text and at twice that length."""
    aim = len(target) if wanted is None else wanted
    return max(0.0, 1.0 - abs(len(text) - aim) / max(aim, 1))


def charset(text: str, target: str) -> float:
    """Return the share of characters that occur in `target`; 0 for an empty text, or 1 if the target is empty too."""
    if not text:
        return float(not target)
    return sum(map(frozenset(target).__contains__, text)) / len(text)
