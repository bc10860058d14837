"""What a finding or a signal says, and what to try."""

from __future__ import annotations

FINDINGS = {
    "finding.no-signal": "No signal: in {tied:percent} of the groups of the last {steps:.0f} steps all completions had "
    "the same reward ({reward:.2f} on average), so none is better than another and there is nothing to learn from.",
    "finding.no-signal.advice": "Choose a reward that gives partial credit, such as "
    "levenshtein{networks:plural , or use a warm start|}.",
    "finding.tied-rewards": "{tied:percent} of the groups are tied: nearly all completions of a prompt get the same "
    "reward.",
    "finding.tied-rewards.advice": "Choose a finer-grained reward, or larger groups (group_size).",
    "finding.collapsed-entropy": "Entropy has collapsed to {entropy:.3f} nats per token: the policy is certain of a "
    "text that is not the target, no longer explores, and so has stopped learning.",
    "finding.collapsed-entropy.advice": "Raise entropy (or lower lr) and start again: a collapsed policy rarely "
    "recovers.",
    "finding.falling-reward": "The reward falls: {now:.2f} in the newest steps, {peak:.2f} around step {step:.0f}.",
    "finding.falling-reward.advice": "Lower lr, or resume from a checkpoint near step {step:.0f}.",
    "finding.falling-measure": "The reward rises, the measure falls: since step {step:.0f} the reward went from "
    "{reward_before:.2f} to {reward:.2f}, {measure} from {peak:.2f} to {now:.2f}, by texts such as {text:quoted}.",
    "finding.falling-measure.advice": "The reward is only a proxy: put what you meant into it, or stay near the "
    "reference (kl).",
    "finding.low-entropy": "Entropy is down to {entropy:.3f} nats per token: the policy hardly explores any more, and "
    "the reward does not rise.",
    "finding.low-entropy.advice": "Raise entropy before it collapses.",
    "finding.recovered": "The policy had collapsed to a text that is not the best: its weights were moved most of the "
    "way back to a fresh network, {times:.0f} {times:plural time|times} in the last {steps:.0f} steps.",
    "finding.recovered.advice": "Nothing if the reward rises again; otherwise lower lr. With recovery none, a "
    "collapsed policy is left as it is.",
    "finding.never-stops": "{cut:percent} of the completions end without a stop token: they run into the length limit.",
    "finding.never-stops.advice": "Choose a reward that penalises extra characters, such as levenshtein, or a longer "
    "max_length.",
    "finding.steps-too-long": "The reward does not rise, and one step changes the policy by {value:.2g} nats per "
    "token: updates this large undo progress.",
    "finding.steps-too-long.advice": "Lower lr.",
    "finding.noisy-gradient": "The reward does not rise, and the gradients of the two halves of the batch have a "
    "cosine of {value:.2f}: mostly noise.",
    "finding.noisy-gradient.advice": "Sample more completions per step (batch_size).",
    "finding.mismatch": "Log-probs when sampling and when training differ by {mismatch:.1e} nats per token; up to 1e-6 "
    "is normal.",
    "finding.mismatch.advice": "This is a bug in pgplay or in the device; try device cpu, and report it.",
    "signal.tied_groups": "{value:percent} of groups are tied (equal rewards)",
    "signal.tied_groups.worse": ": they give no signal",
    "signal.tied_groups.advice": "a finer-grained reward, or a larger entropy weight, so that completions differ",
    "signal.entropy": "as random as a choice among {tokens:.1f} equally likely tokens",
    "signal.entropy.worse": ": it hardly explores any more",
    "signal.entropy.advice": "a larger entropy weight, which keeps it exploring",
    "signal.stop_rate": "{value:percent} of completions end with a stop token; the rest hit the length limit",
    "signal.stop_rate.advice": "a reward that penalises extra characters, such as levenshtein",
    "signal.clip_share": "{value:percent} of tokens were clipped",
    "signal.clip_share.advice": "smaller updates: a lower learning rate",
    "signal.signal_to_noise": "gradients of the two halves: cosine {value:.2f}",
    "signal.signal_to_noise.worse": ", mostly noise",
    "signal.signal_to_noise.advice": "more completions per step",
    "signal.kl_update": "one step changes the policy by {value:.2g} nats per token",
    "signal.kl_update.advice": "smaller updates: a lower learning rate",
    "signal.kl_reference": "{value:.2g} nats per token away from its reference",
    "signal.kl_reference.advice": "a KL limit (kl_limit), if it should stay close",
    "signal.mismatch": "log-probs when sampling and training differ by {value:.1g} nats (up to 1e-6 is normal)",
    "signal.mismatch.advice": "device cpu, and report it: this is a bug",
}
"""`….advice` and `….worse` belong to the code before."""
