"""What the formulas give for GPUs that nobody has measured pgplay on: computed from vendors' figures, named below."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from pgplay.limits import LOGITS_MEMORY
from pgplay.policies.families.base import ModelSpec, Shapes, Size
from pgplay.policies.families.pretrained import model_of_weights
from pgplay.policies.memory import (
    HALF_NUMBER,
    NUMBER,
    Adapter,
    MemoryForecast,
    Workload,
    forecast_memory,
    sharded_weights,
)
from tests.benchmarks.scaling.step_time import Costs, Network, Seconds, Work, operations, step_seconds


class Gpu(NamedTuple):
    """A GPU by its data sheet: bytes; bytes per second; operations per second of dense products, by bytes of a number.

    link: to the other GPUs of its machine, one way; network: between machines, whose adapters share a ring.
    """

    name: str
    memory: float
    reading: float
    peak: dict[int, float]
    link: float
    network: float


HOPPER = {NUMBER: 67e12, HALF_NUMBER: 989e12}
"""float32 without TF32, and bfloat16."""
GPUS = {
    # nvidia.com/data-center/h100 and /h200, SXM; NVLink's 900 GB/s count both ways; a machine has eight
    # 400 Gb/s adapters (docs.nvidia.com/dgx/dgxh100-user-guide).
    "h100": Gpu("H100", 80e9, 3.35e12, HOPPER, 450e9, 400e9),
    "h200": Gpu("H200", 141e9, 4.8e12, HOPPER, 450e9, 400e9),
}
GPUS_OF_A_MACHINE = 8
COUNTS = (1, 8, 64)

HOST_PER_LAYER = 5e-4
"""Seconds of the host per column and layer, as measured on a CPU (`measured.seconds_of_a_layer`)."""
SHARE_OF_PEAK = 0.4
"""Assumed of products on a GPU; medium to large networks reach 0.3 to 0.65 of a CPU's peak (docs/benchmarks.md)."""
LATENCY = 30e-6
"""Seconds of an exchange between GPUs, assumed."""
DRAWING = 4
"""Times that a random number is written or read; there is one per token of the batch and of the vocabulary."""
WORK = Work(rows=64, tokens=256, prompts=8, prompt=64, target=0)
ADAPTER = Adapter(rank=16)
MOMENTS = 3
"""Numbers per trained parameter: its gradient, and the two of Adam."""


class Llama(NamedTuple):
    """A published model's shape, as in its config.json."""

    layers: int
    width: int
    feed_forward: int
    heads: int
    key_heads: int
    vocabulary: int
    is_tied: bool = False
    has_biases: bool = False

    @property
    def spec(self) -> ModelSpec:
        keys = self.width // self.heads * self.key_heads
        layer: Shapes = {
            "self_attn.q_proj.weight": (self.width, self.width),
            "self_attn.k_proj.weight": (keys, self.width),
            "self_attn.v_proj.weight": (keys, self.width),
            "self_attn.o_proj.weight": (self.width, self.width),
            "mlp.gate_proj.weight": (self.feed_forward, self.width),
            "mlp.up_proj.weight": (self.feed_forward, self.width),
            "mlp.down_proj.weight": (self.width, self.feed_forward),
            "input_layernorm.weight": (self.width,),
            "post_attention_layernorm.weight": (self.width,),
        }
        if self.has_biases:
            rows = self.width, keys, keys
            layer |= {f"self_attn.{name}_proj.bias": (size,) for name, size in zip("qkv", rows, strict=True)}
        shapes = {f"model.layers.{n}.{name}": shape for n in range(self.layers) for name, shape in layer.items()}
        shapes["model.embed_tokens.weight"] = (self.vocabulary, self.width)
        shapes["model.norm.weight"] = (self.width,)
        if not self.is_tied:
            shapes["lm_head.weight"] = (self.vocabulary, self.width)
        return model_of_weights("llama", Size(self.layers, self.width, 8192, self.heads, self.feed_forward), shapes)


MODELS = {
    "SmolLM2-135M": Llama(30, 576, 1536, 9, 3, 49_152, is_tied=True),
    "Qwen2.5-0.5B": Llama(24, 896, 4864, 14, 2, 151_936, is_tied=True, has_biases=True),
    "Llama-3.1-8B": Llama(32, 4096, 14_336, 32, 8, 128_256),
    "Llama-3.1-70B": Llama(80, 8192, 28_672, 64, 8, 128_256),
}


class Layout(NamedTuple):
    """A model on so many GPUs: whole on each in float32, or its layers sharded in bfloat16, one gathered at a time."""

    gpu: Gpu
    count: int
    is_sharded: bool

    @property
    def number(self) -> int:
        """Bytes of a weight."""
        return HALF_NUMBER if self.is_sharded else NUMBER

    @property
    def link(self) -> float:
        """Bytes per second between GPUs."""
        return self.gpu.link if self.count <= GPUS_OF_A_MACHINE else self.gpu.network


class Outlook(NamedTuple):
    """What follows for a model: its memory on each GPU, the completions that fit on all, its time, what ends first."""

    layout: Layout
    memory: MemoryForecast
    most_rows: int
    seconds: Seconds
    first_end: str


def outlook(model: Llama, gpu: Gpu, count: int) -> Outlook:
    """Return the outlook for whole models where the batch fits; else, on several GPUs, for a sharded one."""
    whole = _outlook(model, Layout(gpu, count, is_sharded=False))
    if whole.memory.total <= gpu.memory or count == 1:
        return whole
    return _outlook(model, Layout(gpu, count, is_sharded=True))


def _outlook(model: Llama, layout: Layout) -> Outlook:
    spec, gpu, work = model.spec, layout.gpu, WORK._replace(processes=layout.count)
    memory = _memory(model, spec, layout, math.ceil(work.rows / work.processes))
    network = Network(spec, model.vocabulary, memory.adapter // NUMBER)
    weights = layout.number * network.parameters
    host = model.layers * HOST_PER_LAYER
    reading = (weights + memory.cache / 2) / gpu.reading
    gathering = _gathering(model, memory.layers * layout.number // NUMBER, layout) if layout.is_sharded else 0.0
    rate = SHARE_OF_PEAK * gpu.peak[layout.number]
    costs = Costs(
        column=max(host, reading) + gathering,
        sampled=model.vocabulary * DRAWING * NUMBER / gpu.reading,
        sampling_rate=rate,
        update=host + 2 * gathering,  # forward and backward
        learned=0.0,  # small beside the model's own products
        learning_rate=rate,
        score=0.0,  # each reward has its own
        latency=LATENCY,
        bandwidth=layout.link,
    )
    seconds = step_seconds(network, work, costs)
    if memory.total > gpu.memory:
        end = f"memory of {_first_too_large(memory, gpu.memory)}"
    else:
        times = {
            "sampling: calls from Python": work.tokens * host * (host >= reading),
            "sampling: reading weights and cache": work.tokens * reading * (reading > host),
            "sampling: gathering weights": work.tokens * gathering,
            "sampling: arithmetic": operations(network, work)[0] / rate,
            "learning": seconds.learn,
            "all-reduce": seconds.exchange,
        }
        end = max(times, key=lambda name: times[name])
    return Outlook(layout, memory, _most_rows(model, spec, layout), seconds, end)


def _gathering(model: Llama, layers: int, layout: Layout) -> float:
    """Return the seconds in which a GPU receives what it lacks of the bytes of all `layers`, one exchange for each."""
    return layers * (layout.count - 1) / layout.count / layout.link + model.layers * LATENCY


def _memory(model: Llama, spec: ModelSpec, layout: Layout, rows: int) -> MemoryForecast:
    """Return the memory of one GPU that has so many of the completions."""
    whole = forecast_memory(spec, model.vocabulary, ADAPTER, Workload(rows, WORK.prompt + WORK.tokens, MOMENTS))
    if not layout.is_sharded:
        return whole
    smaller = {name: getattr(whole, name) * layout.number // NUMBER for name in ("cache", "activations")}
    return replace(whole, weights=sharded_weights(whole, model.layers, layout.count, is_on_gpus=True), **smaller)


def _first_too_large(memory: MemoryForecast, room: float) -> str:
    """Return the first part of `memory`, in the order in which a step takes them, that has no room."""
    kept = itertools.accumulate([memory.weights, memory.adapter, memory.optimiser, memory.cache])
    for name, total in zip(("weights", "adapter", "optimiser", "cache"), kept, strict=True):
        if total > room:
            return name
    return "activations" if memory.total - memory.logits > room else "logits"


def _most_rows(model: Llama, spec: ModelSpec, layout: Layout) -> int:
    """Return how many completions fit on all GPUs."""
    one = _memory(model, spec, layout, 1)
    fixed = one.total - one.step + LOGITS_MEMORY
    return layout.count * max(0, int((layout.gpu.memory - fixed) // max(one.cache, one.activations)))


TITLES = (
    *("model", "GPUs", "weights on each", "all memory", "completions that fit"),
    *("sampling", "learning", "all-reduce", "what ends first"),
)


def table(gpu: Gpu) -> str:
    """Return the outlooks for all models and numbers of GPUs."""
    return "\n".join(["| " + " | ".join(TITLES) + " |", "|---" * len(TITLES) + "|", *_rows(gpu)])


def _rows(gpu: Gpu) -> Iterator[str]:
    for name, model in MODELS.items():
        for count in COUNTS:
            layout, memory, rows, seconds, end = outlook(model, gpu, count)
            fits = memory.total <= gpu.memory
            times = (seconds.sample, seconds.learn, seconds.exchange)
            cells: Sequence[str] = (
                name,
                str(count),
                f"{memory.weights / 1e9:.1f} GB" + (", sharded" if layout.is_sharded else ""),
                f"{memory.total / 1e9:,.0f} GB",
                f"{rows:,}",
                *(f"{short(time)} s" if fits else "" for time in times),
                end,
            )
            yield "| " + " | ".join(cells) + " |"


def short(number: float) -> str:
    """Return `number` to two digits, or as a whole number."""
    return f"{number:.2g}" if number < 99.5 else f"{number:,.0f}"
