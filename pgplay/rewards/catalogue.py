"""The built-in rewards by name: what each one says about a text, in words and as a formula.

Importing this module costs nothing; the functions and the libraries behind them load when a reward is bound.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from pgplay.errors import InputError, unknown_name

Function = Callable[[str, str], float]
"""From the text that was written and the target to a reward."""


class Number(NamedTuple):
    """A whole number that a reward takes in brackets, from `low` to `high`; without a `default` the target tells it."""

    name: str
    meaning: str
    high: int
    default: int | None
    low: int = 1


class BuiltIn(NamedTuple):
    """One reward that ships with pgplay. Lengths and edits are counted in Unicode code points."""

    name: str
    description: str
    definition: str
    source: str
    """The package or paper that the definition follows."""
    range: tuple[float, float] = (0.0, 1.0)
    needs_target: bool = True
    """Where this holds, the exact target scores the top of the range; a text in brackets takes the target's place."""
    number: Number | None = None
    pattern: str = ""
    """An example of the text that it must be given in brackets; empty where it needs none."""

    @property
    def spec(self) -> str:
        """What names it as a reward: its name, or an example where it must be given something."""
        return self.usage if self.pattern else self.name

    @property
    def usage(self) -> str:
        """How it is written with all that it takes in brackets, by an example."""
        inside = [str(self.number.default or 12)] if self.number else []
        if self.pattern or (self.needs_target and not self._number_replaces_target):
            inside.append(f'"{self.pattern or "hello"}"')
        return f"{self.name}({', '.join(inside)})" if inside else self.name

    @property
    def parameters(self) -> str:
        """What it takes in brackets, in words; empty where it takes nothing."""
        told = []
        if self.number:
            default = "the target's" if self._number_replaces_target else self.number.default
            limits = f"{self.number.low} to {self.number.high:,}"
            told.append(f"{self.number.meaning}, {limits}, {default} where none is given")
        if self.pattern:
            told.append(f'a text such as "{self.pattern}", always')
        elif self.needs_target:
            told.append("a text in place of the target")
        return (" or " if self._number_replaces_target else "; ").join(told)

    @property
    def _number_replaces_target(self) -> bool:
        return self.number is not None and self.number.default is None

    def bind(self, number: int | None = None, text: str | None = None) -> Function:
        """Return the function of (text, target) that computes it, with what stands in its brackets.

        Raises InputError where that does not fit.
        """
        from pgplay.rewards.builtin.registry import FUNCTIONS

        self._check(number, text)
        function = FUNCTIONS[self.name]
        if self.number:
            function = partial(function, **{self.number.name: self.number.default if number is None else number})
        if text is None:
            return function
        function("", text)  # a text that cannot be used is told before anything is scored
        return lambda written, target: function(written, text)

    def looks_at_target(self, number: int | None = None, text: str | None = None) -> bool:
        """Return whether the target still changes what it says, with that in brackets."""
        return self.needs_target and text is None and not (self._number_replaces_target and number is not None)

    def _check(self, number: int | None, text: str | None) -> None:
        right = f"Write {' or '.join(dict.fromkeys([self.spec, self.usage]))}."
        if self.pattern and text is None:
            raise InputError(f"{self.name} needs a text in brackets.", right)
        if text is not None and not (self.pattern or self.needs_target):
            raise InputError(f"{self.name} takes no text.", right)
        if number is None:
            return
        if self.number is None or (self._number_replaces_target and text is not None):
            raise InputError(f"{self.name} takes no number{' beside a text' if self.number else ''}.", right)
        if not self.number.low <= number <= self.number.high:
            limits = f"from {self.number.low} to {self.number.high:,}"
            raise InputError(f"{self.name} cannot take {number}.", f"It is a number {limits}: {self.number.meaning}.")


_GRAM = Number("size", "characters of an n-gram", 20, 2)

_ALL = (
    BuiltIn(
        "levenshtein",
        "how few insertions, deletions and replacements turn the text into the target",
        "1 − edits / longer text",
        "Levenshtein 1966; package Levenshtein",
    ),
    BuiltIn(
        "hamming",
        "share of positions that hold the right character",
        "equal positions / longer text",
        "Hamming 1950; package rapidfuzz",
    ),
    BuiltIn(
        "prefix",
        "how much of the text is right from its start on",
        "common start / longer text",
        "package rapidfuzz",
    ),
    BuiltIn(
        "suffix",
        "how much of the text is right up to its end",
        "common end / longer text",
        "package rapidfuzz",
    ),
    BuiltIn(
        "substring",
        "longest piece that stands in both, without gaps",
        "longest common substring / longer text",
        "Gusfield 1997, section 7.4",
    ),
    BuiltIn(
        "lcs",
        "longest run of right characters in the right order, gaps allowed",
        "longest common subsequence / longer text",
        "package rapidfuzz",
    ),
    BuiltIn(
        "indel",
        "how few insertions and deletions turn the text into the target",
        "1 − insertions and deletions / both lengths",
        "package Levenshtein (its ratio)",
    ),
    BuiltIn(
        "damerau-levenshtein",
        "as levenshtein, and swapping two neighbours is one edit",
        "1 − edits with swaps / longer text",
        "Damerau 1964; package rapidfuzz",
    ),
    BuiltIn(
        "jaro",
        "share of characters that match nearby, less the swapped ones",
        "(m/|text| + m/|target| + (m − t)/m) / 3",
        "Jaro 1989; package Levenshtein",
    ),
    BuiltIn(
        "jaro-winkler",
        "as jaro, and a right start (up to 4 characters) counts more",
        "jaro + 0.1 · common start · (1 − jaro)",
        "Winkler 1990; package Levenshtein",
    ),
    BuiltIn(
        "ngrams",
        "how many short pieces both have, wherever they stand",
        "2 · common n-grams / n-grams of both, n = 2",
        "Dice 1945, over multisets of character n-grams",
        number=_GRAM,
    ),
    BuiltIn(
        "chrf",
        "right pieces of 1 to 6 characters, spaces left out; missing ones count more than wrong ones",
        "5 · P · R / (4 · P + R), P and R of n-grams up to 6",
        "Popović 2015; package sacrebleu",
        number=Number("size", "characters of the longest n-gram", 20, 6),
    ),
    BuiltIn(
        "bleu",
        "right runs of 1 to 4 words, less where the text is too short",
        "brevity · geometric mean of word n-gram precisions up to 4, smoothed",
        "Papineni et al. 2002; package sacrebleu (sentence BLEU, 13a, exp)",
        number=Number("size", "words of the longest n-gram", 20, 4),
    ),
    BuiltIn(
        "char-bleu",
        "as bleu, with characters for words, spaces left out",
        "brevity · geometric mean of character n-gram precisions up to 4, smoothed",
        "Papineni et al. 2002; package sacrebleu (sentence BLEU, char, exp)",
        number=Number("size", "characters of the longest n-gram", 20, 4),
    ),
    BuiltIn(
        "exact",
        "all or nothing: is the text exactly the target?",
        "1 if text = target, else 0",
        "pgplay",
    ),
    BuiltIn(
        "contains",
        "does the target stand anywhere in the text?",
        "1 if target in text, else 0",
        "pgplay",
    ),
    BuiltIn(
        "length",
        "is the text as long as the target? What it says does not matter",
        "1 − |length gap| / target length, at least 0",
        "pgplay",
        number=Number("wanted", "the length that is wanted", 100_000, None),
    ),
    BuiltIn(
        "charset",
        "does the text keep to the target's characters, in any order?",
        "characters that occur in the target / characters",
        "pgplay",
    ),
    BuiltIn(
        "regex",
        "how much of the text does a regular expression match?",
        "characters within matches / characters",
        "package regex; a text that takes longer than 0.1 s is an error",
        needs_target=False,
        pattern="[aeiou]",
    ),
    BuiltIn(
        "distinct",
        "how little the text repeats itself",
        "distinct n-grams / n-grams of characters, n = 2",
        "distinct-n of Li et al. 2016, over characters",
        needs_target=False,
        number=_GRAM,
    ),
    BuiltIn(
        "compression",
        "how badly the text can be compressed: low where it repeats itself",
        "deflated size / size in bytes, at most 1",
        "DEFLATE (RFC 1951), level 9; package zlib",
        needs_target=False,
    ),
    BuiltIn(
        "words",
        "is it made of English words? Each run between spaces counts the same",
        "words in a list of 18,310 / words",
        "assets/words: public-domain texts and Webster's Second",
        needs_target=False,
    ),
    BuiltIn(
        "readability",
        "how easy to read English is: short words, short sentences",
        "(206.835 − 1.015 · words/sentences − 84.6 · syllables/words) / 100, within 0 and 1",
        "Flesch 1948; syllables are groups of vowels",
        needs_target=False,
    ),
)

REWARDS = {reward.name: reward for reward in _ALL}


def built_in(name: str) -> BuiltIn:
    """Return the built-in reward called `name`; raises InputError with the nearest name where there is none."""
    if name not in REWARDS:
        raise unknown_name("reward", name, REWARDS)
    return REWARDS[name]
