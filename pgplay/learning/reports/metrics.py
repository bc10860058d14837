"""All metrics by name: title, unit and description."""

from typing import NamedTuple


class Metric(NamedTuple):
    """A number that a step reports."""

    title: str
    unit: str
    description: str


METRICS = {
    "reward_mean": Metric("Reward", "", "mean reward of this step's completions"),
    "reward_std": Metric("Reward deviation", "", "standard deviation of this step's rewards"),
    "reward_min": Metric("Lowest reward", "", "lowest reward in this step"),
    "reward_max": Metric("Highest reward", "", "highest reward in this step"),
    "reward_q10": Metric("Reward, 10th percentile", "", "10% of this step's rewards are lower"),
    "reward_q50": Metric("Reward, median", "", "half of this step's rewards are lower"),
    "reward_q90": Metric("Reward, 90th percentile", "", "90% of this step's rewards are lower"),
    "greedy_reward": Metric(
        "Greedy reward",
        "",
        "mean reward of the greedy completions, one per prompt; for a search, of the best texts so far",
    ),
    "exact_match": Metric("Exact match", "", "share of prompts whose greedy completion is exactly the target"),
    "sampled_match": Metric("Exact match, sampled", "share", "sampled completions that are exactly a right answer"),
    "cross_entropy": Metric(
        "Cross-entropy", "nats per token", "mean −log-probability of the targets' tokens, including the stop token"
    ),
    "training_reward": Metric(
        "Reward, training", "", "mean reward of the greedy completions for up to 128 fixed training prompts"
    ),
    "training_exact_match": Metric("Exact match, training", "share", "exact greedy completions, same training prompts"),
    "training_cross_entropy": Metric(
        "Cross-entropy, training", "nats per token", "mean −log-probability of the same training prompts' targets"
    ),
    "held_out_reward": Metric(
        "Reward, held out", "", "mean greedy reward for up to 128 held-out prompts, every held_out_every steps"
    ),
    "held_out_exact_match": Metric("Exact match, held out", "share", "exact greedy completions, same held-out prompts"),
    "held_out_cross_entropy": Metric(
        "Cross-entropy, held out", "nats per token", "mean −log-probability of the same held-out prompts' targets"
    ),
    "gap": Metric("Generalisation gap", "", "training_reward - held_out_reward"),
    "held_out_waited": Metric(
        "Evaluations since the best", "count", "evaluations since the best held_out_reward; patience is the limit"
    ),
    "entropy": Metric("Entropy", "nats per token", "mean entropy of the next-token distribution, computed exactly"),
    "entropy_weight": Metric("Entropy weight", "", "weight of the entropy bonus at this step"),
    "recoveries": Metric("Recoveries", "count", "times that a collapsed policy was moved back towards a fresh network"),
    "kl_reference": Metric(
        "KL to reference", "nats per token", "exact KL(policy || reference), averaged over the sampled prefixes"
    ),
    "kl_weight": Metric("KL weight", "", "weight of the KL penalty at this step: kl, or more near kl_limit"),
    "kl_update": Metric("KL of the update", "nats per token", "exact KL(before || after) of this step's updates"),
    "kl_first_update": Metric(
        "KL of the first update",
        "nats per token",
        "exact KL(before || after) of this step's first update, used by lr_schedule kl",
    ),
    "gradient_norm": Metric("Gradient norm", "", "Euclidean norm of the gradient, before clipping"),
    "signal_to_noise": Metric(
        "Gradient signal to noise", "cosine", "between the gradients of the batch's two halves; near 0: mostly noise"
    ),
    "tied_groups": Metric(
        "Tied groups", "share", "groups with equal rewards, which give no signal; with dense credit a step is one group"
    ),
    "unique_completions": Metric("Distinct completions", "count", "distinct completions in this step"),
    "stop_rate": Metric("Stop rate", "share", "completions that end with the stop token, not at the length limit"),
    "length": Metric("Length", "tokens", "mean length of a completion, including the stop token"),
    "clip_share": Metric("Clip fraction", "share", "tokens whose importance ratio was clipped"),
    "explained_variance": Metric("Explained variance", "", "1 - Var(return - critic) / Var(return)"),
    "foretold": Metric(
        "Explained by control variate", "share", "of the advantages' variance, removed as noise from the gradient"
    ),
    "mismatch": Metric(
        "Mismatch",
        "nats",
        "mean |log p when sampling - log p when training| before the first update; up to 1e-6 is normal",
    ),
    "loss": Metric("Loss", "", "the minimised objective"),
    "lr": Metric("Learning rate", "", "learning rate of this step"),
    "seconds_sample": Metric("Sampling", "s", "time spent on sampling in this step"),
    "seconds_score": Metric("Scoring", "s", "time spent on rewards in this step"),
    "seconds_learn": Metric("Learning", "s", "time spent on advantages, loss and update in this step"),
    "characters": Metric("Tokens", "count", "tokens sampled in this step"),
}

FURTHER_SERIES = {
    "measure": "mean of this extra reward, which is not trained on",
    "part": "mean of this part of the reward, before weighting",
    "trl": "logged by TRL, without a counterpart in pgplay",
}
"""Descriptions of a run's further series, such as `measure:SPEC` and `part:NAME`, by the word before the colon."""


USUAL_METRICS = ("reward_mean", "entropy", "cross_entropy", "gradient_norm")
"""The metrics shown by default, the large plot's first."""
REWARD_METRIC = "reward_mean"
"""The only metric whose plot has a band (lowest to highest) and the greedy reward."""
DIVERGENCE = "kl_reference"

TRADE = "reward_by_kl"
"""Not a metric, but plotted like one: each step's reward over its KL to the reference."""


def title_of(metric: str) -> tuple[str, str]:
    """Return a metric's title with its unit, and its description."""
    if metric in METRICS:
        title, unit, description = METRICS[metric]
        return (f"{title} ({unit})" if unit else title), description
    if metric == TRADE:
        return "Reward × KL to reference", "one point per step; the latest in orange"
    kind, _, name = metric.partition(":")
    return (name, FURTHER_SERIES.get(kind, "")) if name else (metric, "")
