"""Errors of plans, algorithms and updates."""

from __future__ import annotations

_READS_LESS = "The longest prompt and completion need {needed} tokens; {model} reads and writes {limit}."

LEARNING_ERRORS: dict[str, str] = {
    "error.plan.alphabet_lacks": "The policy's alphabet lacks {characters!r}.",
    "error.plan.alphabet_lacks.remedy": "Choose a target within its alphabet, or start a new policy.",
    "error.plan.nothing_held_out": "{name} needs prompts held out of training.",
    "error.plan.nothing_held_out.remedy": "Choose held_out 0.1, for example.",
    "error.plan.learns_from_targets": "The target is empty, and {algorithm} learns from nothing else.",
    "error.plan.learns_from_targets.remedy": "Choose grpo, or give a target.",
    "error.plan.reward_needs_target": "The target is empty.",
    "error.plan.reward_needs_target.remedy": (
        "Give at least one character to learn, or a reward that needs none, unlike {reward}."
    ),
    "error.plan.target_too_long": "The longest target has {longest} {unit:text}, and max_length is {limit}.",
    "error.plan.target_too_long.remedy": "It must be at least {least}: the stop token counts.",
    "error.plan.model_reads_less": _READS_LESS,
    "error.plan.model_reads_less.remedy": "Shorten the text or choose a model that reads more.",
    "error.plan.no_model_reads_it": _READS_LESS,
    "error.plan.no_model_reads_it.remedy": "Shorten the text.",
    "error.state.no_tensors": "it holds no tensors that can be read: {reason}",
    "error.state.unreadable": "its {name} cannot be read: {reason}",
    "error.state.value": "its {name} cannot be {value}",
    "error.state.no_completions": "it counts {steps} steps without a completion",
    "error.state.waiting_prompt": "it has a waiting prompt that the task does not have",
    "error.state.misfit": "{difference:text}",
    "error.state.data_type": "{name} has {type} instead of F32",
    "error.state.not_finite": "{name} has a number that is not finite",
    "error.state.negative": "{name} is negative",
    "error.state.lacks": "it lacks {name}",
    "error.state.generator": "{name} is not the state of a random generator",
    "unit.characters": "characters",
    "unit.tokens": "tokens",
}
