"""Every metric by its one name: what it means, in which unit, and which way is good."""

from typing import NamedTuple


class Metric(NamedTuple):
    """The definition of one number that a step reports."""

    title: str
    unit: str
    description: str


METRICS = {
    "reward_mean": Metric("Reward", "", "mean reward of the completions of this step"),
    "reward_std": Metric("Reward deviation", "", "standard deviation of their rewards"),
    "reward_min": Metric("Lowest reward", "", "lowest reward of this step"),
    "reward_max": Metric("Highest reward", "", "highest reward of this step"),
    "reward_q10": Metric("Reward, 10th percentile", "", "a tenth of the rewards of this step lie below"),
    "reward_q50": Metric("Reward, median", "", "half of the rewards of this step lie below"),
    "reward_q90": Metric("Reward, 90th percentile", "", "nine tenths of the rewards of this step lie below"),
    "greedy_reward": Metric(
        "Greedy reward",
        "",
        "mean reward of the greedy completions, one a prompt; those of a search are its best texts so far",
    ),
    "exact_match": Metric("Exact match", "", "share of prompts whose greedy completion is exactly the target"),
    "cross_entropy": Metric(
        "Cross-entropy", "nats per character", "of the targets under the policy, the stop token counted in"
    ),
    "training_reward": Metric(
        "Reward, training", "", "mean reward of greedy completions of at most 128 training prompts, always the same"
    ),
    "training_exact_match": Metric("Exact match, training", "share", "of those training prompts"),
    "training_cross_entropy": Metric(
        "Cross-entropy, training", "nats per character", "of the targets of those training prompts"
    ),
    "held_out_reward": Metric(
        "Reward, held out", "", "the same of at most 128 prompts that are never trained on; every held_out_every steps"
    ),
    "held_out_exact_match": Metric("Exact match, held out", "share", "of those held-out prompts"),
    "held_out_cross_entropy": Metric(
        "Cross-entropy, held out", "nats per character", "of the targets of those held-out prompts"
    ),
    "gap": Metric(
        "Gap", "", "training_reward - held_out_reward: what was learnt by heart and does not carry over to new prompts"
    ),
    "held_out_waited": Metric(
        "Measurements without gain", "count", "since held_out_reward was at its best; patience of them end the run"
    ),
    "entropy": Metric("Entropy", "nats per token", "of the policy's next-token distribution, summed exactly"),
    "entropy_weight": Metric("Entropy weight", "", "weight of the entropy bonus at this step"),
    "recoveries": Metric(
        "Recoveries", "count", "how often so far a collapsed policy was taken back almost to an untrained one"
    ),
    "kl_reference": Metric(
        "KL to reference", "nats per token", "exact KL(policy || reference) over the sampled prefixes"
    ),
    "kl_weight": Metric("KL weight", "", "weight of that divergence at this step: kl, or more where kl_limit is near"),
    "kl_update": Metric("KL of the update", "nats per token", "exact KL(before || after) that this step's update made"),
    "kl_first_update": Metric(
        "KL of the first update", "nats per token", "the same of this step's first update, which lr_schedule kl goes by"
    ),
    "gradient_norm": Metric("Gradient norm", "", "Euclidean norm of the gradient, before clipping"),
    "signal_to_noise": Metric(
        "Gradient signal to noise", "cosine", "between the gradients of the two halves of the batch; near 0 is noise"
    ),
    "tied_groups": Metric(
        "Tied groups", "share", "groups whose rewards are all equal and so teach nothing; dense credit: a step is one"
    ),
    "unique_completions": Metric("Distinct completions", "count", "distinct texts among those of this step"),
    "stop_rate": Metric("Stop rate", "share", "completions that end by the stop token, not at the length limit"),
    "length": Metric("Length", "tokens", "mean length of a completion, the stop token counted in"),
    "clip_share": Metric("Clipped", "share", "tokens whose importance ratio was clipped"),
    "explained_variance": Metric("Explained variance", "", "1 - Var(return - critic) / Var(return)"),
    "foretold": Metric(
        "Explained by control variate", "share", "of the advantages' variance: noise that the gradient is spared"
    ),
    "mismatch": Metric(
        "Mismatch",
        "nats",
        "mean |log p when sampling - log p when learning| before the first update; about 1e-6 is right",
    ),
    "loss": Metric("Loss", "", "the number that was minimised"),
    "lr": Metric("Learning rate", "", "of this step"),
    "seconds_sample": Metric("Sampling", "s", "time of this step's sampling"),
    "seconds_score": Metric("Scoring", "s", "time of this step's scoring"),
    "seconds_learn": Metric("Learning", "s", "time of this step's advantages, loss and update"),
    "characters": Metric("Characters", "count", "tokens sampled in this step"),
}
"""Names of further series: `measure:SPEC` and `part:NAME` are the step's means of measures and of parts of a reward."""


USUAL = ("reward_mean", "entropy", "cross_entropy", "gradient_norm")
REWARD = "reward_mean"
DIVERGENCE = "kl_reference"

TRADE = "reward_by_kl"
"""Not a metric, but drawn like one: the reward of each step over its divergence from the reference."""


def title_of(metric: str) -> tuple[str, str]:
    """Return a metric's title with its unit, and what it tells."""
    if metric in METRICS:
        title, unit, description = METRICS[metric]
        return (f"{title} ({unit})" if unit else title), description
    if metric == TRADE:
        return "Reward × KL to reference", "points in the order of the steps; the newest one in orange"
    kind, _, name = metric.partition(":")
    return (name or metric), (f"a {kind} of the reward" if name else "")
