"""The Llama-shaped transformer as a family; the network is `networks.transformer`."""

from __future__ import annotations

from pgplay.policies.families.base import OF_PRETRAINED, Capability, ModelFamily, Products, Shapes, Size
from pgplay.tokenizers.registry import CHARACTERS


def _tensors(size: Size, vocabulary: int) -> Shapes:
    width, wide = size.width, size.feed_forward
    layer: Shapes = {
        **{f"self_attn.{name}_proj.weight": (width, width) for name in "qkvo"},
        "mlp.gate_proj.weight": (wide, width),
        "mlp.up_proj.weight": (wide, width),
        "mlp.down_proj.weight": (width, wide),
        "input_layernorm.weight": (width,),
        "post_attention_layernorm.weight": (width,),
    }
    layers = {f"model.layers.{number}.{name}": shape for number in range(size.layers) for name, shape in layer.items()}
    ends: Shapes = {"model.norm.weight": (width,), "lm_head.weight": (vocabulary, width)}
    first: Shapes = {"model.embed_tokens.weight": (vocabulary, width)}
    if size.previous_token:
        first["model.previous_token.weight"] = (width, width)
    return {**first, **layers, **ends}


def _products(size: Size, vocabulary: int) -> Products:
    """A pair of tokens takes a score, and a share of the values."""
    layer = 4 * size.width * size.width + 3 * size.width * size.feed_forward
    return Products(
        once=0,
        per_token=size.width * (vocabulary + size.previous_token * size.width) + size.layers * layer,
        per_pair=2 * size.layers * size.width,
    )


TRANSFORMER = ModelFamily(
    name="transformer",
    description="Llama-style transformer: RMSNorm, rotary and sinusoidal positions, SwiGLU",
    sizes={
        "nano": Size(layers=1, width=32, context_length=1024, heads=4, feed_forward=64, previous_token=True),
        "small": Size(layers=2, width=64, context_length=2048, heads=4, feed_forward=176, previous_token=True),
        "medium": Size(layers=4, width=144, context_length=4096, heads=4, feed_forward=384, previous_token=True),
        "large": Size(layers=8, width=320, context_length=4096, heads=8, feed_forward=864, previous_token=True),
        "xl": Size(layers=12, width=768, context_length=4096, heads=12, feed_forward=2048, previous_token=True),
    },
    lr_times_width=0.192,
    entropy=0.08,
    # Positions are absolute: with slack it would learn a text from its end, which the length limit fixes.
    length_slack=0,
    tensors=_tensors,
    products=_products,
    tokenizer=CHARACTERS,
    capabilities=frozenset(Capability) - OF_PRETRAINED,
)
