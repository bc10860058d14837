"""Rewards that count common n-grams of text and target, as in machine translation.

BLEU and chrF come from sacrebleu, the reference implementation, loaded at first use (0.1 s).
"""

from __future__ import annotations

import functools
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF


def ngrams(text: str, target: str, size: int) -> float:
    """Return Dice's coefficient (1945) of the n-gram multisets; if either is empty, whether the texts are equal."""
    first, second = (_ngram_counts(text, size), _ngram_counts(target, size))
    if not first or not second:
        return float(text == target)
    return 2.0 * (first & second).total() / (first.total() + second.total())


def _ngram_counts(text: str, size: int) -> Counter[str]:
    return Counter(text[start : start + size] for start in range(len(text) - size + 1))


def chrf(text: str, target: str, size: int) -> float:
    """Return chrF (Popović 2015) with n-grams up to `size` and beta 2, as a share; 1 for two equal texts."""
    return 1.0 if text == target else _chrf(size).sentence_score(text, [target]).score / 100.0


def bleu(text: str, target: str, size: int) -> float:
    """Return sentence BLEU (Papineni et al. 2002) over words, as a share; 1 for two equal texts."""
    return 1.0 if text == target else _share(_bleu("13a", size).sentence_score(text, [target]).score)


def char_bleu(text: str, target: str, size: int) -> float:
    """Return sentence BLEU over characters, without spaces, as a share; 1 for two equal texts."""
    return 1.0 if text == target else _share(_bleu("char", size).sentence_score(text, [target]).score)


def _share(percent: float) -> float:
    return min(1.0, percent / 100.0)  # a perfect score is 100.00000000000004


@functools.cache
def _bleu(tokens: str, size: int) -> BLEU:
    """Return the metric; a text with fewer than `size` tokens is measured by the n-grams that it has."""
    from sacrebleu.metrics.bleu import BLEU

    return BLEU(tokenize=tokens, max_ngram_order=size, effective_order=True)


@functools.cache
def _chrf(size: int) -> CHRF:
    from sacrebleu.metrics.chrf import CHRF

    return CHRF(char_order=size)
