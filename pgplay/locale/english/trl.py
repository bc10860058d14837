"""Runs for TRL and of TRL: errors, and what TRL has no counterpart for."""

from __future__ import annotations

TRL_TEXTS: dict[str, str] = {
    "error.trl.own_network": (
        "The run '{run}' trains a character network of pgplay's own; TRL trains models of Hugging Face."
    ),
    "error.trl.own_network.remedy": "Train the task on a pretrained model, and export that run: {command}",
    "error.trl.algorithm": "The run '{run}' is trained by {algorithm}, which TRL's GRPOTrainer cannot do.",
    "error.trl.algorithm.remedy": "Train with a policy gradient such as grpo, and export that run.",
    "error.trl.mixed_column": "TRL cannot read the column {column:name} of {task}: its values are of several kinds.",
    "error.trl.mixed_column.remedy": "Make all its values texts, and train on that file.",
    "action.read_model": "Reading a model",
    "trl.recording": "recording the run {name}; to watch it: pgplay watch {name:argument}",
    "trl.logged_rarely": "the trainer logs every {steps:g} steps, and so does the run; for each step: logging_steps=1",
    "trl.reward_model": "a reward is a model, not a function, so the run gets no completions",
    "trl.not_recorded": "the training goes on, but not all of it is recorded: {reason}",
    "trl.lost.held_out": "held_out: TRL samples the completions of held-out prompts; pgplay writes the greedy ones",
    "trl.lost.warm_steps": "warm_start {value}: train on the targets with TRL's SFTTrainer first",
    "trl.lost.warm_policy": "warm_start {value}: TRL starts from the base model, without that policy's adapter",
    "trl.lost.device": "device {value}: choose the GPU with CUDA_VISIBLE_DEVICES={number}",
    "trl.lost.baseline": "baseline {value}: TRL subtracts the mean reward of the prompt's completions",
    "trl.lost.leave_one_out": (
        "baseline leave-one-out: TRL's mean includes the completion itself, so advantages are {share:ratio} as large"
    ),
    "trl.lost.credit": "credit {value}: TRL credits every token with the whole reward",
    "trl.lost.cispo_aggregation": "aggregation: with cispo, TRL averages over all tokens",
    "trl.lost.cispo_clip_low": "clip_low {value}: with cispo, TRL limits the ratio only from above",
    "trl.lost.control_variate": "control_variate {value}: TRL has none, so its gradients are noisier",
    "trl.lost.group_size": "group_size 1: TRL compares at least 2 completions of a prompt",
    "trl.lost.lr_schedule": "lr_schedule {value}: the learning rate stays {lr:g}",
    "trl.lost.entropy_schedule": "entropy_schedule {value}: the weight of the entropy bonus stays {weight:g}",
    "trl.lost.kl_sum": "kl: with this loss, TRL adds the KL of a completion's tokens up; pgplay averages over tokens",
    "trl.lost.kl_limit": "kl_limit {value}: the weight of the KL stays {weight:g}",
    "trl.lost.kl_in": "kl_in {value}: TRL adds the KL to the loss",
    "trl.lost.reference": "reference {value}: TRL measures the KL to the base model",
    "trl.lost.replay": "replay {value}: TRL does not imitate the best completion",
    "trl.lost.discount": "discount {value}: TRL does not discount",
    "trl.lost.filter": "{name} {value}: TRL samples with it, but computes its loss without it",
    "trl.lost.l1": "l1 {value}: no counterpart",
    "trl.lost.l2": "l2 {value}: no counterpart",
    "trl.lost.steps": "steps: the run has no limit; {steps:,} of its steps are exported",
    "trl.lost.max_seconds": "max_seconds {value:g}: TRL trains all its steps",
    "trl.lost.until": "until {value}: TRL trains all its steps, also once the goal is reached",
    "trl.lost.patience": "patience {value}: transformers' EarlyStoppingCallback is similar",
}
"""What is said about TRL, by code."""
