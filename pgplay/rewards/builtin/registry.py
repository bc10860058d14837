"""The function of each built-in reward by name; its arguments are text, target and possibly a number."""

from __future__ import annotations

from collections.abc import Callable

import Levenshtein
from rapidfuzz.distance import DamerauLevenshtein, Hamming, LCSseq, Postfix, Prefix

from pgplay.rewards.builtin import ngram_overlap, similarity, style

BUILT_IN_FUNCTIONS: dict[str, Callable[..., float]] = {
    "levenshtein": similarity.levenshtein,
    "hamming": Hamming.normalized_similarity,
    "prefix": Prefix.normalized_similarity,
    "suffix": Postfix.normalized_similarity,
    "substring": similarity.substring,
    "lcs": LCSseq.normalized_similarity,
    "indel": Levenshtein.ratio,
    "damerau-levenshtein": DamerauLevenshtein.normalized_similarity,
    "jaro": Levenshtein.jaro,
    "jaro-winkler": Levenshtein.jaro_winkler,
    "ngrams": ngram_overlap.ngrams,
    "chrf": ngram_overlap.chrf,
    "bleu": ngram_overlap.bleu,
    "char-bleu": ngram_overlap.char_bleu,
    "exact": similarity.exact,
    "contains": similarity.contains,
    "length": similarity.length,
    "charset": similarity.charset,
    "regex": style.matched,
    "distinct": style.distinct,
    "compression": style.compression,
    "words": style.words,
    "readability": style.readability,
}
