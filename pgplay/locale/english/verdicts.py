"""The verdicts on a reward in a few words, and their evidence in sentences."""

from __future__ import annotations

_REACHED = "{reached:.0f} of {climbs:.0f} climbs by single edits {reached:plural ends|end}"
_SCORED = "{text} scores {reward:.3g}"
_NO_EDIT = "none of the {neighbours:,.0f} single edits of {text} ({reward:.3g}) raises the reward"
_KEEP = "{equal:,.0f} {equal:plural keeps|keep}"

VERDICTS = {
    "verdict.constant": "the same for every text that was tried",
    "verdict.random": "random: the same text gets another reward each time",
    "verdict.flat": "flat almost everywhere",
    "verdict.short-text": "rewards short text",
    "verdict.long-text": "rewards long text",
    "verdict.another-text": "rewards other text more than the target",
    "verdict.stops-short": "learnable in part: single edits stop short of the target",
    "verdict.many-best": "learnable, but the target is not the only best text",
    "verdict.local-optima": "learnable, with local optima on the way",
    "verdict.learnable": "learnable",
    "evidence.equal-completions": "A run's first {completions:.0f} completions all score {mean:.3g}; {tied:percent} of "
    "the groups of {group_size:.0f} are tied and give no signal.",
    "evidence.completions": "A run's first {completions:.0f} completions score from {lowest:.3g} to {highest:.3g}, "
    "{mean:.3g} on average; {tied:percent} of the groups of {group_size:.0f} are tied and give no signal.",
    "evidence.noise": "Two rewards of one text differ by {noise:percent} of the range on average.",
    "evidence.rises-with-length": "The reward rises with the length of a text (rank correlation {correlation:+.2f}).",
    "evidence.falls-with-length": "The reward falls with the length of a text (rank correlation {correlation:+.2f}).",
    "evidence.edits-of-target": "Mean reward after 0 / 1 / {edits:.0f} random edits of the target: {start:.3g} / "
    "{near:.3g} / {middle:.3g}.",
    "evidence.edits-of-best": "Mean reward after 0 / 1 / {edits:.0f} random edits of the best completion: {start:.3g} "
    "/ {near:.3g} / {middle:.3g}.",
    "evidence.undone-edit": "Undoing one random edit raises the reward in {raises:percent} of cases, keeps it in "
    "{keeps:percent} and lowers it in {lowers:percent}.",
    "evidence.at-target": f"{_REACHED} at the target.",
    "evidence.above-target": f"{_REACHED} above the target: {_SCORED}, the target {{target_reward:.3g}}.",
    "evidence.as-good-as-target": f"{_REACHED} at other texts that score as much: {_SCORED}.",
    "evidence.plateaus": f"{_REACHED} on plateaus: {_NO_EDIT}, {_KEEP} it.",
    "evidence.local-optima": f"{_REACHED} at local optima: {_NO_EDIT}, {_KEEP} it.",
    "evidence.strict-local-optima": f"{_REACHED} at local optima: {_NO_EDIT}, all lower it.",
    "evidence.unfinished": "{reached:.0f} of {climbs:.0f} climbs were cut short; they rose from {start:.3g} to "
    "{end:.3g}.",
    "evidence.best-found": f"The best text that climbing by single edits found: {_SCORED}.",
}
