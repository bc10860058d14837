"""Tiny pretrained models, made once: a Llama and a GPT-2 with a byte-level BPE of 300 tokens."""

from __future__ import annotations

import functools
import json
import shutil
import tempfile
from pathlib import Path

import torch

KINDS = ("llama", "gpt2")
CORPUS = (
    "The cat sat on the mat and looked at the door. It was a quiet day in the house by the sea, and the old man wrote "
    "a letter to his friend. He asked about the weather, about the garden, and about the dog that barked every night."
)
STOP, TURN = "<|endoftext|>", "<|im_end|>"
CHAT_TEMPLATE = (
    "{% for message in messages %}<turn>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<turn>assistant\n{% endif %}"
)


@functools.cache
def model_folder(kind: str, dtype: str = "float32") -> str:
    """Return the folder of a tiny model of this `kind`, its weights stored as `dtype`."""
    from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

    folder = Path(tempfile.mkdtemp(prefix=f"tiny-{kind}-"))
    _write_tokenizer(folder)
    torch.manual_seed(1)
    if kind == "llama":
        config = LlamaConfig(
            vocab_size=300, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, max_position_embeddings=128, eos_token_id=0, bos_token_id=0, pad_token_id=0,
            tie_word_embeddings=True,
        )  # fmt: skip
        model = LlamaForCausalLM(config)
    else:
        config = GPT2Config(
            vocab_size=300, n_positions=128, n_embd=32, n_layer=2, n_head=4, eos_token_id=0, bos_token_id=0
        )
        model = GPT2LMHeadModel(config)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 2:
                parameter.mul_(4.0)  # a fresh model is nearly uniform
    model.to(getattr(torch, dtype)).save_pretrained(folder)
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": [0, 1]}))
    return str(folder)


@functools.cache
def chat_folder() -> str:
    """Return the folder of a tiny Llama with a chat template, whose turns open with a token declared as plain text."""
    folder = Path(shutil.copytree(model_folder("llama"), tempfile.mkdtemp(prefix="tiny-chat-"), dirs_exist_ok=True))
    described = json.loads((folder / "tokenizer.json").read_text())
    plain = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized", "special"), False)
    opening = described["added_tokens"][-1] | plain | {"id": 300, "content": "<turn>"}
    described["added_tokens"].append(opening)
    (folder / "tokenizer.json").write_text(json.dumps(described))
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps({**settings, "eos_token": TURN}))
    (folder / "chat_template.jinja").write_text(CHAT_TEMPLATE)
    return str(folder)


@functools.cache
def untied_folder() -> str:
    """Return the folder of a tiny Llama whose output layer does not share its embeddings."""
    from transformers import LlamaForCausalLM

    folder = Path(shutil.copytree(model_folder("llama"), tempfile.mkdtemp(prefix="tiny-untied-"), dirs_exist_ok=True))
    config = json.loads((folder / "config.json").read_text()) | {"tie_word_embeddings": False}
    (folder / "config.json").write_text(json.dumps(config))
    model = LlamaForCausalLM.from_pretrained(folder)
    with torch.no_grad():
        model.lm_head.weight.normal_(generator=torch.Generator().manual_seed(2))
    model.save_pretrained(folder)
    return str(folder)


def _write_tokenizer(folder: Path) -> None:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=300, special_tokens=[STOP, TURN], initial_alphabet=alphabet)
    tokenizer.train_from_iterator([CORPUS], trainer)
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {"eos_token": STOP, "bos_token": STOP, "tokenizer_class": "PreTrainedTokenizerFast"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
