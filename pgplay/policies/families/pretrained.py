"""Pretrained causal language models as a family: a folder as Hugging Face lays it out, read without torch."""

from __future__ import annotations

import functools
import hashlib
import json
import math
from pathlib import Path
from typing import Any, NamedTuple

from pgplay.errors import InputError
from pgplay.files.stamp import FileStamp, file_stamp
from pgplay.model_places import CONFIG, missing_shards, model_folder, model_place
from pgplay.policies.families.base import OF_PRETRAINED, Capability, ModelFamily, ModelSpec, Products, Shapes, Size
from pgplay.tokenizers.registry import CHARACTERS
from pgplay.tokenizers.subword import PromptFormat, SubwordTokenizer, subword_tokenizer, tokenizer_files

_ADAPTER = "adapter_config.json"
_TRAINABLE = ("F64", "F32", "BF16", "F16")
"""The types of tensors that are whole weights; any other one is quantised."""
LR_TIMES_WIDTH = 0.4
"""Default learning rate of an adapter of the usual rank, times the model's width: 7e-4 for SmolLM2-135M."""


class PretrainedBase(NamedTuple):
    """A pretrained model as its folder describes it: its shape, and the hash of its config and weights.

    `raw` and `chat` are its tokenizer for either kind of prompt; `chat` is the reason where there is none.
    """

    spec: ModelSpec
    hash: str
    raw: SubwordTokenizer
    chat: SubwordTokenizer | InputError

    @property
    def has_template(self) -> bool:
        """Whether it brings a chat template, usable or damaged."""
        return not (isinstance(self.chat, InputError) and self.chat.code == "template.none")

    def tokenizer(self, prompts: PromptFormat) -> SubwordTokenizer:
        """Return its tokenizer for `prompts`; raises InputError without the chat template that they need."""
        if prompts.template == "raw":
            return self.raw
        if isinstance(self.chat, InputError):
            raise self.chat
        return self.chat.with_system(prompts.system)


def read_base(name: str) -> PretrainedBase:
    """Read the pretrained model `name`, kept until its files change; raises InputError where it cannot be trained."""
    spec = pretrained_model(name)
    raw = subword_tokenizer(spec.place)
    try:
        chat: SubwordTokenizer | InputError = subword_tokenizer(spec.place, PromptFormat("chat"))
    except InputError as error:
        chat = error
    return PretrainedBase(spec, base_hash(spec.place), raw, chat)


def base_files(name: str) -> tuple[Path, ...]:
    """Return the files that `read_base` reads; raises InputError where `name` is in an unknown home."""
    folder = model_folder(model_place(name))
    return (*tokenizer_files(folder), *_weights_in(folder))


def pretrained_model(name: str) -> ModelSpec:
    """Return the model `name`: one that ships, a folder, or one of the Hub.

    Raises InputError where none can be trained.
    """
    model = model_place(name)
    config = model_folder(model) / CONFIG
    if not config.is_file():
        code = "model.is_adapter" if (config.parent / _ADAPTER).is_file() else "model.no_folder"
        raise InputError(code, field="model", folder=str(config.parent))
    return _model(model, file_stamp(config))


@functools.lru_cache(maxsize=8)
def _model(model: str, stamp: FileStamp | None) -> ModelSpec:
    config = _config(model_folder(model))
    width = _number(config, "hidden_size", "n_embd")
    size = Size(
        layers=_number(config, "num_hidden_layers", "n_layer"),
        width=width,
        context_length=_number(config, "max_position_embeddings", "n_positions"),
        heads=_number(config, "num_attention_heads", "n_head"),
    )
    return model_of_weights(Path(model).name, size, weights_of(model), place=model)


def model_of_weights(name: str, size: Size, shapes: Shapes, place: str = "") -> ModelSpec:
    """Return the pretrained model called `name` of that `size` whose weights have these `shapes`."""
    products = sum(math.prod(shape) for shape in shapes.values() if len(shape) == 2)
    family = PRETRAINED._replace(
        tensors=lambda size, vocabulary: shapes,
        products=lambda size, vocabulary: Products(0, products, 2 * size.layers * size.width),
    )
    return ModelSpec(family, name, size, place)


def weights_of(model: str) -> Shapes:
    """Return the shape of each tensor of a model's weights, by name; raises InputError without safetensors."""
    from safetensors import SafetensorError, safe_open  # here, as the app's start needs none of this

    shapes: Shapes = {}
    for file in weight_files(model):
        try:
            with safe_open(file, "np") as tensors:
                for name in tensors.keys():  # noqa: SIM118
                    tensor = tensors.get_slice(name)
                    if tensor.get_dtype() not in _TRAINABLE:
                        raise InputError("model.quantised", field="model", folder=str(file.parent))
                    shapes[name] = tuple(tensor.get_shape())
        except (SafetensorError, OSError) as error:
            raise InputError("model.unreadable", field="model", file=str(file), reason=str(error)) from error
    return shapes


def weight_files(model: str) -> list[Path]:
    """Return the files of a model's weights; raises InputError where there are none."""
    folder = model_folder(model)
    if missing := missing_shards(folder):
        raise InputError("model.half_there", field="model", folder=str(folder), files=missing)
    files = _weights_in(folder)
    if not files:
        raise InputError("model.no_weights", field="model", folder=str(folder))
    return files


def _weights_in(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.safetensors"))


def base_hash(model: str) -> str:
    """Return a hash of a model's config and weights."""
    files = (model_folder(model) / CONFIG, *weight_files(model))
    return _hash(files, tuple(file_stamp(file) for file in files))


@functools.lru_cache(maxsize=8)
def _hash(files: tuple[Path, ...], stamps: tuple[FileStamp | None, ...]) -> str:
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _config(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / CONFIG).read_bytes())
    except ValueError as error:
        file = str(folder / CONFIG)
        raise InputError("model.unreadable", field="model", file=file, reason=str(error)) from error
    kinds = config.get("architectures") if isinstance(config, dict) else ()
    kinds = kinds if isinstance(kinds, list) else ()
    if not any(str(kind).endswith(("ForCausalLM", "LMHeadModel")) for kind in kinds):
        raise InputError("model.not_causal", field="model", folder=str(folder), kinds=[str(kind) for kind in kinds])
    if config.get("quantization_config"):
        raise InputError("model.quantised", field="model", folder=str(folder))
    return dict(config)


def _number(config: dict[str, Any], *names: str) -> int:
    for name in names:
        if isinstance(config.get(name), int):
            return int(config[name])
    raise InputError("model.lacks_number", field="model", names=list(names))


PRETRAINED = ModelFamily(
    name="pretrained",
    description="a pretrained language model, frozen, with a small LoRA adapter that is trained",
    sizes={},
    lr_times_width=LR_TIMES_WIDTH,
    entropy=0.0,
    length_slack=5,
    tensors=lambda size, vocabulary: {},
    products=lambda size, vocabulary: Products(0, 0, 0),
    tokenizer=CHARACTERS,
    capabilities=OF_PRETRAINED | {Capability.WEIGHED_TOKENS},
)
"""The family; each model brings its own tensors and tokenizer."""
