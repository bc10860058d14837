"""Errors of plans, algorithms and updates."""

from __future__ import annotations

_READS_LESS = "The longest prompt and completion need {needed} tokens; {model} has a context of {limit}."

SETTINGS_THAT_EXCLUDE_EACH_OTHER = {
    "error.setting.unsupported": "{name} needs a network that can {capability:text}; {model} cannot.",
    "error.setting.unsupported.remedy": "Remove {name}.",
    "error.setting.gae_without_critic": "credit gae needs a critic, but the baseline is {baseline}.",
    "error.setting.gae_without_critic.remedy": "Choose baseline critic, or ppo.",
    "error.setting.gspo_with_dense": "gspo has one ratio per completion, but dense credit is per token.",
    "error.setting.gspo_with_dense.remedy": "Choose credit terminal, or another ratio.",
    "error.setting.baseline_of_one": (
        "baseline {baseline} needs several completions per prompt, but group_size is 1."
    ),
    "error.setting.baseline_of_one.remedy": "Choose a group_size of at least 2.",
    "error.setting.scale_of_one": "scale group-std needs several completions per prompt, but group_size is 1.",
    "error.setting.scale_of_one.remedy": "Choose a group_size of at least 2, or scale batch-std.",
    "error.setting.updates_without_ratio": (
        "updates_per_step {updates} needs an importance ratio: after the first update the policy is "
        "no longer the one that wrote the completions."
    ),
    "error.setting.updates_without_ratio.remedy": "Choose a ratio such as clip, or updates_per_step 1.",
    "error.setting.potential_of_tokens": (
        "control_variate potential counts edits of characters, but a token of this policy can be several."
    ),
    "error.setting.potential_of_tokens.remedy": "Choose control_variate regression.",
    "error.setting.potential_without_edits": (
        "control_variate potential counts edits, but the reward is {reward}."
    ),
    "error.setting.potential_without_edits.remedy": (
        "Choose the reward levenshtein, or control_variate regression."
    ),
}

_DEFAULT = "Leave it at its default, or choose a policy gradient such as grpo."
_NO_VARIATE = "Choose control_variate none."

SETTINGS_WITHOUT_EFFECT = {
    "error.unused.system_raw": "system with template raw has no effect.",
    "error.unused.system_raw.remedy": "Choose template chat.",
    "error.unused.without_ratio": "{name} without a ratio has no effect.",
    "error.unused.without_ratio.remedy": "Choose a ratio such as clip.",
    "error.unused.without_critic": "critic without a critic has no effect.",
    "error.unused.without_critic.remedy": "Choose baseline critic.",
    "error.unused.warm_text": "warm_text without warm_start steps has no effect.",
    "error.unused.warm_text.remedy": "Give warm_start a number of steps.",
    "error.unused.kl_limit_without_kl": "kl_limit with kl 0 (the weight stays 0 near the limit) has no effect.",
    "error.unused.kl_limit_without_kl.remedy": "Remove kl, or set a weight such as 0.05.",
    "error.unused.kl_limit_in_reward": (
        "kl_limit with kl_in reward (it uses a sample of the KL, not the exact KL) has no effect."
    ),
    "error.unused.kl_limit_in_reward.remedy": "Choose kl_in loss.",
    "error.unused.kl_in_reward_with_dense": (
        "kl_in reward with credit dense (it counts edits, not rewards) has no effect."
    ),
    "error.unused.kl_in_reward_with_dense.remedy": "Choose kl_in loss, or credit terminal.",
    "error.unused.without_gae": "gae_lambda without gae has no effect.",
    "error.unused.without_gae.remedy": "Choose credit gae.",
    "error.unused.with_dense": "{name} with credit dense (it has its own baseline and unit) has no effect.",
    "error.unused.with_dense.remedy": "Remove {name}, or choose credit terminal.",
    "error.unused.by_targets": "{algorithm} learns only from the targets, so {name} has no effect.",
    "error.unused.by_targets.remedy": _DEFAULT,
    "error.unused.by_one_update": "{algorithm} makes one update per step, so {name} has no effect.",
    "error.unused.by_one_update.remedy": _DEFAULT,
    "error.unused.by_search": "{algorithm} trains no network, so {name} has no effect.",
    "error.unused.by_search.remedy": _DEFAULT,
    "error.unused.kl_in_by_targets": "{algorithm} learns only from the targets, so kl_in reward has no effect.",
    "error.unused.kl_in_by_targets.remedy": "Choose kl_in loss.",
    "error.unused.variate_with_credit": (
        "control_variate {variate} has no effect: with credit {credit} each token has its own credit."
    ),
    "error.unused.variate_with_credit.remedy": _NO_VARIATE,
    "error.unused.variate_with_critic": (
        "control_variate {variate} has no effect: a critic already predicts each token's return."
    ),
    "error.unused.variate_with_critic.remedy": _NO_VARIATE,
    "error.unused.variate_with_discount": (
        "control_variate {variate} has no effect: with discount {discount:g} each token has its own advantage."
    ),
    "error.unused.variate_with_discount.remedy": _NO_VARIATE,
}

LEARNING_ERRORS: dict[str, str] = {
    "error.plan.alphabet_lacks": "The policy's alphabet lacks {characters!r}.",
    "error.plan.alphabet_lacks.remedy": "Choose a target within its alphabet, or start a new policy.",
    "error.plan.nothing_held_out": "{name} needs prompts held out of training.",
    "error.plan.nothing_held_out.remedy": "Choose held_out 0.1, for example.",
    "error.plan.learns_from_targets": "The target is empty, but {algorithm} learns only from targets.",
    "error.plan.learns_from_targets.remedy": "Choose grpo, or give a target.",
    "error.plan.reward_needs_target": "The target is empty.",
    "error.plan.reward_needs_target.remedy": (
        "Give at least one character to learn, or a reward that needs none, unlike {reward}."
    ),
    "error.plan.target_too_long": "The longest target has {longest} {unit:text}, but max_length is {limit}.",
    "error.plan.target_too_long.remedy": "It must be at least {least}: the stop token counts.",
    "error.plan.model_reads_less": _READS_LESS,
    "error.plan.model_reads_less.remedy": "Shorten the text, or choose a model with a longer context.",
    "error.plan.no_model_reads_it": _READS_LESS,
    "error.plan.no_model_reads_it.remedy": "Shorten the text.",
    "error.plan.no_own_scoring": "The reward task is the task's own scoring, and this one has none.",
    "error.plan.no_own_scoring.remedy": "Choose another reward, or a task such as reasoning-gym:chain_sum.",
    "error.plan.small_groups": (
        "Groups of {size} in a batch of {batch_size} need {needed} prompts; the task has {prompts}."
    ),
    "error.plan.small_groups.remedy": "Choose a group_size of at least {least}.",
    "error.algorithm.no_policy": "{algorithm} trains no network, so there is no policy.",
    "error.algorithm.no_policy.remedy": "Choose an algorithm that trains one, such as grpo.",
    "error.learning.diverged": "Learning diverged: the gradient is not a finite number.",
    "error.learning.diverged.remedy": "Resume from a checkpoint with a lower lr.",
    **SETTINGS_THAT_EXCLUDE_EACH_OTHER,
    **SETTINGS_WITHOUT_EFFECT,
    "error.state.no_tensors": "it contains no readable tensors: {reason}",
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
    "part.momentum": "momentum",
    "part.adam": "momentum and Adam's scaling",
    "part.entropy": "the entropy bonus",
    "part.weight_decay": "weight decay",
    "part.control_variate": "the control variate",
    "part.further_updates": "further updates",
    "part.kl": "the KL penalty",
    "part.imitation": "imitation",
    "part.penalties": "the L1 and L2 penalties",
    "part.critic": "the critic's loss",
    "note.limit_around_untrained": (
        "kl_limit keeps the policy near an untrained one: use a warm start, or set a reference."
    ),
    "note.no_network": "{algorithm} trains no network: settings of the model, the device and learning have no effect.",
    "note.added_characters": "Added to the alphabet, because the targets need them: {characters}",
    "note.inactive": "{name} has no effect while {cause} is {value}.",
    "note.uneven_groups": (
        "Each prompt gets {size} completions per step, because batch_size {batch_size} is not a multiple of "
        "{preferred}; {better:or} would give it {preferred}."
    ),
    "note.larger_groups": (
        "Each prompt gets {size} completions per step instead of {asked}: only {prompts} "
        "{prompts:plural prompt is|prompts are} trained on."
    ),
    "note.own_scoring": "This task has its own scoring: the reward task uses it.",
    "note.fewer_prompts": (
        "prompts {prompts} has no effect: there {training:plural is|are} {training} training "
        "{training:plural prompt|prompts}."
    ),
    "unit.characters": "characters",
    "unit.tokens": "tokens",
}
