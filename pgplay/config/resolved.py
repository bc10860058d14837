"""ResolvedConfig: a RunConfig in which every default is decided."""

from __future__ import annotations

from typing import Literal

from pgplay.config.run_config import RunConfig


class ResolvedConfig(RunConfig, frozen=True, kw_only=True):
    """A run's settings with all defaults decided, made by `learning.resolution.resolve_config` from a RunConfig.

    None remains only as a value of its own: no limit (steps, max_seconds, patience, kl_limit), and threads that a short
    measurement at the run's start chooses. It is never stored: a stored run keeps what was written, so that defaults
    stay defaults when a setting changes.
    """

    max_length: int
    baseline: Literal["none", "moving-average", "batch-mean", "group-mean", "leave-one-out", "greedy", "critic"]
    scale: Literal["none", "group-std", "batch-std"]
    credit: Literal["terminal", "dense", "gae", "none"]  # type: ignore[assignment]  # none: no reward credits a token
    ratio: Literal["none", "clip", "clip-higher", "cispo", "gspo"]
    aggregation: Literal["token-mean", "sequence-sum", "sequence-mean", "constant-length"]
    control_variate: Literal["potential", "regression", "none"]
    batch_size: int
    group_size: int
    updates_per_step: int
    lr: float
    optimizer: Literal["adam", "sgd"]
    entropy: float
    entropy_target: float
    kl: float
    clip_high: float
    discount: float
    weight_decay: float
    lora_alpha: int
    template: Literal["chat", "raw"]
