"""The first look: completions and rewards before the first step, and the cost of training."""

from __future__ import annotations

import msgspec

from pgplay.learning.reports.step_report import Finding, Sample
from pgplay.locale.catalog import Coded
from pgplay.policies.memory import MemoryForecast

MOSTLY = 0.9
"""The share of completions from which a problem is a finding."""


class FirstLook(msgspec.Struct, frozen=True, kw_only=True):
    """`completions` of the untrained policy, as a step samples them, with their rewards and the cost of a step.

    `earning`, `ended` and `tied_groups` are shares: of completions with a reward above 0, of those that end with a stop
    token, of groups with equal rewards. `distinct` counts texts. `seconds` of a step are predicted from those of the
    look. `samples` lie across the rewards. `memory` is None for a network from scratch, which needs little.
    """

    completions: int
    earning: float
    mean: float
    distinct: int
    ended: float
    tied_groups: float
    max_length: int
    seconds: float
    samples: tuple[Sample, ...]
    memory: MemoryForecast | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings that will keep the run from learning, the worst first."""
        findings = []
        if self.distinct <= (1 - MOSTLY) * self.completions:
            findings.append(Finding("first-alike", {"distinct": self.distinct, "of": self.completions}))
        elif self.tied_groups >= MOSTLY:
            findings.append(Finding("first-tied", {"tied": self.tied_groups}))
        if self.ended <= 1 - MOSTLY:
            findings.append(Finding("first-cut", {"cut": 1 - self.ended, "limit": float(self.max_length)}))
        return tuple(findings)

    @property
    def facts(self) -> tuple[Coded, ...]:
        """The completions' statistics and a step's cost, as codes of sentences with their values."""
        texts = {name: getattr(self, name) for name in ("completions", "earning", "mean", "distinct", "ended")}
        facts: tuple[Coded, ...] = (("look.texts", texts), ("look.seconds", {"seconds": self.seconds}))
        if self.memory is None:
            return facts
        return (*facts, ("look.memory", {"memory": self.memory.total}))
