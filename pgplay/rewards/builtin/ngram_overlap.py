"""Rewards that count the pieces which a text and its target have in common, as machine translation is measured.

BLEU and chrF are sacrebleu's, the reference that papers cite; it loads when one of them is first used (0.1 s).
"""

from __future__ import annotations

import functools
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF


def ngrams(text: str, target: str, size: int) -> float:
    """Return Dice's coefficient (1945) of the multisets of n-grams; where either has none, whether they are equal."""
    own, wanted = (
        Counter(one[start : start + size] for start in range(len(one) - size + 1)) for one in (text, target)
    )
    if not own or not wanted:
        return float(text == target)
    return 2.0 * (own & wanted).total() / (own.total() + wanted.total())


def chrf(text: str, target: str, size: int) -> float:
    """Return chrF (Popović 2015) with n-grams up to `size` and beta 2, as a share; 1 for two equal texts."""
    return 1.0 if text == target else _chrf(size).sentence_score(text, [target]).score / 100.0


def bleu(text: str, target: str, size: int) -> float:
    """Return sentence BLEU (Papineni et al. 2002) over words, as a share; 1 for two equal texts."""
    return 1.0 if text == target else _share(_bleu("13a", size).sentence_score(text, [target]).score)


def char_bleu(text: str, target: str, size: int) -> float:
    """Return sentence BLEU over characters, spaces left out, as a share; 1 for two equal texts."""
    return 1.0 if text == target else _share(_bleu("char", size).sentence_score(text, [target]).score)


def _share(percent: float) -> float:
    return min(1.0, percent / 100.0)  # a perfect score comes as 100.00000000000004


@functools.cache
def _bleu(tokens: str, size: int) -> BLEU:
    """Return the metric; a text with fewer than `size` tokens is measured by the n-grams that it has."""
    from sacrebleu.metrics.bleu import BLEU

    return BLEU(tokenize=tokens, max_ngram_order=size, effective_order=True)


@functools.cache
def _chrf(size: int) -> CHRF:
    from sacrebleu.metrics.chrf import CHRF

    return CHRF(char_order=size)
