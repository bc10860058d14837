"""A verdict on a reward, made of what `measure_reward` measured, with the numbers that it rests on, as codes.

The rules are tried in order and the first that holds gives the verdict. Each threshold says what it was taken from.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec

from pgplay.locale.quoting import short_repr
from pgplay.rewards.probe.hill_climb import SAME, Climb
from pgplay.rewards.probe.probe import Probe

VerdictKind = Literal[
    "constant",
    "random",
    "flat",
    "short-text",
    "long-text",
    "another-text",
    "stops-short",
    "many-best",
    "local-optima",
    "learnable",
]

FLAT = 0.75
"""Share of tied groups from which a reward is called flat: most groups give no signal."""
RANDOM = 0.2
"""Noise from which a reward is called random; two uniform draws differ by a third of the range."""
SHORTER, LONGER = 0.5, 1.5
"""Lengths, relative to the target's, from which a better-paid text is called short or long."""
FOLLOWS_LENGTH = 0.5
"""Rank correlation from which rewards are said to follow the length."""


class Fact(NamedTuple):
    """A measured fact: its code, and its numbers and quoted texts by name."""

    code: str
    values: dict[str, float | str]


class Verdict(msgspec.Struct, frozen=True):
    """The kind of a reward and the evidence; `locale.catalog` turns both into sentences."""

    kind: VerdictKind
    evidence: tuple[Fact, ...]


def judge(probe: Probe) -> Verdict:
    """Return the verdict on the probed reward."""
    kind = _kind(probe)
    completions, slope, climbs = _on_completions(probe), _on_slope(probe), _on_climbs(probe)
    by_climbs = kind not in ("constant", "random", "flat", "learnable")
    evidence = (*climbs, *completions, *slope) if by_climbs else (*completions, *slope, *climbs)
    return Verdict(kind, evidence)


def outdoing(probe: Probe) -> list[Climb]:
    """Return the climbs that ended above their target's reward."""
    return [
        climb
        for climb in probe.climbs
        if climb.target_reward is not None and climb.reward > climb.target_reward + SAME
    ]


def local_optima(probe: Probe) -> list[Climb]:
    """Return the climbs that no single edit improves although a better text is known: traps for small steps."""
    highest = max(climb.reward for climb in probe.climbs)
    return [
        climb
        for climb in probe.climbs
        if climb.ending != "unfinished"
        and climb.reward < (highest if climb.target_reward is None else climb.target_reward) - SAME
    ]


def _kind(probe: Probe) -> VerdictKind:
    if _is_constant(probe):
        return "constant"
    if probe.noise >= RANDOM:
        return "random"
    if probe.tied_groups >= FLAT:
        return "flat"
    if probe.needs_target:
        if above := outdoing(probe):
            return _length_that_outdoes(probe, above) or "another-text"
    elif (by_length := _length_that_is_rewarded(probe)) is not None:
        return by_length
    traps = local_optima(probe)
    if len(traps) == len(probe.climbs):
        return "stops-short"
    if len(_others_as_good(probe)) > len(_at_target(probe)):
        return "many-best"
    return "local-optima" if traps else "learnable"


def _is_constant(probe: Probe) -> bool:
    values = [value for point in probe.path for value in (point.low, point.high)]
    values += [probe.lowest, probe.highest, *(climb.reward for climb in probe.climbs)]
    return max(values) - min(values) <= SAME


def _length_that_outdoes(probe: Probe, above: Sequence[Climb]) -> Literal["short-text", "long-text"] | None:
    """Return whether it is by their length that the texts `above` outdo the target.

    Their length alone says nothing: a share of vowels is climbed by exchanging letters, in texts as long as an
    untrained policy's, which are often as long as possible.
    """
    share = statistics.median(len(climb.text) / len(climb.target) for climb in above)
    longest = statistics.median(len(climb.text) for climb in above) >= probe.max_length - 1
    if probe.length_correlation <= -FOLLOWS_LENGTH and share <= SHORTER:
        return "short-text"
    if probe.length_correlation >= FOLLOWS_LENGTH and (share >= LONGER or longest):
        return "long-text"
    return None


def _length_that_is_rewarded(probe: Probe) -> Literal["short-text", "long-text"] | None:
    """Return whether, without a target, it is short or long text that is rewarded, None where it is neither."""
    ends = statistics.median(len(climb.text) for climb in probe.climbs)
    starts = statistics.median(len(climb.start) for climb in probe.climbs)
    if probe.length_correlation <= -FOLLOWS_LENGTH and ends <= SHORTER * starts:
        return "short-text"
    if probe.length_correlation >= FOLLOWS_LENGTH and ends >= probe.max_length - 1:
        return "long-text"
    return None


def _at_target(probe: Probe) -> list[Climb]:
    return [climb for climb in probe.climbs if climb.target_reward is not None and climb.text == climb.target]


def _others_as_good(probe: Probe) -> list[Climb]:
    return [
        climb
        for climb in probe.climbs
        if climb.target_reward is not None and climb.reward >= climb.target_reward - SAME and climb.text != climb.target
    ]


def _on_completions(probe: Probe) -> list[Fact]:
    values: dict[str, float | str] = {
        "completions": probe.completions,
        "lowest": _plain(probe.lowest),
        "highest": _plain(probe.highest),
        "mean": _plain(probe.mean),
        "tied": probe.tied_groups,
        "group_size": probe.group_size,
    }
    if probe.highest - probe.lowest <= SAME:
        facts = [Fact("equal-completions", values | {"mean": _plain(probe.lowest)})]
    else:
        facts = [Fact("completions", values)]
    if probe.noise > SAME:
        facts.append(Fact("noise", {"noise": probe.noise}))
    if abs(probe.length_correlation) >= FOLLOWS_LENGTH:
        code = "rises-with-length" if probe.length_correlation > 0 else "falls-with-length"
        facts.append(Fact(code, {"correlation": probe.length_correlation}))
    return facts


def _on_slope(probe: Probe) -> list[Fact]:
    start, near, middle = probe.path[0], probe.path[1], probe.path[len(probe.path) // 2]
    means: dict[str, float | str] = {
        "start": _plain(start.mean), "near": _plain(near.mean), "middle": _plain(middle.mean), "edits": middle.edits
    }  # fmt: skip
    undone = probe.towards
    return [
        Fact("edits-of-target" if probe.needs_target else "edits-of-best", means),
        Fact("undone-edit", {"raises": undone.raises, "keeps": undone.keeps, "lowers": undone.lowers}),
    ]


def _on_climbs(probe: Probe) -> list[Fact]:
    facts = []
    if reached := _at_target(probe):
        facts.append(Fact("at-target", _counted(reached, probe)))
    if above := outdoing(probe):
        best = max(above, key=lambda climb: climb.reward)
        target_reward = _plain(best.target_reward or 0.0)
        facts.append(Fact("above-target", _counted(above, probe) | _quoted(best) | {"target_reward": target_reward}))
    elif others := _others_as_good(probe):
        facts.append(Fact("as-good-as-target", _counted(others, probe) | _quoted(others[0])))
    if traps := local_optima(probe):
        highest = max(traps, key=lambda climb: climb.reward)
        on_plateaus = all(climb.ending == "plateau" for climb in traps)
        code = "plateaus" if on_plateaus else "local-optima" if highest.equal else "strict-local-optima"
        neighbours: dict[str, float | str] = {"neighbours": highest.neighbours, "equal": highest.equal}
        facts.append(Fact(code, _counted(traps, probe) | _quoted(highest) | neighbours))
    if cut := [climb for climb in probe.climbs if climb.ending == "unfinished" and climb.text != climb.target]:
        start = statistics.fmean(climb.start_reward for climb in cut)
        end = statistics.fmean(climb.reward for climb in cut)
        ends: dict[str, float | str] = {"start": _plain(start), "end": _plain(end)}
        facts.append(Fact("unfinished", _counted(cut, probe) | ends))
    if not probe.needs_target:
        facts.append(Fact("best-found", _quoted(max(probe.climbs, key=lambda climb: climb.reward))))
    return facts


def _counted(climbs: Sequence[Climb], probe: Probe) -> dict[str, float | str]:
    return {"reached": len(climbs), "climbs": len(probe.climbs)}


def _quoted(climb: Climb) -> dict[str, float | str]:
    return {"text": short_repr(climb.text), "reward": _plain(climb.reward)}


def _plain(value: float) -> float:
    return value + 0.0  # no minus sign before a zero
