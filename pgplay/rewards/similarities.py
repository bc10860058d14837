"""The built-in rewards as functions of (text, target); `catalogue` says what each one means.

Edit distances come compiled, from Levenshtein and rapidfuzz: 0.3 to 8 million texts of 30 characters a second.
"""

from __future__ import annotations

import itertools

import Levenshtein
from rapidfuzz.distance import DamerauLevenshtein, Hamming, LCSseq, Postfix, Prefix

from pgplay.rewards.catalogue import Function


def levenshtein(text: str, target: str) -> float:
    """Return 1 - edits / length of the longer; 1 for two empty texts."""
    return 1.0 - Levenshtein.distance(text, target) / max(len(text), len(target), 1)


def exact(text: str, target: str) -> float:
    """Return 1 where `text` is `target`, else 0."""
    return float(text == target)


def contains(text: str, target: str) -> float:
    """Return 1 where `target` stands anywhere in `text`, else 0; an empty target stands everywhere."""
    return float(target in text)


def length(text: str, target: str) -> float:
    """Return 1 at the target's length, falling linearly to 0 at no text and at twice the target's length."""
    return max(0.0, 1.0 - abs(len(text) - len(target)) / max(len(target), 1))


def distinct(text: str, target: str) -> float:
    """Return the share of pairs of neighbours that occur for the first time; 0 for a text without a pair."""
    del target
    pairs = len(text) - 1
    return len(set(itertools.pairwise(text))) / pairs if pairs > 0 else 0.0


FUNCTIONS: dict[str, Function] = {
    "levenshtein": levenshtein,
    "hamming": Hamming.normalized_similarity,
    "prefix": Prefix.normalized_similarity,
    "suffix": Postfix.normalized_similarity,
    "lcs": LCSseq.normalized_similarity,
    "indel": Levenshtein.ratio,
    "damerau-levenshtein": DamerauLevenshtein.normalized_similarity,
    "jaro": Levenshtein.jaro,
    "jaro-winkler": Levenshtein.jaro_winkler,
    "exact": exact,
    "contains": contains,
    "length": length,
    "distinct": distinct,
}
