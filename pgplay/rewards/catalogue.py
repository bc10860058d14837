"""The built-in rewards by name: what each one says about a text, in words and as a formula.

Importing this module costs nothing; the compiled functions behind it load when the first `function` is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from pgplay.errors import unknown_name

Function = Callable[[str, str], float]
"""From the text that was written and the target to a reward."""


class BuiltIn(NamedTuple):
    """One reward that ships with pgplay. Lengths and edits are counted in Unicode code points."""

    name: str
    description: str
    definition: str
    source: str
    """The package or paper that the definition follows."""
    range: tuple[float, float] = (0.0, 1.0)
    needs_target: bool = True
    """Where this holds, the exact target scores the top of the range."""

    @property
    def function(self) -> Function:
        """The function of (text, target) that computes it."""
        from pgplay.rewards.similarities import FUNCTIONS

        return FUNCTIONS[self.name]


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
    ),
    BuiltIn(
        "distinct",
        "how little the text repeats itself; the target does not matter",
        "distinct pairs of neighbours / pairs",
        "distinct-2 of Li et al. 2016, over characters",
        needs_target=False,
    ),
)

REWARDS = {reward.name: reward for reward in _ALL}


def built_in(name: str) -> BuiltIn:
    """Return the built-in reward called `name`; raises InputError with the nearest name where there is none."""
    if name not in REWARDS:
        raise unknown_name("reward", name, REWARDS)
    return REWARDS[name]
