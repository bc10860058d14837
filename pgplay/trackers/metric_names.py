"""The names of metrics in trackers: TRL's for what means the same, so that runs of both can share a plot."""

from __future__ import annotations

from collections.abc import Mapping

NAMES_IN_TRL = {
    "reward_mean": "reward",
    "reward_std": "reward_std",
    "entropy": "entropy",
    "kl_reference": "kl",
    "gradient_norm": "grad_norm",
    "lr": "learning_rate",
    "loss": "loss",
    "length": "completions/mean_length",
    "tied_groups": "frac_reward_zero_std",
    "clip_share": "clip_ratio/region_mean",
    "mismatch": "sampling/sampling_logp_difference/mean",
}
"""TRL's GRPOTrainer's name for each of pgplay's metrics with the same meaning."""

TRL_PREFIX = "train/"
"""What TRL's trainers put before the names of training metrics in TensorBoard, Weights & Biases and trackio."""
OWN_PREFIX = "pgplay/"
_STOP_RATE = "stop_rate"
_PART = "part:"


def name_in_tracker(metric: str) -> str:
    """Return a tracker's name for `metric`: `train/…` as in TRL, or `pgplay/…` where TRL has no such metric."""
    if metric in NAMES_IN_TRL:
        return TRL_PREFIX + NAMES_IN_TRL[metric]
    if metric.startswith(_PART):
        return f"{TRL_PREFIX}rewards/{metric.removeprefix(_PART)}/mean"
    return OWN_PREFIX + metric


def named_for_trackers(metrics: Mapping[str, float]) -> dict[str, float]:
    """Return a step's metrics by their names in trackers, with TRL's share of truncated completions, 1 - stop_rate."""
    named = {name_in_tracker(name): value for name, value in metrics.items()}
    if _STOP_RATE in metrics:
        named[f"{TRL_PREFIX}completions/clipped_ratio"] = 1.0 - metrics[_STOP_RATE]
    return named
