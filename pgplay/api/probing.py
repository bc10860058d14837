"""Examining a reward before training."""

from __future__ import annotations

from typing import Any, NamedTuple

from pgplay.api.description import Description, RewardLike, given
from pgplay.locale.catalog import evidence_sentences, verdict_words
from pgplay.rewards.probe.probe import Probe
from pgplay.rewards.probe.verdict import Verdict, judge
from pgplay.rewards.reward import build_reward
from pgplay.worker.session.reward_probe import probe_reward


class ProbedReward(NamedTuple):
    """What was measured of a reward, and the verdict; printed, it is the verdict in words with its evidence."""

    measured: Probe
    verdict: Verdict

    def __str__(self) -> str:
        evidence = "".join(f"\n- {line}" for line in evidence_sentences(self.verdict.evidence))
        return f"{self.measured.reward}: {verdict_words(self.verdict.kind)}.{evidence}"


def probe(
    reward: RewardLike | None = None, target: str | None = None, *, preset: str | None = None, **settings: Any
) -> ProbedReward:
    """Return what `reward` gives to an untrained policy's completions and to texts around the `target`.

    `settings` are those of a run that would train on it. Raises InputError and RewardError as `train` does.
    """
    description = Description(given(settings, target=target, reward=reward), preset)
    config = description.config()
    with build_reward(description.rewards(config)[0]) as built:
        measured = probe_reward(config, built)
    return ProbedReward(measured, judge(measured))
