"""The initial policy of a run: a saved one, a pretrained model with an adapter, or a fresh network."""

from __future__ import annotations

from typing import NamedTuple

from pgplay.config.run_config import RunConfig
from pgplay.learning.defaults import lora_alpha
from pgplay.learning.inputs import Inputs
from pgplay.model_places import hub_model
from pgplay.policies.families.base import ModelSpec
from pgplay.policies.families.pretrained import PretrainedBase
from pgplay.policies.spec import FreshSpec, PolicySpec, PretrainedSpec
from pgplay.tasks.load import text_field
from pgplay.tasks.task import Task
from pgplay.tokenizers.alphabet import resolve_alphabet
from pgplay.tokenizers.base import Tokenizer
from pgplay.tokenizers.registry import make_tokenizer
from pgplay.tokenizers.subword import PromptFormat

_UNDECIDED = 0
"""A length limit that is not decided yet."""


class PolicyChoice(NamedTuple):
    """A policy whose length limit in `shape` is not decided yet, as its default depends on the tokenizer.

    `model` is the setting as it is stored: a model of the Hub with its commit, as a branch can move. `added` are
    the characters that the texts need beyond the alphabet that the person gave.
    """

    model: str
    tokenizer: Tokenizer
    shape: PolicySpec
    added: str = ""


def choose_policy(
    config: RunConfig, network: ModelSpec, task: Task, inputs: Inputs, saved: PolicySpec | None
) -> PolicyChoice:
    """Return the policy that a run of `config` on `task` begins with, for its `network`.

    Raises InputError for an alphabet, a tokenizer or a chat template that is missing.
    """
    if saved is not None:
        return PolicyChoice(config.model, saved.tokenizer, saved)
    if inputs.base is not None:
        return _pretrained(config, inputs.base, has_prompts=task.has_prompts)
    tokens = network.family.tokenizer if config.tokenizer == "auto" else config.tokenizer
    alphabet = resolve_alphabet(config.alphabet, [*task.texts, *inputs.warm_lines], text_field(config))
    tokenizer = make_tokenizer(tokens, alphabet.characters)
    shape = FreshSpec.of(network, alphabet.characters, _UNDECIDED, tokens)
    return PolicyChoice(config.model, tokenizer, shape, "" if config.alphabet == "auto" else alphabet.added)


def _pretrained(config: RunConfig, base: PretrainedBase, *, has_prompts: bool) -> PolicyChoice:
    """Return `base` with the adapter that `config` asks for; it reads prompts in a chat if it has a template."""
    is_chat = bool(config.system) or (has_prompts and base.has_template)
    prompts = PromptFormat(config.template or ("chat" if is_chat else "raw"), config.system)
    model = base.spec.place if hub_model(config.model) else config.model
    adapter = config.lora_rank, lora_alpha(config), config.lora_targets
    shape = PretrainedSpec(base.spec.place, base.hash, _UNDECIDED, *adapter, *prompts)
    return PolicyChoice(model, base.tokenizer(prompts), shape)
