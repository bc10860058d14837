"""Rewards for style, without a target: matches, repetition, words, readability."""

from __future__ import annotations

import functools
import math
import re
import string
import zlib
from typing import TYPE_CHECKING

from pgplay.errors import InputError
from pgplay.paths import shipped

if TYPE_CHECKING:
    from regex import Pattern

MATCH_SECONDS = 0.1
"""Time limit per text, so that endless backtracking becomes an error."""

MOST_REPETITIONS = 100_000
"""Largest product of a pattern's counted repetitions: they are expanded, and a{1000000000} would fill the memory."""

_REPETITION = re.compile(r"\{\s*(\d*)\s*(?:,\s*(\d*)\s*)?\}")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_SENTENCE_END = re.compile(r"[.!?…]+")
_VOWELS = re.compile(r"[aeiouy]+")
_SILENT_END = re.compile(r"(?<=[^aeiouyl])e$")


def matched(text: str, pattern: str) -> float:
    """Return the share of characters within matches of `pattern`, from left to right; 0 for no text.

    Raises InputError if `pattern` is not a regular expression, TimeoutError after MATCH_SECONDS.
    """
    compiled = _compiled(pattern)
    if not text:
        return 0.0
    spans = (match.span() for match in compiled.finditer(text, timeout=MATCH_SECONDS))
    return sum(int(end - start) for start, end in spans) / len(text)


@functools.lru_cache(64)
def _compiled(pattern: str) -> Pattern[str]:
    import regex

    counts = (max(int(low or 1), int(high or 1), 1) for low, high in _REPETITION.findall(pattern))
    if math.prod(counts) > MOST_REPETITIONS:
        raise InputError("pattern.repetitions", pattern=pattern, most=MOST_REPETITIONS)
    try:
        return regex.compile(pattern)
    except (regex.error, ValueError, OverflowError, RecursionError, MemoryError) as error:
        raise InputError("pattern.invalid", pattern=pattern, reason=str(error)) from error


def distinct(text: str, target: str, size: int) -> float:
    """Return the share of n-grams that occur for the first time (Li et al. 2016); 0 for a text without any."""
    del target
    count = len(text) - size + 1
    return len({text[start : start + size] for start in range(count)}) / count if count > 0 else 0.0


def compression(text: str, target: str) -> float:
    """Return the deflated size / the size in UTF-8, at most 1; 0 for no text. Only long texts can fall below 0.2."""
    del target
    data = text.encode(errors="surrogatepass")
    if not data:
        return 0.0
    deflate = zlib.compressobj(9, wbits=-15)
    return min(1.0, (len(deflate.compress(data)) + len(deflate.flush())) / len(data))


def words(text: str, target: str) -> float:
    """Return the share of runs between spaces that are words of the list, ignoring punctuation around them."""
    del target
    runs = text.lower().split()
    english = _word_list()
    return sum(run.strip(string.punctuation) in english for run in runs) / len(runs) if runs else 0.0


@functools.cache
def _word_list() -> frozenset[str]:
    return frozenset((shipped("assets") / "words" / "english.txt").read_text(encoding="ascii").split())


def readability(text: str, target: str) -> float:
    """Return Flesch's reading ease (1948) / 100, within 0 and 1; 0 for a text without words.

    A sentence ends at . ! ? or …, or with the text; a syllable is a group of vowels, except an e at the end of a word.
    """
    del target
    text_words = _WORD.findall(text.lower())
    if not text_words:
        return 0.0
    sentences = sum(_WORD.search(part) is not None for part in _SENTENCE_END.split(text))
    syllables = sum(max(1, len(_VOWELS.findall(_SILENT_END.sub("", word)))) for word in text_words)
    ease = 206.835 - 1.015 * len(text_words) / sentences - 84.6 * syllables / len(text_words)
    return min(1.0, max(0.0, ease / 100.0))
