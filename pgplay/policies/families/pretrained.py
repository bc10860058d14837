"""Pretrained causal language models as a family: a folder as Hugging Face lays it out, read without torch."""

from __future__ import annotations

import functools
import hashlib
import json
import math
from pathlib import Path
from typing import Any

from pgplay.errors import InputError
from pgplay.files.stamp import FileStamp, file_stamp
from pgplay.policies.families.base import Capability, ModelFamily, ModelSpec, Products, Shapes, Size
from pgplay.tokenizers.registry import CHARACTERS

CONFIG = "config.json"
LR = 5e-4
"""Default learning rate of an adapter, whatever the width."""


def is_folder_name(name: str) -> bool:
    """Whether the model `name` means a folder rather than a model of the catalogue."""
    return "/" in name or "\\" in name or name.startswith(("~", "."))


def pretrained_model(name: str) -> ModelSpec:
    """Return the model in the folder `name`; raises InputError where none can be trained from it."""
    folder = Path(name).expanduser().resolve()
    if not (folder / CONFIG).is_file():
        raise InputError("model.no_folder", field="model", folder=str(folder))
    return _model(str(folder), file_stamp(folder / CONFIG))


@functools.lru_cache(maxsize=8)
def _model(folder: str, stamp: FileStamp | None) -> ModelSpec:
    config = _config(Path(folder))
    shapes = weights_of(folder)
    width = _number(config, "hidden_size", "n_embd")
    size = Size(
        layers=_number(config, "num_hidden_layers", "n_layer"),
        width=width,
        context_length=_number(config, "max_position_embeddings", "n_positions"),
        heads=_number(config, "num_attention_heads", "n_head"),
    )
    products = sum(math.prod(shape) for shape in shapes.values() if len(shape) == 2)
    family = PRETRAINED._replace(
        lr_times_width=LR * width,
        tensors=lambda size, vocabulary: shapes,
        products=lambda size, vocabulary: Products(0, products, 2 * size.layers * size.width),
    )
    return ModelSpec(family, Path(folder).name, size, place=folder)


def weights_of(folder: str) -> Shapes:
    """Return the shape of each tensor of the weights in `folder`, by name; raises InputError without safetensors."""
    from safetensors import SafetensorError, safe_open  # here, as the app's start needs none of this

    shapes: Shapes = {}
    for file in weight_files(folder):
        try:
            with safe_open(file, "np") as tensors:
                shapes |= {name: tuple(tensors.get_slice(name).get_shape()) for name in tensors.keys()}  # noqa: SIM118
        except (SafetensorError, OSError) as error:
            raise InputError("model.unreadable", field="model", file=str(file), reason=str(error)) from error
    return shapes


def weight_files(folder: str) -> list[Path]:
    """Return the files of the weights in `folder`; raises InputError where there are none."""
    files = sorted(Path(folder).glob("*.safetensors"))
    if not files:
        raise InputError("model.no_weights", field="model", folder=folder)
    return files


def base_hash(folder: str) -> str:
    """Return a hash of the model's config and weights."""
    files = [Path(folder) / CONFIG, *weight_files(folder)]
    return _hash(folder, tuple(file_stamp(file) for file in files))


@functools.lru_cache(maxsize=8)
def _hash(folder: str, stamps: tuple[FileStamp | None, ...]) -> str:
    digest = hashlib.sha256()
    for path in (Path(folder) / CONFIG, *weight_files(folder)):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _config(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / CONFIG).read_bytes())
    except ValueError as error:
        file = str(folder / CONFIG)
        raise InputError("model.unreadable", field="model", file=file, reason=str(error)) from error
    kinds = config.get("architectures") or () if isinstance(config, dict) else ()
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
    description="a language model from a folder, with a small adapter that is trained (LoRA)",
    sizes={},
    lr_times_width=LR,
    entropy=0.0,
    length_slack=5,
    tensors=lambda size, vocabulary: {},
    products=lambda size, vocabulary: Products(0, 0, 0),
    tokenizer=CHARACTERS,
    capabilities=frozenset({Capability.ADAPTER}),
)
"""The family; each model brings its own tensors and tokenizer."""
