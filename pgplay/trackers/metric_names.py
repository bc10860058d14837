"""The names of metrics in trackers: TRL's for what means the same, so that runs of both can share a plot."""

from __future__ import annotations

import math
import re
from collections.abc import Container, Mapping
from typing import Any

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
_STOP_RATE, _CLIPPED = "stop_rate", "completions/clipped_ratio"
_PART, _MEASURE, _OF_TRL = "part:", "measure:", "trl:"
_METRICS_BY_TRL_NAME = {name: metric for metric, name in NAMES_IN_TRL.items()}
_MEAN_OF_REWARD = re.compile(r"rewards/(.+)/mean")


def name_in_tracker(metric: str) -> str:
    """Return a tracker's name for `metric`: `train/…` as in TRL, or `pgplay/…` where TRL has no such metric."""
    if metric in NAMES_IN_TRL:
        return TRL_PREFIX + NAMES_IN_TRL[metric]
    if metric.startswith(_PART):
        return f"{TRL_PREFIX}rewards/{metric.removeprefix(_PART)}/mean"
    if metric.startswith(_OF_TRL):
        return TRL_PREFIX + metric.removeprefix(_OF_TRL)
    return OWN_PREFIX + metric


def named_for_trackers(metrics: Mapping[str, float]) -> dict[str, float]:
    """Return a step's metrics by their names in trackers, with TRL's share of truncated completions, 1 - stop_rate."""
    named = {name_in_tracker(name): value for name, value in metrics.items()}
    if _STOP_RATE in metrics:
        named[TRL_PREFIX + _CLIPPED] = 1.0 - metrics[_STOP_RATE]
    return named


def metrics_of_trl(logged: Mapping[str, Any], untrained: Container[str] = ()) -> dict[str, float]:
    """Return what a trainer of TRL `logged` by pgplay's names; what has none is called `trl:` and its own name.

    `untrained` are the reward functions of weight 0, which are measures here. Only finite numbers are returned.
    """
    metrics = {}
    for name, value in logged.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            continue
        if name == _CLIPPED:
            metrics[_STOP_RATE] = 1.0 - value
            continue
        function = _MEAN_OF_REWARD.fullmatch(name)
        if function is not None:
            metric = (_MEASURE if function[1] in untrained else _PART) + function[1]
        else:
            metric = _METRICS_BY_TRL_NAME.get(name, _OF_TRL + name)
        metrics[metric] = float(value)
    return metrics
