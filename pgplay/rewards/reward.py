"""From what a person typed to a reward: `build_reward("0.8*levenshtein + 0.2*prefix")`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Literal, NamedTuple, Self

from pgplay.errors import RewardError
from pgplay.rewards.formula import parse_formula
from pgplay.rewards.python.scorer import Limits, PythonScorer
from pgplay.rewards.python.source import is_python
from pgplay.rewards.records import Scorer, Scores, Triple, tell
from pgplay.rewards.spec import RewardSpec, UnaskedError, resolve
from pgplay.tasks.task import Pair

Kind = Literal["built-in", "formula", "python"]
DEFAULT_LIMITS = Limits()
LARGEST = 1e15
"""Learning squares rewards in single precision, which ends at 3e38."""


def _discard(line: str) -> None:
    """Take no notice of a line of the log."""


class Reward:
    """What is good, ready to score. Use it in a `with` statement, or `close` it: a person's Python holds a process.

    `spec` is what was typed, `name` what is shown, `source` a person's Python (else empty), and `needs_target` whether
    the target changes what it says.
    """

    def __init__(self, spec: str, name: str, kind: Kind, scorer: Scorer, *, source: str, needs_target: bool) -> None:
        self.spec = spec
        self.name = name
        self.kind: Kind = kind
        self.source = source
        self.needs_target = needs_target
        self._scorer = scorer

    def score(self, texts: Sequence[str], targets: Sequence[str], prompts: Sequence[str]) -> Scores:
        """Return the rewards of B `texts`, written for B `targets` and `prompts`; each distinct triple is scored once.

        Raises RewardError where the reward misbehaves; the next call then begins afresh.
        """
        triples = [Triple(*triple) for triple in zip(texts, targets, prompts, strict=True)]
        places: dict[Triple, int] = {}
        rows = [places.setdefault(triple, len(places)) for triple in triples]
        if not places:
            return Scores([], {})
        try:
            scores = self._scorer.score(list(places))
            self._check_size(list(places), scores)
        except RewardError as error:
            error.spec = self.spec
            raise
        parts = {name: [values[row] for row in rows] for name, values in scores.parts.items()}
        return Scores([scores.values[row] for row in rows], parts)

    def _check_size(self, triples: Sequence[Triple], scores: Scores) -> None:
        for values in (scores.values, *scores.parts.values()):
            for triple, value in zip(triples, values, strict=True):
                if abs(value) > LARGEST:
                    problem = f"The reward '{self.name}' gives {value:g} for {tell(triple)}."
                    raise RewardError(problem, f"Keep it within {LARGEST:g}, by clip(…) for instance.", given=triple)

    def score_pairs(self, texts: Sequence[str], pairs: Sequence[Pair]) -> Scores:
        """Return the rewards of B `texts`, written for B `pairs`; of several right answers the best paid one counts.

        Raises RewardError as `score` does.
        """
        rows = [row for row, pair in enumerate(pairs) for _ in pair.answers]
        scores = self.score(
            [texts[row] for row in rows],
            [answer for pair in pairs for answer in pair.answers],
            [pairs[row].prompt for row in rows],
        )
        if len(rows) == len(texts):
            return scores
        best: dict[int, int] = {}
        for place, row in enumerate(rows):
            if row not in best or scores.values[place] > scores.values[best[row]]:
                best[row] = place
        parts = {name: [values[place] for place in best.values()] for name, values in scores.parts.items()}
        return Scores([scores.values[place] for place in best.values()], parts)

    def best(self, target: str, prompt: str = "") -> float | None:
        """Return what the exact target scores, the most that most rewards give; None where that can't be told.

        It can't where no target is needed, and of Python, which would have to run. Raises RewardError where a formula
        has no finite value there.
        """
        if self.kind == "python" or not self.needs_target:
            return None
        return self._scorer.score([Triple(target, target, prompt)]).values[0]

    def close(self) -> None:
        """End what runs for it; closing twice is fine."""
        self._scorer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def build_reward(
    spec: RewardSpec | str,
    *,
    on_log: Callable[[str], None] = _discard,
    limits: Limits = DEFAULT_LIMITS,
) -> Reward:
    """Return the reward of `spec`: a built-in one, a formula over those, or Python, whose process is started at once.

    A text alone is enough for a formula. This is the one place where Python of rewards starts, and it starts only the
    text that `spec` holds. `on_log` is called from another thread with each line that it prints, at most 200 a batch.

    Raises UnaskedError for Python that may not run, InputError where `spec` is no reward, with the nearest name or the
    place of the mistake, and RewardError where the Python cannot be loaded.
    """
    if isinstance(spec, str):
        (spec,) = resolve([spec])
    text, source = spec.text, spec.source
    if source is not None:
        if not spec.may_run:
            raise UnaskedError(spec)
        scorer = PythonScorer(source, limits, on_log)
        return Reward(text, source.name, "python", scorer, source=source.text, needs_target=True)
    formula = parse_formula(text)
    if formula.component:
        name = formula.component.label
        return Reward(text, name, "built-in", formula, source="", needs_target=formula.needs_target)
    return Reward(text, formula.text, "formula", formula, source="", needs_target=formula.needs_target)


class RewardFacts(NamedTuple):
    """What the text of a reward tells without running anything.

    `needs_target`: whether it says nothing without a target; of Python only running it could tell: False. `highest` is
    the most that it can give, infinite where that is not known, as of Python.
    """

    needs_target: bool
    highest: float


def facts_of(spec: str) -> RewardFacts:
    """Return what the text `spec` of a reward tells; raises InputError where it is no reward."""
    if is_python(spec):
        return RewardFacts(needs_target=False, highest=math.inf)
    formula = parse_formula(spec)
    return RewardFacts(formula.needs_target, formula.highest)
