"""The function behind each built-in reward, by name: of (text, target), and of its number where it takes one."""

from __future__ import annotations

from collections.abc import Callable

import Levenshtein
from rapidfuzz.distance import DamerauLevenshtein, Hamming, LCSseq, Postfix, Prefix

from pgplay.rewards import overlaps, similarities, style

FUNCTIONS: dict[str, Callable[..., float]] = {
    "levenshtein": similarities.levenshtein,
    "hamming": Hamming.normalized_similarity,
    "prefix": Prefix.normalized_similarity,
    "suffix": Postfix.normalized_similarity,
    "substring": similarities.substring,
    "lcs": LCSseq.normalized_similarity,
    "indel": Levenshtein.ratio,
    "damerau-levenshtein": DamerauLevenshtein.normalized_similarity,
    "jaro": Levenshtein.jaro,
    "jaro-winkler": Levenshtein.jaro_winkler,
    "ngrams": overlaps.ngrams,
    "chrf": overlaps.chrf,
    "bleu": overlaps.bleu,
    "char-bleu": overlaps.char_bleu,
    "exact": similarities.exact,
    "contains": similarities.contains,
    "length": similarities.length,
    "charset": similarities.charset,
    "regex": style.matched,
    "distinct": style.distinct,
    "compression": style.compression,
    "words": style.words,
    "readability": style.readability,
}
