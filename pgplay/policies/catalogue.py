"""The networks by name and size, with their exact parameter counts, without torch.

`gru-small` is the family `gru` in the size `small`. A size's numbers are chosen so that its parameter count, with an
alphabet of 27 characters, comes near the round number that the size stands for: nano 10k, small 100k, medium 1M,
large 10M, xl 85M.
"""

from typing import NamedTuple

from pgplay.errors import unknown_name

SIZES = ("nano", "small", "medium", "large", "xl")


class ModelSpec(NamedTuple):
    """One network: its family, and all that fixes its shape but the vocabulary."""

    family: str
    size: str
    layers: int
    width: int
    heads: int
    feed_forward: int
    context_length: int

    @property
    def name(self) -> str:
        """The name by which a person picks it, such as gru-small."""
        return f"{self.family}-{self.size}"

    @property
    def lr(self) -> float:
        """The learning rate that suits it, to two digits."""
        return float(f"{FAMILY_DEFAULTS[self.family].lr_times_width / self.width:.2g}")

    @property
    def entropy(self) -> float:
        """The weight of the entropy bonus that suits it."""
        return FAMILY_DEFAULTS[self.family].entropy

    @property
    def threads(self) -> int | None:
        """CPU threads that suit it, None where only a measurement can tell.

        The matrices of nano and small are too small to share; a fixed number gives the same numbers on every machine.
        """
        return 1 if self.size in ("nano", "small") else None

    def parameter_count(self, vocabulary: int) -> int:
        """Return the number of trained numbers for a `vocabulary` of so many tokens."""
        embedding_and_head = 2 * vocabulary * self.width
        if self.family == "gru":
            cell = 3 * (2 * self.width * self.width + 2 * self.width)
            return embedding_and_head + self.layers * cell + vocabulary
        attention = 4 * self.width * self.width
        swiglu = 3 * self.width * self.feed_forward
        norms = 2 * self.width
        return embedding_and_head + self.layers * (attention + swiglu + norms) + self.width


class FamilyDefaults(NamedTuple):
    """What a family learns best with; tests/benchmarks/solve.py is how these were found.

    The learning rate falls with the width, so that a step changes what is written by as much in every size (Yang et al.
    2022, arXiv:2203.03466): `lr_times_width` is the same from nano to xl.
    """

    lr_times_width: float
    entropy: float


_SPECS = (
    ModelSpec("gru", "nano", 1, 36, 1, 0, 1024),
    ModelSpec("gru", "small", 1, 128, 1, 0, 2048),
    ModelSpec("gru", "medium", 1, 400, 1, 0, 4096),
    ModelSpec("gru", "large", 2, 912, 1, 0, 4096),
    ModelSpec("gru", "xl", 3, 2172, 1, 0, 4096),
    ModelSpec("transformer", "nano", 1, 32, 4, 64, 1024),
    ModelSpec("transformer", "small", 2, 64, 4, 176, 2048),
    ModelSpec("transformer", "medium", 4, 144, 4, 384, 4096),
    ModelSpec("transformer", "large", 8, 320, 8, 864, 4096),
    ModelSpec("transformer", "xl", 12, 768, 12, 2048, 4096),
)

MODELS = {spec.name: spec for spec in _SPECS}

FAMILY_DEFAULTS = {
    "gru": FamilyDefaults(lr_times_width=0.64, entropy=0.08),
    "transformer": FamilyDefaults(lr_times_width=0.192, entropy=0.08),
}

FAMILY_DESCRIPTIONS = {
    "gru": "gated recurrent unit: follows the characters it has written; learns a text fastest on a CPU",
    "transformer": "attention over prompt and text, as a Llama: RMSNorm, rotary positions and places, SwiGLU",
}


def chosen_model(name: str, *, has_prompts: bool) -> str:
    """Return the model that `name` means: itself, or for auto the one that learns soonest on a CPU.

    With prompts that is a transformer, which can look up any character of them; tests/benchmarks/generalise.py.
    """
    if name != "auto":
        return name
    return "transformer-small" if has_prompts else "gru-small"


def model_spec(name: str) -> ModelSpec:
    """Return the network called `name`; raises InputError with the nearest name where there is none."""
    if name not in MODELS:
        raise unknown_name("model", name, MODELS)
    return MODELS[name]


class PolicyShape(NamedTuple):
    """All that is needed to build a policy's network again, beside its tensors."""

    model: str
    alphabet: str
    max_length: int
