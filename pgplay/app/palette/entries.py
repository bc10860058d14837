"""The palette's entries, and how well each matches a query."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import NamedTuple

from pgplay.locale.english.synonyms import FILLERS

ENTRY_KINDS = ("", "preset", "setting", "algorithm", "reward", "plot", "word", "page")
"""The kinds of entries, from the actions, which have no name before their title, to the pages of the documentation."""

WHOLE = 1.3
"""The relevance of a query that is the whole title."""

EXACT, BEGINS, SYNONYM, SYNONYM_BEGINS, INSIDE, DESCRIBED, MENTIONED = 1.0, 0.9, 0.85, 0.7, 0.6, 0.4, 0.25
"""The relevance of a typed word that is a word of the title, begins one, is a synonym, begins one, is inside a word of
the title, begins a word of the description, or is inside one."""

LATER_SYNONYM = 0.003
"""The relevance that each synonym has less than the one before it."""

HABIT, MOST_HABIT = 0.05, 0.25
"""The score that each doubling of the uses adds, and the most that uses add: less than a better kind of match."""

_WORD = re.compile(r"[^\W_]+")


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


class PaletteEntry:
    """An entry, carried out by `run`; its `synonyms`, the closest first, match queries too."""

    def __init__(
        self, kind: str, name: str, title: str, help: str, run: Callable[[], object], synonyms: str = ""
    ) -> None:
        self.kind, self.name, self.title, self.help, self.run = kind, name, title, help, run
        self._synonyms = synonyms

    @property
    def key(self) -> str:
        """The key under which its uses are counted."""
        return f"{self.kind}.{self.name}"

    @property
    def line(self) -> str:
        """The title after the kind, as it is listed."""
        return f"{self.kind}: {self.title}" if self.kind else self.title

    @cached_property
    def _vocabulary(self) -> tuple[list[str], list[str], list[str]]:
        return _words(self.title), _words(f"{self._synonyms} {self.kind} {self.name}"), _words(self.help)

    def relevance(self, query: str) -> float:
        """Return how well `query` matches, from 0 (some word of it matches nothing) to 1, or WHOLE."""
        typed = [word for word in _words(query) if word not in FILLERS] or _words(query)
        if typed and typed == _words(self.title):
            return WHOLE
        fits = [self._fit(word) for word in typed]
        return sum(fits) / len(fits) if fits and min(fits) > 0 else 0.0

    def _fit(self, word: str) -> float:
        title, synonyms, help = self._vocabulary
        if word in title:
            return EXACT
        if any(part.startswith(word) for part in title):
            return BEGINS
        if word in synonyms:
            return SYNONYM - LATER_SYNONYM * synonyms.index(word)
        if any(part.startswith(word) for part in synonyms):
            return SYNONYM_BEGINS
        if any(word in part for part in title):
            return INSIDE
        if any(part.startswith(word) for part in help):
            return DESCRIBED
        return MENTIONED if len(word) > 2 and any(word in part for part in help) else 0.0


class Match(NamedTuple):
    """An entry with its score, the best one highest."""

    score: float
    entry: PaletteEntry


def find_matches(query: str, entries: Iterable[PaletteEntry], uses: Mapping[str, int]) -> list[Match]:
    """Return the entries that match `query`, the best first; of equals the most used, then in order of kind."""
    matches = []
    for entry in entries:
        relevance = entry.relevance(query)
        if relevance:
            habit = min(MOST_HABIT, HABIT * math.log2(1 + uses.get(entry.key, 0)))
            matches.append(Match(relevance + habit - ENTRY_KINDS.index(entry.kind) / 1000, entry))
    return sorted(matches, key=lambda match: -match.score)


def suggested(entries: Iterable[PaletteEntry], uses: Mapping[str, int]) -> list[PaletteEntry]:
    """Return the entries offered before anything is typed: those used, the most used first; then the other actions."""
    used = [entry for entry in entries if uses.get(entry.key)]
    used.sort(key=lambda entry: -uses[entry.key])
    return used + [entry for entry in entries if not entry.kind and not uses.get(entry.key)]
