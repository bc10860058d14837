"""The built-in rewards by name, each with a description and a definition.

This module imports quickly; the functions and their libraries load when a reward is bound.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from pgplay.errors import InputError, UnknownName

Function = Callable[[str, str], float]
"""Maps a text and its target to a reward."""


class Number(NamedTuple):
    """A whole number in a reward's brackets, from `low` to `high`; without a `default` it comes from the target."""

    name: str
    meaning: str
    high: int
    default: int | None
    low: int = 1


class BuiltIn(NamedTuple):
    """A built-in reward. Lengths and edits are counted in Unicode code points."""

    name: str
    description: str
    definition: str
    source: str
    """The package or paper behind the definition."""
    range: tuple[float, float] = (0.0, 1.0)
    needs_target: bool = True
    """If so, the exact target scores the top of the range; a text in brackets replaces the target."""
    number: Number | None = None
    pattern: str = ""
    """An example of its required text in brackets; empty if it needs none."""

    @property
    def spec(self) -> str:
        """Its name, or an example of its use if it requires a text."""
        return self.usage if self.pattern else self.name

    @property
    def usage(self) -> str:
        """An example of its use with all arguments."""
        inside = [str(self.number.default or 12)] if self.number else []
        if self.pattern or (self.needs_target and not self._number_replaces_target):
            inside.append(f'"{self.pattern or "hello"}"')
        return f"{self.name}({', '.join(inside)})" if inside else self.name

    @property
    def parameters(self) -> str:
        """A description of its arguments; empty without any."""
        arguments = []
        if self.number:
            default = "the target's" if self._number_replaces_target else self.number.default
            limits = f"{self.number.low} to {self.number.high:,}"
            arguments.append(f"{self.number.meaning}, {limits} (default: {default})")
        if self.pattern:
            arguments.append(f'a text such as "{self.pattern}" (required)')
        elif self.needs_target:
            arguments.append("a text instead of the target")
        return (" or " if self._number_replaces_target else "; ").join(arguments)

    @property
    def _number_replaces_target(self) -> bool:
        return self.number is not None and self.number.default is None

    def bind(self, number: int | None = None, text: str | None = None) -> Function:
        """Return the function of (text, target) that computes it with the given arguments.

        Raises InputError if they do not fit.
        """
        from pgplay.rewards.builtin.registry import BUILT_IN_FUNCTIONS

        self.check(number, text)
        function = BUILT_IN_FUNCTIONS[self.name]
        if self.number:
            function = partial(function, **{self.number.name: self.number.default if number is None else number})
        if text is None:
            return function
        function("", text)  # a bad pattern is reported before anything is scored
        return lambda written, target: function(written, text)

    def looks_at_target(self, number: int | None = None, text: str | None = None) -> bool:
        """Return whether it still depends on the target with these arguments."""
        return self.needs_target and text is None and not (self._number_replaces_target and number is not None)

    def check(self, number: int | None, text: str | None) -> None:
        """Raise InputError if it does not take these arguments."""
        name, usages = self.name, list(dict.fromkeys([self.spec, self.usage]))
        if self.pattern and text is None:
            raise InputError("reward.needs_text", name=name, usages=usages)
        if text is not None and not (self.pattern or self.needs_target):
            raise InputError("reward.takes_no_text", name=name, usages=usages)
        if number is None:
            return
        if self.number is None or (self._number_replaces_target and text is not None):
            code = "reward.number_or_text" if self.number else "reward.takes_no_number"
            raise InputError(code, name=name, usages=usages)
        if not self.number.low <= number <= self.number.high:
            low, high, meaning = self.number.low, self.number.high, self.number.meaning
            raise InputError("reward.number", name=name, number=number, low=low, high=high, meaning=meaning)


_GRAM = Number("size", "characters of an n-gram", 20, 2)

_ALL = (
    BuiltIn(
        "levenshtein",
        "similarity by the fewest insertions, deletions and replacements",
        "1 − edits / longer text",
        "Levenshtein 1966; package Levenshtein",
    ),
    BuiltIn(
        "hamming",
        "share of positions with the right character",
        "equal positions / longer text",
        "Hamming 1950; package rapidfuzz",
    ),
    BuiltIn(
        "prefix",
        "share of the text that is right from the start",
        "common start / longer text",
        "package rapidfuzz",
    ),
    BuiltIn(
        "suffix",
        "share of the text that is right up to the end",
        "common end / longer text",
        "package rapidfuzz",
    ),
    BuiltIn(
        "substring",
        "longest piece in common, without gaps",
        "longest common substring / longer text",
        "Gusfield 1997, section 7.4",
    ),
    BuiltIn(
        "lcs",
        "longest sequence of characters in common, gaps allowed",
        "longest common subsequence / longer text",
        "package rapidfuzz",
    ),
    BuiltIn(
        "indel",
        "similarity by the fewest insertions and deletions",
        "1 − insertions and deletions / both lengths",
        "package Levenshtein (its ratio)",
    ),
    BuiltIn(
        "damerau-levenshtein",
        "like levenshtein, but swapping two adjacent characters is one edit",
        "1 − edits with swaps / longer text",
        "Damerau 1964; package rapidfuzz",
    ),
    BuiltIn(
        "jaro",
        "share of characters that match nearby, with a penalty for transpositions",
        "(m/|text| + m/|target| + (m − t)/m) / 3",
        "Jaro 1989; package Levenshtein",
    ),
    BuiltIn(
        "jaro-winkler",
        "like jaro, with a bonus for a common prefix (up to 4 characters)",
        "jaro + 0.1 · common start · (1 − jaro)",
        "Winkler 1990; package Levenshtein",
    ),
    BuiltIn(
        "ngrams",
        "share of character n-grams in common, in any order",
        "2 · common n-grams / n-grams of both, n = 2",
        "Dice 1945, over multisets of character n-grams",
        number=_GRAM,
    ),
    BuiltIn(
        "chrf",
        "F-score of character n-grams (1 to 6), ignoring spaces; recall counts more than precision",
        "5 · P · R / (4 · P + R), P and R of n-grams up to 6",
        "Popović 2015; package sacrebleu",
        number=Number("size", "characters of the longest n-gram", 20, 6),
    ),
    BuiltIn(
        "bleu",
        "precision of word n-grams (1 to 4 words), with a brevity penalty",
        "brevity · geometric mean of word n-gram precisions up to 4, smoothed",
        "Papineni et al. 2002; package sacrebleu (sentence BLEU, 13a, exp)",
        number=Number("size", "words of the longest n-gram", 20, 4),
    ),
    BuiltIn(
        "char-bleu",
        "like bleu, with characters instead of words, ignoring spaces",
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
        "does the text contain the target?",
        "1 if target in text, else 0",
        "pgplay",
    ),
    BuiltIn(
        "length",
        "is the text as long as the target? Its content is ignored",
        "1 − |length gap| / target length, at least 0",
        "pgplay",
        number=Number("wanted", "the desired length", 100_000, None),
    ),
    BuiltIn(
        "charset",
        "does the text use only the target's characters, in any order?",
        "characters that occur in the target / characters",
        "pgplay",
    ),
    BuiltIn(
        "regex",
        "share of the text that matches a regular expression",
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
        "how poorly the text compresses: low if it repeats itself",
        "deflated size / size in bytes, at most 1",
        "DEFLATE (RFC 1951), level 9; package zlib",
        needs_target=False,
    ),
    BuiltIn(
        "words",
        "share of the words, split at spaces, that are English",
        "words in a list of 18,310 / words",
        "assets/words: public-domain texts and Webster's Second",
        needs_target=False,
    ),
    BuiltIn(
        "readability",
        "reading ease of English: higher for short words and sentences",
        "(206.835 − 1.015 · words/sentences − 84.6 · syllables/words) / 100, within 0 and 1",
        "Flesch 1948; syllables are groups of vowels",
        needs_target=False,
    ),
)

REWARDS = {reward.name: reward for reward in _ALL}
"""Those that are a function of a text and its target."""

OWN_SCORING = BuiltIn(
    "task",
    "the task's own scoring, where it brings one along, as those of reasoning-gym do",
    "what the task's package gives to an answer",
    "package reasoning-gym; an answer that it cannot read within 3 s is a wrong one",
    needs_target=False,
)

EVERY_REWARD = {**REWARDS, OWN_SCORING.name: OWN_SCORING}
"""All that a formula may name."""


def built_in(name: str) -> BuiltIn:
    """Return the reward `name`; raises InputError with the nearest name for an unknown one."""
    if name not in EVERY_REWARD:
        raise UnknownName("reward", name, EVERY_REWARD)
    return EVERY_REWARD[name]
