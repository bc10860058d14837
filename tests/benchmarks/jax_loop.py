"""The loop of plain_loop.py for pgplay's transformer in compiled JAX, written for speed, to compare pgplay with.

Sampling is one compiled function that stops once all rows have ended; the loss, its gradient and AdamW are another. The
reward is computed on the host. Shapes are fixed: an ended row is computed until all have ended, and the update computes
all B x T tokens. Left out on purpose: what plain_loop.py leaves out, and libraries of optimisers and networks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from pgplay.policies.families.base import ModelSpec, Size
from tests.benchmarks.plain_loop import ALPHABET, STOP, reward_of

ROTARY_BASE = 10000.0
NORM_EPSILON = 1e-6
BETAS = (0.9, 0.99)
ADAM_EPSILON = 1e-8


class Layer(NamedTuple):
    """One layer's parameters; matrices are (inputs, outputs)."""

    attention_norm: Array
    query: Array
    key: Array
    value: Array
    out: Array
    mlp_norm: Array
    gate: Array
    up: Array
    down: Array


class Weights(NamedTuple):
    """The network's parameters: embedding (V, W), previous_token (W, W), head (W, V)."""

    embedding: Array
    previous_token: Array
    layers: tuple[Layer, ...]
    norm: Array
    head: Array


class Moments(NamedTuple):
    """AdamW's running means of the gradient and of its square, and the number of updates so far."""

    first: Weights
    second: Weights
    updates: Array


class Waves(NamedTuple):
    """Positions: `places` (T, W) are added to the embeddings; cosine and sine (T, 1, D / 2) rotate queries and keys."""

    places: Array
    cosine: Array
    sine: Array


class Cache(NamedTuple):
    """Keys and values of the tokens so far, (B, heads, T, D) for each layer.

    earlier (B, W): what the last token adds to the next one's embedding.
    """

    keys: list[Array]
    values: list[Array]
    earlier: Array


def initial_weights(size: Size, vocabulary: int, key: Array) -> Weights:
    """Draw weights with the deviations of pgplay's transformer."""
    keys = iter(jax.random.split(key, 3 + 7 * size.layers))
    width, inner = size.width, size.feed_forward
    residual = 1 / math.sqrt(2 * size.layers)

    def normal(inputs: int, outputs: int, scale: float = 1.0) -> Array:
        return scale / math.sqrt(inputs) * jax.random.normal(next(keys), (inputs, outputs))

    def layer() -> Layer:
        return Layer(
            attention_norm=jnp.ones(width),
            query=normal(width, width),
            key=normal(width, width),
            value=normal(width, width),
            out=normal(width, width, residual),
            mlp_norm=jnp.ones(width),
            gate=normal(width, inner),
            up=normal(width, inner),
            down=normal(inner, width, residual),
        )

    return Weights(
        embedding=jax.random.normal(next(keys), (vocabulary, width)),
        previous_token=normal(width, width),
        layers=tuple(layer() for _ in range(size.layers)),
        norm=jnp.ones(width),
        head=normal(width, vocabulary, 0.1),
    )


def weights_of_pgplay(tensors: Mapping[str, np.ndarray], size: Size) -> Weights:
    """Return the weights of one of pgplay's transformers, from its tensors by name."""

    def matrix(name: str) -> Array:
        return jnp.asarray(tensors[f"{name}.weight"].T)

    def layer(place: str) -> Layer:
        return Layer(
            attention_norm=matrix(f"{place}.input_layernorm"),
            query=matrix(f"{place}.self_attn.q_proj"),
            key=matrix(f"{place}.self_attn.k_proj"),
            value=matrix(f"{place}.self_attn.v_proj"),
            out=matrix(f"{place}.self_attn.o_proj"),
            mlp_norm=matrix(f"{place}.post_attention_layernorm"),
            gate=matrix(f"{place}.mlp.gate_proj"),
            up=matrix(f"{place}.mlp.up_proj"),
            down=matrix(f"{place}.mlp.down_proj"),
        )

    return Weights(
        embedding=matrix("model.embed_tokens").T,
        previous_token=matrix("model.previous_token"),
        layers=tuple(layer(f"model.layers.{number}") for number in range(size.layers)),
        norm=matrix("model.norm"),
        head=matrix("lm_head"),
    )


def waves_of(size: Size, length: int) -> Waves:
    """Return the waves of the first `length` positions."""

    def angles(width: int) -> np.ndarray:
        return np.arange(length)[:, None] * ROTARY_BASE ** (-np.arange(0, width, 2) / width)

    wide, turns = angles(size.width), angles(size.width // size.heads)[:, None]
    tables = np.concatenate([np.sin(wide), np.cos(wide)], 1), np.cos(turns), np.sin(turns)
    return Waves(*(jnp.asarray(table, jnp.float32) for table in tables))


def normed(inputs: Array, weight: Array) -> Array:
    return inputs * lax.rsqrt(jnp.square(inputs).mean(-1, keepdims=True) + NORM_EPSILON) * weight


def rotated(vectors: Array, waves: Waves) -> Array:
    left, right = jnp.split(vectors, 2, -1)
    return jnp.concatenate([left * waves.cosine - right * waves.sine, right * waves.cosine + left * waves.sine], -1)


def projected(stream: Array, layer: Layer, waves: Waves, shape: tuple[int, ...]) -> tuple[Array, Array, Array]:
    """Return queries, keys and values for `stream` (N, W), each in the `shape` (..., heads, D)."""
    inputs = normed(stream, layer.attention_norm)
    query, key, value = ((inputs @ matrix).reshape(shape) for matrix in (layer.query, layer.key, layer.value))
    return rotated(query, waves), rotated(key, waves), value


def attention(query: Array, keys: Array, is_past: Array) -> Array:
    """Return the shares (B, heads, ..., T) of the `keys` (B, heads, T, D) for `query` (B, heads, ..., D)."""
    scores = jnp.einsum("bh...d,bhtd->bh...t", query, keys) / math.sqrt(query.shape[-1])
    return jax.nn.softmax(jnp.where(is_past, scores, -jnp.inf))


def after_attention(stream: Array, heads: Array, layer: Layer) -> Array:
    """Return the stream (N, W) after `layer`; `heads` (..., heads, D) is the output of its attention."""
    stream = stream + heads.reshape(stream.shape) @ layer.out
    inputs = normed(stream, layer.mlp_norm)
    return stream + (jax.nn.silu(inputs @ layer.gate) * (inputs @ layer.up)) @ layer.down


def logits_of(weights: Weights, tokens: Array, heads: int, waves: Waves) -> Array:
    """Return logits (B, T, V) for `tokens` (B, T).

    The stream is (B x T, W): with three dimensions XLA transposes it for each gradient of a matrix. The embedding is a
    product, because a lookup's gradient is slow.
    """
    batch, length = tokens.shape
    vocabulary, width = weights.embedding.shape
    embedded = jax.nn.one_hot(tokens.flatten(), vocabulary) @ weights.embedding
    earlier = (embedded @ weights.previous_token).reshape(batch, length, width)[:, :-1]
    stream = embedded + (jnp.pad(earlier, ((0, 0), (1, 0), (0, 0))) + waves.places).reshape(-1, width)
    is_past = jnp.tril(jnp.ones((length, length), bool))
    for layer in weights.layers:
        parts = projected(stream, layer, waves, (batch, length, heads, width // heads))
        query, key, value = (part.swapaxes(1, 2) for part in parts)  # each (B, heads, T, D)
        read = jnp.einsum("bhst,bhtd->bshd", attention(query, key, is_past), value)
        stream = after_attention(stream, read, layer)
    return (normed(stream, weights.norm) @ weights.head).reshape(batch, length, vocabulary)


def empty_cache(weights: Weights, batch: int, length: int, heads: int) -> Cache:
    width = len(weights.norm)
    zeros = [jnp.zeros((batch, heads, length, width // heads)) for _ in weights.layers]
    return Cache(zeros, zeros, jnp.zeros((batch, width)))


def next_logits(
    weights: Weights, tokens: Array, position: Array, cache: Cache, heads: int, waves: Waves
) -> tuple[Array, Cache]:
    """Return logits (B, V) after `tokens` (B,) at `position`, and the cache with them."""
    here = Waves(*(lax.dynamic_index_in_dim(table, position, keepdims=False) for table in waves))
    is_past = jnp.arange(len(waves.places)) <= position
    embedded = weights.embedding[tokens]
    stream = embedded + here.places + cache.earlier
    batch, width = stream.shape
    after = Cache([], [], embedded @ weights.previous_token)
    for layer, keys, values in zip(weights.layers, cache.keys, cache.values, strict=True):
        query, key, value = projected(stream, layer, here, (batch, heads, width // heads))
        after.keys.append(lax.dynamic_update_index_in_dim(keys, key, position, 2))
        after.values.append(lax.dynamic_update_index_in_dim(values, value, position, 2))
        read = jnp.einsum("bht,bhtd->bhd", attention(query, after.keys[-1], is_past), after.values[-1])
        stream = after_attention(stream, read, layer)
    return normed(stream, weights.norm) @ weights.head, after


class Sampling(NamedTuple):
    """Sampling in progress: actions (B, T) so far, and how many of each row count (B,)."""

    position: Array
    tokens: Array
    running: Array
    cache: Cache
    actions: Array
    counts: Array


@partial(jax.jit, static_argnames=("batch", "heads"))
def sample(weights: Weights, key: Array, waves: Waves, batch: int, heads: int) -> tuple[Array, Array]:
    """Return actions (B, T), and how many of each row count (B,): all up to the stop token."""
    length = len(waves.places)
    uniform = jax.random.uniform(key, (length, batch, 1))

    def is_unfinished(state: Sampling) -> Array:
        return (state.position < length) & state.running.any()

    def sample_column(state: Sampling) -> Sampling:
        logits, cache = next_logits(weights, state.tokens, state.position, state.cache, heads, waves)
        tokens = (jax.nn.softmax(logits).cumsum(-1)[:, :-1] < uniform[state.position]).sum(-1)
        return Sampling(
            position=state.position + 1,
            tokens=tokens,
            running=state.running & (tokens != STOP),
            cache=cache,
            actions=lax.dynamic_update_index_in_dim(state.actions, tokens, state.position, 1),
            counts=state.counts + state.running,
        )

    start = Sampling(
        position=jnp.int32(0),
        tokens=jnp.full(batch, STOP),
        running=jnp.ones(batch, bool),
        cache=empty_cache(weights, batch, length, heads),
        actions=jnp.full((batch, length), STOP),
        counts=jnp.zeros(batch, jnp.int32),
    )
    end = lax.while_loop(is_unfinished, sample_column, start)
    return end.actions, end.counts


def loss_of(
    weights: Weights, actions: Array, counts: Array, advantages: Array, waves: Waves, heads: int, entropy: float
) -> Array:
    """Return the token mean of -(advantage x log-probability + entropy bonus)."""
    inputs = jnp.pad(actions[:, :-1], ((0, 0), (1, 0)), constant_values=STOP)
    log_p_all = jax.nn.log_softmax(logits_of(weights, inputs, heads, waves))  # (B, T, V)
    log_p = (log_p_all * jax.nn.one_hot(actions, log_p_all.shape[-1])).sum(-1)
    entropies = -(jnp.exp(log_p_all) * log_p_all).sum(-1)
    gain = advantages[:, None] * log_p + entropy * entropies
    mask = jnp.arange(actions.shape[1]) < counts[:, None]
    return -(gain * mask).sum() / mask.sum()


@partial(jax.jit, static_argnames=("heads", "lr", "entropy"), donate_argnames=("weights", "moments"))
def update(
    weights: Weights,
    moments: Moments,
    actions: Array,
    counts: Array,
    rewards: Array,
    waves: Waves,
    heads: int,
    lr: float,
    entropy: float,
) -> tuple[Weights, Moments]:
    """Return the weights and moments after one update by AdamW, without weight decay."""
    advantages = (rewards - rewards.mean()) / (rewards.std(ddof=1) + 1e-4)
    gradient = jax.grad(loss_of)(weights, actions, counts, advantages, waves, heads, entropy)
    norm = jnp.sqrt(sum(jnp.square(part).sum() for part in jax.tree.leaves(gradient)))
    gradient = jax.tree.map(lambda part: part * jnp.minimum(1.0, 1.0 / (norm + 1e-6)), gradient)
    updates = moments.updates + 1
    first = jax.tree.map(lambda mean, part: BETAS[0] * mean + (1 - BETAS[0]) * part, moments.first, gradient)
    second = jax.tree.map(lambda mean, part: BETAS[1] * mean + (1 - BETAS[1]) * part**2, moments.second, gradient)
    first_share, second_share = (1 - beta**updates for beta in BETAS)

    def moved(weight: Array, mean: Array, square: Array) -> Array:
        return weight - lr * (mean / first_share) / (jnp.sqrt(square / second_share) + ADAM_EPSILON)

    return jax.tree.map(moved, weights, first, second), Moments(first, second, updates)


def no_moments(weights: Weights) -> Moments:
    """Return AdamW's state before the first update."""
    first, second = (jax.tree.map(jnp.zeros_like, weights) for _ in range(2))
    return Moments(first, second, jnp.int32(0))


class JaxLoop:
    """Trains one network to write `target` in at most `length` characters, including the stop token."""

    def __init__(self, spec: ModelSpec, target: str, length: int, batch: int, lr: float, entropy: float) -> None:
        self.target, self.batch, self.heads = target, batch, spec.shape.heads
        self.lr, self.entropy = lr, entropy
        self.key, key = jax.random.split(jax.random.key(0))
        self.weights = initial_weights(spec.shape, len(ALPHABET) + 1, key)
        self.moments = no_moments(self.weights)
        self.waves = waves_of(spec.shape, length)

    def step(self) -> int:
        """Make one step; return the number of sampled characters, including stop tokens."""
        self.key, key = jax.random.split(self.key)
        actions, counts = sample(self.weights, key, self.waves, self.batch, self.heads)
        lengths: list[int] = counts.tolist()
        rewards = [reward_of(*row, self.target) for row in zip(actions.tolist(), lengths, strict=True)]
        self.weights, self.moments = update(
            self.weights,
            self.moments,
            actions,
            counts,
            jnp.array(rewards, jnp.float32),
            self.waves,
            self.heads,
            self.lr,
            self.entropy,
        )
        self.weights.head.block_until_ready()
        return sum(lengths)
