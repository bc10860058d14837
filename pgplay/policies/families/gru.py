"""The gated recurrent unit as a family; the network is `networks.gru`."""

from __future__ import annotations

from pgplay.policies.families.base import OF_PRETRAINED, Capability, ModelFamily, Products, Shapes, Size
from pgplay.tokenizers.registry import CHARACTERS


def _tensors(size: Size, vocabulary: int) -> Shapes:
    gates, width = 3 * size.width, size.width
    cell: Shapes = {
        "weight_ih": (gates, width), "weight_hh": (gates, width), "bias_ih": (gates,), "bias_hh": (gates,)
    }
    cells = {f"layers.{layer}.{name}": shape for layer in range(size.layers) for name, shape in cell.items()}
    head: Shapes = {"lm_head.weight": (vocabulary, width), "lm_head.bias": (vocabulary,)}
    return {"embed_tokens.weight": (vocabulary, width), **cells, **head}


def _products(size: Size, vocabulary: int) -> Products:
    """The first layer's input is computed once for each token of the vocabulary."""
    matrix = 3 * size.width * size.width
    return Products(
        once=vocabulary * matrix,
        per_token=size.width * vocabulary + (2 * size.layers - 1) * matrix,
        per_pair=0,
    )


GRU = ModelFamily(
    name="gru",
    description="gated recurrent unit: keeps a hidden state; learns a single text fastest on a CPU",
    sizes={
        "nano": Size(layers=1, width=36, context_length=1024),
        "small": Size(layers=1, width=128, context_length=2048),
        "medium": Size(layers=1, width=400, context_length=4096),
        "large": Size(layers=2, width=912, context_length=4096),
        "xl": Size(layers=3, width=2172, context_length=4096),
    },
    lr_times_width=0.64,
    entropy=0.08,
    length_slack=5,
    tensors=_tensors,
    products=_products,
    tokenizer=CHARACTERS,
    capabilities=frozenset(Capability) - OF_PRETRAINED,
)
