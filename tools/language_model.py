"""Train the small English language model that ships: python -m tools.language_model TEXT... [--steps N].

Each TEXT is a book of Project Gutenberg as plain UTF-8 text, in the public domain; assets/models/README.md lists those
that were used. The model is a Llama with a byte-level BPE tokenizer in Hugging Face's own folder layout. Its documents
are passages of a few sentences, each closed by the stop token, so the model writes a passage and stops.
"""

from __future__ import annotations

import argparse
import math
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.trainers import BpeTrainer
from torch import Tensor
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

FOLDER = Path(__file__).parents[1] / "assets" / "models" / "storybook-1m"
STOP = "<|end|>"
VOCABULARY_SIZE = 2048
CONTEXT = 256
LONGEST_PASSAGE = 280
"""Characters of a passage; a longer paragraph is split between its sentences."""

BATCH, WINDOW = 32, 128
"""Rows and tokens of a training batch."""

PEAK_LEARNING_RATE, WARM_UP = 4e-3, 200
WEIGHT_DECAY = 0.1
HELD_OUT = 50
"""One passage in so many is held out, to measure the loss on."""

_PLAIN = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "—": " - ", "–": "-", "…": "...", "\ufeff": None})
_START = re.compile(r"\*\*\* ?START OF TH(?:E|IS) PROJECT GUTENBERG.*?\*\*\*", re.DOTALL)
_END = re.compile(r"\*\*\* ?END OF TH(?:E|IS) PROJECT GUTENBERG|End of (?:the )?Project Gutenberg", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"']?\s+(?=[\"'A-Z])")


def passages(book: str) -> Iterator[str]:
    """Yield the passages of a Project Gutenberg book: prose of whole sentences, on one line each, in ASCII."""
    start, end = _START.search(book), _END.search(book)
    body = book[start.end() if start else 0 : end.start() if end else None].translate(_PLAIN).replace("--", " - ")
    for paragraph in re.split(r"\n\s*\n", body.replace("\r", "")):
        prose = re.sub(r"[_*\[\]]", "", " ".join(paragraph.split()))
        if len(prose) > 20 and prose[-1] in ".!?\"'" and not prose.isupper() and prose.isascii():
            yield from _split(prose)


def _split(prose: str) -> Iterator[str]:
    passage = ""
    for sentence in _sentences(prose):
        if passage and len(passage) + len(sentence) >= LONGEST_PASSAGE:
            yield passage
            passage = ""
        passage = f"{passage} {sentence}".strip()
    yield passage


def _sentences(prose: str) -> list[str]:
    ends = [match.end() for match in _SENTENCE_END.finditer(prose)]
    return [prose[a:b].strip() for a, b in zip([0, *ends], [*ends, len(prose)], strict=True)]


def train_tokenizer(texts: Sequence[str]) -> PreTrainedTokenizerFast:
    """Return a byte-level BPE tokenizer of `VOCABULARY_SIZE` tokens learnt from the texts."""
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False)
    tokenizer.decoder = ByteLevelDecoder()
    trainer = BpeTrainer(
        vocab_size=VOCABULARY_SIZE,
        special_tokens=[STOP],
        initial_alphabet=ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=STOP, eos_token=STOP, pad_token=STOP, model_max_length=CONTEXT
    )


def new_model() -> LlamaForCausalLM:
    """Return an untrained Llama of about a million parameters."""
    config = LlamaConfig(
        vocab_size=VOCABULARY_SIZE,
        hidden_size=128,
        intermediate_size=352,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=0,
        attn_implementation="sdpa",
    )
    return LlamaForCausalLM(config)


def token_stream(tokenizer: PreTrainedTokenizerFast, texts: Sequence[str]) -> Tensor:
    """Return (N,) token ids: the texts one after the other, each between stop tokens."""
    encodings = tokenizer(list(texts), add_special_tokens=False)["input_ids"]
    return torch.tensor([0, *(token for ids in encodings for token in (*ids, 0))])


def learning_rate(step: int, steps: int) -> float:
    """Return the learning rate of a step: a linear warm-up, then half a cosine down to zero."""
    if step < WARM_UP:
        return PEAK_LEARNING_RATE * (step + 1) / WARM_UP
    return PEAK_LEARNING_RATE * 0.5 * (1 + math.cos(math.pi * (step - WARM_UP) / max(1, steps - WARM_UP)))


def train(model: LlamaForCausalLM, stream: Tensor, held_out: Tensor, steps: int) -> None:
    """Train on windows drawn from the stream, and print the loss in nats per token."""
    decayed = [parameter for parameter in model.parameters() if parameter.dim() > 1]
    plain = [parameter for parameter in model.parameters() if parameter.dim() < 2]
    groups = [{"params": decayed, "weight_decay": WEIGHT_DECAY}, {"params": plain, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98), fused=True)
    start, order = time.monotonic(), torch.Generator().manual_seed(0)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, steps)
        begins = torch.randint(len(stream) - WINDOW - 1, (BATCH, 1), generator=order)
        window = stream[begins + torch.arange(WINDOW + 1)]
        loss = _loss(model, window)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        if step % 250 == 0 or step == steps - 1:
            aside = evaluate(model, held_out)
            print(f"step {step}: {loss:.3f}, held out {aside:.3f}, {time.monotonic() - start:.0f} s", flush=True)


def evaluate(model: LlamaForCausalLM, stream: Tensor) -> float:
    """Return the mean loss on a stream, in nats per token."""
    rows = (len(stream) - 1) // WINDOW
    windows = torch.stack([stream[row * WINDOW : (row + 1) * WINDOW + 1] for row in range(min(rows, 128))])
    with torch.no_grad():
        return float(_loss(model, windows))


def _loss(model: LlamaForCausalLM, windows: Tensor) -> Tensor:
    logits = model(windows[:, :-1]).logits
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())


def main() -> None:
    """Train and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("texts", nargs="+", type=Path)
    parser.add_argument("--steps", type=int, default=8000)
    arguments = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    texts = [passage for path in sorted(arguments.texts) for passage in passages(path.read_text(encoding="utf-8"))]
    held_out = texts[::HELD_OUT]
    training = [text for number, text in enumerate(texts) if number % HELD_OUT]
    tokenizer = train_tokenizer(training)
    stream = token_stream(tokenizer, training)
    print(f"{len(texts)} passages, {sum(map(len, texts)) / 1e6:.1f}M characters, {len(stream) / 1e6:.2f}M tokens")
    model = new_model()
    print(f"{model.num_parameters() / 1e6:.2f}M parameters")
    train(model, stream, token_stream(tokenizer, held_out), arguments.steps)
    FOLDER.mkdir(parents=True, exist_ok=True)
    model.generation_config.eos_token_id = 0
    model.to(torch.bfloat16).save_pretrained(FOLDER)
    tokenizer.save_pretrained(FOLDER)


if __name__ == "__main__":
    main()
