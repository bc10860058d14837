"""Policies of pretrained models in Hugging Face's layouts: an adapter's folder (PEFT), and a model's own folder.

Nothing in a folder is run or unpickled. An adapter's folder has the policy's card too, so an import restores all of it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import msgspec
from safetensors import SafetensorError
from safetensors.torch import load, save

from pgplay.errors import InputError, PgplayError
from pgplay.files.atomic import write_atomically
from pgplay.files.text import open_regular
from pgplay.library.policies import CARD, check_policy_name, load_policy, save_policy
from pgplay.library.policy_card import PolicyCard, check_tensors, decode_card, encode_card
from pgplay.model_places import CONFIG, hub_model, model_folder
from pgplay.paths import expand_home, make_folder
from pgplay.policies.build import build_policy
from pgplay.policies.devices import resolve_device
from pgplay.policies.families.pretrained import read_base
from pgplay.policies.networks.merged import merged_weights
from pgplay.policies.spec import PretrainedSpec
from pgplay.runs.checkpoint import pack
from pgplay.tasks.task import Pair, Task
from pgplay.worker.session.saved_policies import load_saved_policy
from pgplay.worker.session.versions import versions

Format = Literal["peft", "hf"]

ADAPTER, ADAPTER_CONFIG, WEIGHTS = "adapter_model.safetensors", "adapter_config.json", "model.safetensors"
_BESIDE_WEIGHTS = (
    *("generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"),
    *("chat_template.jinja", "vocab.json", "merges.txt", "added_tokens.json"),
)
_RANK, _LENGTH = 8, 64
"""The adapter's rank, and the longest completion in tokens, of a policy made from a folder that says neither."""
_LARGEST_FILE = 64 * 1024**3
_LARGEST_CONFIG = 1024**2
_UNSUPPORTED = ("use_dora", "use_rslora", "modules_to_save", "rank_pattern", "alpha_pattern", "layers_to_transform")


def export_folder(name: str, folder: Path | str, form: Format, overwrite: bool = False) -> Path:
    """Write the policy called `name` to `folder` and return its path: its adapter (`peft`), or a whole model (`hf`).

    The whole model is in float32. The file that makes a folder one of its kind is written last. Raises InputError for
    an unknown policy, one of no pretrained model or without an adapter, and for a folder that is not empty unless
    `overwrite`; PgplayError where it can't be written.
    """
    card, tensors = load_policy(name)
    shape = card.shape
    if not isinstance(shape, PretrainedSpec):
        raise InputError("export.not_pretrained", name=card.name, form=form)
    if form == "peft" and not shape.rank:
        raise InputError("export.no_adapter", name=card.name)
    path = expand_home(folder)
    if path.exists() and not path.is_dir():
        raise InputError("export.no_folder", path=path)
    if path.is_dir() and any(path.iterdir()) and not overwrite:
        raise InputError("export.not_empty", folder=path)
    files = _adapter_files(card, shape, tensors) if form == "peft" else _model_files(name, shape)
    make_folder(path)
    for file, data in files.items():
        write_atomically(path / file, data)
    return path


def _adapter_files(card: PolicyCard, shape: PretrainedSpec, tensors: bytes) -> dict[str, bytes]:
    """Return the files of an adapter's folder; its tensors have peft's names already."""
    layers = {name.rpartition(".lora_")[0].rpartition(".")[2] for name in load(tensors)}
    described = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        **_base_of(shape.model),
        "r": shape.rank,
        "lora_alpha": shape.alpha,
        "lora_dropout": 0.0,
        "bias": "none",
        "target_modules": sorted(layers) if shape.targets == "all-linear" else shape.targets.split(","),
        "inference_mode": True,
    }
    return {ADAPTER: tensors, CARD: encode_card(card), ADAPTER_CONFIG: _encoded(described)}


def _base_of(place: str) -> dict[str, str]:
    """Return how an adapter's folder names its base: by path, or by id and commit."""
    model = hub_model(place)
    if model is None:
        return {"base_model_name_or_path": place}
    return {"base_model_name_or_path": model.id, "revision": model.revision}


def _model_files(name: str, shape: PretrainedSpec) -> dict[str, bytes]:
    """Return the files of a model's folder: those of the base, with the policy's weights."""
    merged = merged_weights(load_saved_policy(name, "cpu").policy.module.causal)
    base = model_folder(shape.model)
    files = {file: (base / file).read_bytes() for file in _BESIDE_WEIGHTS if (base / file).is_file()}
    config = json.loads((base / CONFIG).read_bytes()) | {"dtype": "float32", "tie_word_embeddings": merged.is_tied}
    config.pop("torch_dtype", None)
    weights = {name: tensor.contiguous() for name, tensor in merged.tensors.items()}
    return {**files, WEIGHTS: save(weights, {"format": "pt"}), CONFIG: _encoded(config)}


def _encoded(content: dict[str, Any]) -> bytes:
    return json.dumps(content, indent=2).encode() + b"\n"


def import_folder(folder: Path | str, name: str = "", base: str = "", overwrite: bool = False) -> PolicyCard:
    """Add the adapter or the model in `folder` to the library, as `name` or the folder's own name; return its card.

    `base` is the model that an adapter belongs to, where its folder doesn't say. A whole model becomes a policy with an
    adapter that changes nothing, whose base is the folder. Raises InputError for a folder that is neither, for an
    adapter of another base, and for a bad or taken name; PgplayError for damaged files.
    """
    path = expand_home(folder).resolve()
    if (path / ADAPTER_CONFIG).is_file() and (path / CARD).is_file():
        return _import_own(path, name, base, overwrite)
    if (path / ADAPTER_CONFIG).is_file():
        described = _read_config(path / ADAPTER_CONFIG)
        rank, alpha, targets = _adapter_of(described, path)
        place = base or _named_base(described)
        if not place:
            raise InputError("adapter.no_base", folder=path)
        shape, tensors = _shape(place, rank, alpha, targets), _read(path / ADAPTER)
    elif (path / CONFIG).is_file():
        shape, tensors = _shape(str(path), _RANK, 2 * _RANK, "all-linear"), None
    else:
        raise InputError("import.no_model", folder=path)
    name = check_policy_name(name or path.name, overwrite, "advice.name_or_replace")
    policy = build_policy(shape, resolve_device("cpu"))
    if tensors is not None:
        try:
            policy.load_state({key: tensor.float() for key, tensor in load(tensors).items()})
        except (InputError, SafetensorError) as error:
            raise InputError("adapter.other_base", folder=path, base=shape.model, reason=_reason(error)) from error
    card = PolicyCard(
        name=name,
        shape=shape,
        task=Task("imported", (Pair("", ""),)),
        reward="distinct",
        config={"target": "", "reward": "distinct", "model": shape.model},
        versions=versions(),
    )
    return save_policy(card, pack(policy.saved_state()), replace=overwrite)


def _named_base(described: dict[str, Any]) -> str:
    """Return the base that an adapter's config names, empty if it names none."""
    name, revision = (str(described.get(key) or "") for key in ("base_model_name_or_path", "revision"))
    return f"{name}@{revision}" if revision and hub_model(name) else name


def _import_own(path: Path, name: str, base: str, overwrite: bool) -> PolicyCard:
    """Add an adapter that pgplay exported; another place of its base may be given."""
    card = decode_card(_read(path / CARD), ("place.archive", {"file": CARD, "path": str(path)}))
    tensors = _read(path / ADAPTER)
    check_tensors(card, tensors, ("place.archive", {"file": ADAPTER, "path": str(path)}))
    if base:
        assert isinstance(card.shape, PretrainedSpec), "only these are exported so"
        shape = msgspec.structs.replace(card.shape, model=read_base(base).spec.place)
        shape.check_base()
        card = msgspec.structs.replace(card, shape=shape)
    name = check_policy_name(name or card.name, overwrite, "advice.name_or_replace")
    return save_policy(msgspec.structs.replace(card, name=name), tensors, replace=overwrite)


def _shape(base: str, rank: int, alpha: int, targets: str) -> PretrainedSpec:
    """Return the description of a policy on `base`, which reads prompts by its chat template if it has one."""
    stored = read_base(base)
    length = min(_LENGTH, stored.spec.context_length // 2)
    template = "chat" if stored.has_template else "raw"
    return PretrainedSpec(stored.spec.place, stored.hash, length, rank, alpha, targets, template)


def _adapter_of(described: dict[str, Any], path: Path) -> tuple[int, int, str]:
    """Return rank, alpha and targets of an adapter; raises InputError for one of a kind that is not trained here."""
    used = next((key for key in _UNSUPPORTED if described.get(key)), "")
    if described.get("peft_type") != "LORA" or described.get("bias", "none") != "none" or used:
        raise InputError("adapter.kind", folder=path, kind=used or str(described.get("peft_type")))
    rank, alpha, targets = (described.get(key) for key in ("r", "lora_alpha", "target_modules"))
    if isinstance(targets, list):
        targets = ",".join(sorted(map(str, targets)))
    if not isinstance(rank, int) or alpha != int(alpha or 0) or not alpha or not isinstance(targets, str):
        raise InputError("adapter.kind", folder=path, kind="r, lora_alpha, target_modules")
    return rank, int(alpha), targets


def _read_config(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(_read(file, _LARGEST_CONFIG))
    except ValueError as error:
        raise InputError("model.unreadable", field="model", file=str(file), reason=str(error)) from error
    return content if isinstance(content, dict) else {}


def _read(file: Path, most: int = _LARGEST_FILE) -> bytes:
    with open_regular(file, most) as content:
        return content.read()


def _reason(error: Exception) -> str:
    problem = error.problem if isinstance(error, PgplayError) else str(error)
    return problem.strip().split("\n")[0]
