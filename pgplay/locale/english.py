"""The English texts by code."""

from __future__ import annotations

_REACHED = "{reached:.0f} of {climbs:.0f} climbs by single edits {reached:plural ends|end}"
_SCORED = "{text} scores {reward:.3g}"
_NO_EDIT = "none of the {neighbours:,.0f} single edits of {text} ({reward:.3g}) raises the reward"
_KEEP = "{equal:,.0f} {equal:plural keeps|keep}"

ENGLISH = {
    "finding.no-signal": "No signal: every completion of the last {steps:.0f} steps had the reward {reward:.2f}, so no "
    "completion is better than another and there is nothing to learn from.",
    "finding.no-signal.advice": "Choose a reward that also pays for being nearly right, such as "
    "levenshtein{networks:plural , or start warm|}.",
    "finding.tied-rewards": "{tied:.0%} of the groups are tied: nearly all completions of a prompt get the same "
    "reward.",
    "finding.tied-rewards.advice": "Choose a reward with finer steps, or larger groups (group_size).",
    "finding.collapsed-entropy": "Entropy has collapsed to {entropy:.3f} nats per token: the policy is certain of a "
    "text that is not the target, tries nothing else, and so has stopped learning.",
    "finding.collapsed-entropy.advice": "Raise entropy (or lower lr) and start again: a collapsed policy rarely "
    "recovers.",
    "finding.low-entropy": "Entropy is down to {entropy:.3f} nats per token: the policy hardly explores any more, and "
    "the reward does not rise.",
    "finding.low-entropy.advice": "Raise entropy before it collapses.",
    "finding.recovered": "The policy had collapsed to a text that is not the best: its weights were moved most of the "
    "way back to a fresh network, {times:.0f} {times:plural time|times} in the last {steps:.0f} steps.",
    "finding.recovered.advice": "Nothing, if the reward rises again; else a lower lr. recovery none leaves a collapsed "
    "policy alone.",
    "finding.never-stops": "No completion ends with the stop token: all run into the length limit.",
    "finding.never-stops.advice": "Choose a reward that charges for extra characters, such as levenshtein, or a longer "
    "max_length.",
    "finding.steps-too-long": "The reward does not rise, and one step changes the policy by {value:.2g} nats per "
    "token: updates this large undo progress.",
    "finding.steps-too-long.advice": "Lower lr.",
    "finding.noisy-gradient": "The reward does not rise, and the gradients of the two halves of the batch have a "
    "cosine of {value:.2f}: mostly noise.",
    "finding.noisy-gradient.advice": "Make more completions per step (batch_size).",
    "finding.mismatch": "Log-probs when sampling and when training differ by {mismatch:.1e} nats per token; up to 1e-6 "
    "is normal.",
    "finding.mismatch.advice": "This is a defect of the program or of the device; try the device cpu, and report it.",
    "signal.tied_groups": "{value:.0%} of groups are tied (equal rewards): no signal",
    "signal.tied_groups.advice": "a reward with finer steps, or a larger weight of entropy, so that completions differ",
    "signal.entropy": "undecided between about {tokens:.1f} tokens",
    "signal.entropy.worse": ": it hardly explores any more",
    "signal.entropy.advice": "a larger weight of entropy, which keeps it exploring",
    "signal.stop_rate": "{value:.0%} of completions end with a stop token; the rest hit the length limit",
    "signal.stop_rate.advice": "a reward that charges for extra characters, such as levenshtein",
    "signal.clip_share": "{value:.0%} of tokens were clipped",
    "signal.clip_share.advice": "smaller updates: a lower learning rate",
    "signal.signal_to_noise": "gradients of the two halves: cosine {value:.2f}",
    "signal.signal_to_noise.worse": ", mostly noise",
    "signal.signal_to_noise.advice": "more completions per step",
    "signal.kl_update": "one step changes the policy by {value:.2g} nats per token",
    "signal.kl_update.advice": "smaller updates: a lower learning rate",
    "signal.kl_reference": "{value:.2g} nats per token away from its reference",
    "signal.kl_reference.advice": "a limit to the divergence (kl_limit), if it is to stay near",
    "signal.mismatch": "log-probs when sampling and training differ by {value:.1g} nats (up to 1e-6 is normal)",
    "signal.mismatch.advice": "device cpu; it is a defect: report it",
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
    "evidence.equal-completions": "A run's first {completions:.0f} completions all score {mean:.3g}; {tied:.0%} of the "
    "groups of {group_size:.0f} are tied and give no signal.",
    "evidence.completions": "A run's first {completions:.0f} completions score from {lowest:.3g} to {highest:.3g}, "
    "{mean:.3g} on average; {tied:.0%} of the groups of {group_size:.0f} are tied and give no signal.",
    "evidence.noise": "Two rewards of one text differ by {noise:.0%} of the range on average.",
    "evidence.rises-with-length": "The reward rises with the length of a text (rank correlation {correlation:+.2f}).",
    "evidence.falls-with-length": "The reward falls with the length of a text (rank correlation {correlation:+.2f}).",
    "evidence.edits-of-target": "Mean reward after 0 / 1 / {edits:.0f} random edits of the target: {start:.3g} / "
    "{near:.3g} / {middle:.3g}.",
    "evidence.edits-of-best": "Mean reward after 0 / 1 / {edits:.0f} random edits of the best completion: {start:.3g} "
    "/ {near:.3g} / {middle:.3g}.",
    "evidence.undone-edit": "Undoing one random edit raises the reward in {raises:.0%} of cases, keeps it in "
    "{keeps:.0%} and lowers it in {lowers:.0%}.",
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
"""A text in a few words, or in whole sentences, for each code; `….advice` and `….worse` belong to the code before."""
