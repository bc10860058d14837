"""One plain sentence on a reward, made of what `probe` measured, with the numbers that it rests on.

The rules are tried in order and the first that holds gives the verdict. Each threshold says what it was taken from.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Literal

import msgspec

from pgplay.rewards.probe.hill_climb import SAME, Climb
from pgplay.rewards.probe.probe import Probe
from pgplay.rewards.records import shorten

Kind = Literal[
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

WORDS: dict[Kind, str] = {
    "constant": "the same for every text that was tried",
    "random": "random: the same text gets another reward each time",
    "flat": "flat almost everywhere",
    "short-text": "rewards short text",
    "long-text": "rewards long text",
    "another-text": "rewards other text more than the target",
    "stops-short": "learnable in part: single edits stop short of the target",
    "many-best": "learnable, but the target is not the only best text",
    "local-optima": "learnable, with local optima on the way",
    "learnable": "learnable",
}

FLAT = 0.75
"""Share of tied groups from which on a reward is called flat: three steps of four teach nothing."""
RANDOM = 0.2
"""Noise from which on a reward is called random; of two even draws the difference is a third of the range."""
SHORTER, LONGER = 0.5, 1.5
"""Lengths, as shares of the target's, from which on a text that outdoes it is called short or long."""
FOLLOWS_LENGTH = 0.5
"""Rank correlation from which on rewards are said to follow the length."""


class Verdict(msgspec.Struct, frozen=True):
    """What a reward will do: a kind for programs, words for a person, and the evidence in sentences."""

    kind: Kind
    words: str
    evidence: tuple[str, ...]


def judge(probe: Probe) -> Verdict:
    """Return the verdict on the reward that `probe` looked at."""
    kind = _kind(probe)
    completions, slope, climbs = _on_completions(probe), _on_slope(probe), _on_climbs(probe)
    by_climbs = kind not in ("constant", "random", "flat", "learnable")
    evidence = (*climbs, *completions, *slope) if by_climbs else (*completions, *slope, *climbs)
    return Verdict(kind, WORDS[kind], evidence)


def outdoing(probe: Probe) -> list[Climb]:
    """Return the climbs that ended above what their target scores."""
    return [one for one in probe.climbs if one.target_reward is not None and one.reward > one.target_reward + SAME]


def local_optima(probe: Probe) -> list[Climb]:
    """Return the climbs that no single edit could improve, though a better text is known: traps for small steps."""
    known = max(one.reward for one in probe.climbs)
    return [
        one
        for one in probe.climbs
        if one.ending != "unfinished"
        and one.reward < (known if one.target_reward is None else one.target_reward) - SAME
    ]


def _kind(probe: Probe) -> Kind:
    if _is_constant(probe):
        return "constant"
    if probe.noise >= RANDOM:
        return "random"
    if probe.tied_groups >= FLAT:
        return "flat"
    if probe.needs_target:
        if above := outdoing(probe):
            share = statistics.median(len(one.text) / len(one.target) for one in above)
            longest = statistics.median(len(one.text) for one in above) >= probe.max_length - 1
            return "short-text" if share <= SHORTER else "long-text" if share >= LONGER or longest else "another-text"
    elif (by_length := _length_that_is_rewarded(probe)) is not None:
        return by_length
    traps = local_optima(probe)
    if len(traps) == len(probe.climbs):
        return "stops-short"
    if len(_others_as_good(probe)) > len(_at_target(probe)):
        return "many-best"
    return "local-optima" if traps else "learnable"


def _is_constant(probe: Probe) -> bool:
    seen = [value for point in probe.path for value in (point.low, point.high)]
    seen += [probe.lowest, probe.highest, *(one.reward for one in probe.climbs)]
    return max(seen) - min(seen) <= SAME


def _length_that_is_rewarded(probe: Probe) -> Literal["short-text", "long-text"] | None:
    """Return whether, without a target, it is short or long text that is rewarded, None where it is neither."""
    ends = statistics.median(len(one.text) for one in probe.climbs)
    starts = statistics.median(len(one.start) for one in probe.climbs)
    if probe.length_correlation <= -FOLLOWS_LENGTH and ends <= SHORTER * starts:
        return "short-text"
    if probe.length_correlation >= FOLLOWS_LENGTH and ends >= probe.max_length - 1:
        return "long-text"
    return None


def _at_target(probe: Probe) -> list[Climb]:
    return [one for one in probe.climbs if one.target_reward is not None and one.text == one.target]


def _others_as_good(probe: Probe) -> list[Climb]:
    return [
        one
        for one in probe.climbs
        if one.target_reward is not None and one.reward >= one.target_reward - SAME and one.text != one.target
    ]


def _on_completions(probe: Probe) -> list[str]:
    if probe.highest - probe.lowest <= SAME:
        spread = f"all score {_number(probe.lowest)}"
    else:
        spread = f"score from {_number(probe.lowest)} to {_number(probe.highest)}, {_number(probe.mean)} on average"
    lines = [
        f"A run's first {probe.completions} completions {spread}; {probe.tied_groups:.0%} of the groups of "
        f"{probe.group_size} are tied and teach nothing."
    ]
    if probe.noise > SAME:
        lines.append(f"Two rewards of one text differ by {probe.noise:.0%} of the range on average.")
    if abs(probe.length_correlation) >= FOLLOWS_LENGTH:
        way = "rises" if probe.length_correlation > 0 else "falls"
        lines.append(f"The reward {way} with the length of a text (rank correlation {probe.length_correlation:+.2f}).")
    return lines


def _on_slope(probe: Probe) -> list[str]:
    origin = "the target" if probe.needs_target else "the best completion"
    there, near, middle = probe.path[0], probe.path[1], probe.path[len(probe.path) // 2]
    towards = probe.towards
    return [
        f"Random edits away from {origin}: {_number(there.mean)} there, {_number(near.mean)} after one, "
        f"{_number(middle.mean)} after {middle.edits}.",
        f"A step back raises the reward in {towards.raises:.0%} of the cases, keeps it in {towards.keeps:.0%} and "
        f"lowers it in {towards.lowers:.0%}.",
    ]


def _on_climbs(probe: Probe) -> list[str]:
    count = len(probe.climbs)
    lines = []
    if reached := _at_target(probe):
        lines.append(f"{_climbs(reached, count)} at the target.")
    if above := outdoing(probe):
        best = max(above, key=lambda one: one.reward)
        lines.append(f"{_climbs(above, count)} above the target: {_scored(best)}, the target {_told(best)}.")
    elif others := _others_as_good(probe):
        lines.append(f"{_climbs(others, count)} at other texts that score as much: {_scored(others[0])}.")
    if traps := local_optima(probe):
        highest = max(traps, key=lambda one: one.reward)
        where = "on plateaus" if all(one.ending == "plateau" for one in traps) else "at local optima"
        lines.append(f"{_climbs(traps, count)} {where}: {_trap(highest)}.")
    if cut := [one for one in probe.climbs if one.ending == "unfinished" and one.text != one.target]:
        start = statistics.fmean(one.start_reward for one in cut)
        end = statistics.fmean(one.reward for one in cut)
        lines.append(f"{len(cut)} of {count} climbs were cut short; they rose from {_number(start)} to {_number(end)}.")
    if not probe.needs_target:
        best = max(probe.climbs, key=lambda one: one.reward)
        lines.append(f"The best that climbing by single edits found: {_scored(best)}.")
    return lines


def _climbs(climbs: Sequence[Climb], count: int) -> str:
    return f"{len(climbs)} of {count} climbs by single edits end{'s' if len(climbs) == 1 else ''}"


def _scored(climb: Climb) -> str:
    return f"{shorten(climb.text, 60)} scores {_number(climb.reward)}"


def _told(climb: Climb) -> str:
    return "" if climb.target_reward is None else _number(climb.target_reward)


def _trap(climb: Climb) -> str:
    those = f"none of the {climb.neighbours:,} single edits of {shorten(climb.text, 60)} ({_number(climb.reward)})"
    kept = f"{climb.equal:,} keep{'s' if climb.equal == 1 else ''} it" if climb.equal else "all lower it"
    return f"{those} raises the reward, {kept}"


def _number(value: float) -> str:
    return f"{value + 0.0:.3g}"  # + 0.0: no minus sign before a zero
