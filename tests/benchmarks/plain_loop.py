"""A plain policy-gradient loop in eager PyTorch, as one would write it by hand, to compare pgplay with.

REINFORCE with the batch's mean and deviation, an entropy bonus, clipping and AdamW; torch.nn.GRU, or a Llama with a
cache of keys and values. Left out on purpose: everything that makes it a playground (metrics, greedy completions,
prompts, checkpoints), so that it does the least work that still learns.
"""

from __future__ import annotations

from typing import Any

import Levenshtein
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pgplay.policies.families.base import ModelSpec, Size
from pgplay.policies.families.gru import GRU

STOP = 0
ALPHABET = "abcdefghijklmnopqrstuvwxyz "


def reward_of(tokens: list[int], count: int, target: str) -> float:
    """Return the reward of the first `count` of `tokens`: 1 - edits to `target` / length of the longer text."""
    text = "".join(ALPHABET[token - 1] for token in tokens[:count] if token != STOP)
    return 1 - Levenshtein.distance(text, target) / max(len(text), len(target))


class PlainGRU(nn.Module):
    def __init__(self, spec: Size, vocabulary: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, spec.width)
        self.gru = nn.GRU(spec.width, spec.width, spec.layers, batch_first=True)
        self.head = nn.Linear(spec.width, vocabulary)

    def cache(self, batch: int, length: int) -> Any:
        return torch.zeros(self.gru.num_layers, batch, self.gru.hidden_size)

    def forward(self, tokens: Tensor, cache: Any = None, start: int = 0) -> tuple[Tensor, Any]:
        """Return logits (B, T, V) for `tokens` (B, T), and the cache after them."""
        states, cache = self.gru(self.embedding(tokens), cache)
        return self.head(states), cache


def rotated(vectors: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    left, right = vectors.chunk(2, dim=-1)
    return torch.cat([left * cosine - right * sine, left * sine + right * cosine], dim=-1)


class Block(nn.Module):
    def __init__(self, spec: Size) -> None:
        super().__init__()
        self.heads = spec.heads
        self.attention_norm, self.mlp_norm = nn.RMSNorm(spec.width), nn.RMSNorm(spec.width)
        self.query_key_value = nn.Linear(spec.width, 3 * spec.width, bias=False)
        self.out = nn.Linear(spec.width, spec.width, bias=False)
        self.gate_up = nn.Linear(spec.width, 2 * spec.feed_forward, bias=False)
        self.down = nn.Linear(spec.feed_forward, spec.width, bias=False)

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor, cache: Tensor | None, start: int) -> Tensor:
        batch, length, width = x.shape
        projected = self.query_key_value(self.attention_norm(x)).view(batch, length, 3, self.heads, -1)
        query, key, value = projected.permute(2, 0, 3, 1, 4)  # each (B, heads, T, D)
        query, key = rotated(query, cosine, sine), rotated(key, cosine, sine)
        if cache is not None:
            cache[0, :, :, start : start + length], cache[1, :, :, start : start + length] = key, value
            key, value = cache[:, :, :, : start + length]
        attended = F.scaled_dot_product_attention(query, key, value, is_causal=cache is None)
        x = x + self.out(attended.transpose(1, 2).reshape(batch, length, width))
        gate, up = self.gate_up(self.mlp_norm(x)).chunk(2, dim=-1)
        return x + self.down(F.silu(gate) * up)


class PlainLlama(nn.Module):
    def __init__(self, spec: Size, vocabulary: int) -> None:
        super().__init__()
        self.spec = spec
        self.embedding = nn.Embedding(vocabulary, spec.width)
        self.blocks = nn.ModuleList(Block(spec) for _ in range(spec.layers))
        self.norm = nn.RMSNorm(spec.width)
        self.head = nn.Linear(spec.width, vocabulary, bias=False)
        size = spec.width // spec.heads
        angles = torch.arange(spec.context_length)[:, None] * 10000.0 ** (-torch.arange(0, size, 2) / size)
        self.register_buffer("cosine", angles.cos())
        self.register_buffer("sine", angles.sin())

    def cache(self, batch: int, length: int) -> Any:
        spec = self.spec
        return torch.zeros(spec.layers, 2, batch, spec.heads, length, spec.width // spec.heads)

    def forward(self, tokens: Tensor, cache: Any = None, start: int = 0) -> tuple[Tensor, Any]:
        """Return logits (B, T, V) for `tokens` (B, T) at `start`, and the cache after them."""
        here = slice(start, start + tokens.shape[1])
        cosine, sine = self.cosine[here], self.sine[here]
        x = self.embedding(tokens)
        for number, block in enumerate(self.blocks):
            x = block(x, cosine, sine, None if cache is None else cache[number], start)
        return self.head(self.norm(x)), cache


class PlainLoop:
    """Trains one network to write `target` in at most `length` characters, including the stop token."""

    def __init__(self, spec: ModelSpec, target: str, length: int, batch: int, lr: float, entropy: float) -> None:
        torch.manual_seed(0)
        self.target, self.length, self.batch, self.entropy = target, length, batch, entropy
        vocabulary = len(ALPHABET) + 1
        self.network = PlainGRU(spec.shape, vocabulary) if spec.family is GRU else PlainLlama(spec.shape, vocabulary)
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), lr, betas=(0.9, 0.99), weight_decay=0.0, fused=True
        )

    @torch.no_grad()
    def sample(self) -> tuple[Tensor, Tensor]:
        """Return actions (B, T), and which of them count (B, T): all up to the stop token."""
        token = torch.full((self.batch, 1), STOP)
        running = torch.ones(self.batch, 1, dtype=torch.bool)
        cache = self.network.cache(self.batch, self.length)
        actions, mask = [], []
        for position in range(self.length):
            logits, cache = self.network(token, cache, position)
            token = torch.multinomial(logits[:, -1].softmax(-1), 1)
            actions.append(token)
            mask.append(running)
            running = running & (token != STOP)
            if not running.any():
                break
        return torch.cat(actions, 1), torch.cat(mask, 1)

    def step(self) -> int:
        """Make one step; return the number of sampled characters, including stop tokens."""
        actions, mask = self.sample()
        counts = mask.sum(1).tolist()
        rows = zip(actions.tolist(), counts, strict=True)
        rewards = torch.tensor([reward_of(*row, self.target) for row in rows])
        advantages = (rewards - rewards.mean()) / (rewards.std() + 1e-4)

        inputs = torch.cat([torch.full((self.batch, 1), STOP), actions[:, :-1]], 1)
        log_p_all = self.network(inputs)[0].log_softmax(-1)  # (B, T, V)
        log_p = log_p_all.gather(2, actions[:, :, None])[:, :, 0]
        entropies = -(log_p_all.exp() * log_p_all).sum(-1)
        gain = advantages[:, None] * log_p + self.entropy * entropies
        loss = -(gain * mask).sum() / mask.sum()
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        return sum(counts)
