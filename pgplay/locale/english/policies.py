"""Errors of models, devices and sampling."""

from __future__ import annotations

POLICY_ERRORS: dict[str, str] = {
    "error.model.no_folder": "There is no model in {folder}: it has no config.json.",
    "error.model.no_folder.remedy": "Name a folder as Hugging Face lays it out: config.json, safetensors, tokenizer.",
    "error.model.unreadable": "{file} cannot be read: {reason}.",
    "error.model.unreadable.remedy": "Download the model again.",
    "error.model.not_causal": "{folder} holds no causal language model, but {kinds:list}.",
    "error.model.not_causal.remedy": "Choose a model that writes text from left to right, such as a Llama.",
    "error.model.quantised": "The weights in {folder} are quantised, so they cannot be trained.",
    "error.model.quantised.remedy": "Use the model's full weights.",
    "error.model.lacks_number": "The model's config.json lacks {names:list}.",
    "error.model.no_weights": "{folder} has no weights as safetensors.",
    "error.model.no_weights.remedy": "Save it again with save_pretrained; pickled weights are not read.",
    "error.model.no_tokenizer": "{folder} has no tokenizer.json.",
    "error.model.no_tokenizer.remedy": "Save the model's fast tokenizer beside it.",
    "error.model.tokenizer_kind": "The tokenizer in {folder} is not byte-level BPE.",
    "error.model.tokenizer_kind.remedy": "Choose a model that has one, such as GPT-2, SmolLM2, Llama 3 or Qwen.",
    "error.model.no_stop_token": "The model in {folder} names no token that ends a text (eos_token).",
    "error.model.does_not_load": "The model in {folder} cannot be loaded: {reason}",
    "error.model.no_target": "An adapter cannot be put into {targets}: {reason}",
    "error.model.no_target.remedy": "Choose all-linear, or the names of linear layers.",
    "error.model.other_head": "This model changes its logits after its output layer; pgplay cannot train it.",
    "error.model.adapter_shape": "The adapter's rank, scale, targets or length cannot be right.",
    "error.model.other_base": "The model in {folder} is another one than the adapter was trained on.",
    "error.model.other_base.remedy": "Put the original model back into that folder.",
    "error.model.lacks_packages": "Pretrained models need packages that are not installed: {reason}.",
    "error.model.lacks_packages.remedy": 'Install them: pip install "pgplay[hf]"',
}
