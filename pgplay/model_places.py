"""Where pretrained models are stored: those that ship, folders, .gguf files, and the Hugging Face Hub's cache.

Nothing here uses the network, nor any package of Hugging Face. A model's place is its name made exact: that of a model
that ships, a folder's whole path (of a .gguf file that into which it was converted), or ORG/NAME@COMMIT.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from pgplay.errors import InputError
from pgplay.paths import expand_home, models_folder, shipped

GGUF = ".gguf"
CONFIG, INDEX = "config.json", "model.safetensors.index.json"
_HUB_NAME = re.compile(r"([A-Za-z0-9][\w.-]*/[\w.-]+?)(?:@([\w./-]+))?")
_COMMIT = re.compile(r"[0-9a-f]{40}")


class HubModel(NamedTuple):
    """A model of the Hub: ORG/NAME, and a branch, a tag or a commit."""

    id: str
    revision: str = "main"

    @property
    def _cached(self) -> Path:
        return hub_cache() / f"models--{self.id.replace('/', '--')}"

    @property
    def commit(self) -> str:
        """The commit that its revision meant when it was downloaded; empty if it was not."""
        if _COMMIT.fullmatch(self.revision):
            return self.revision if self.folder(self.revision).is_dir() else ""
        try:
            commit = (self._cached / "refs" / self.revision).read_text(encoding="utf-8").strip()
        except (OSError, ValueError):
            return ""
        return commit if _COMMIT.fullmatch(commit) and self.folder(commit).is_dir() else ""

    def folder(self, commit: str) -> Path:
        """Return the folder of its files at `commit`."""
        return self._cached / "snapshots" / commit

    def bytes_here(self) -> int:
        """Return how much of it has been downloaded, at any revision, in bytes; half a file counts too."""
        count = 0
        for file in (self._cached / "blobs").glob("*"):
            with suppress(OSError):  # it has just got its final name
                count += file.stat().st_size
        return count


def hub_cache() -> Path:
    """Return the folder in which the packages of Hugging Face keep what they download, by their own variables."""
    home = os.environ.get("HF_HOME") or f"{os.environ.get('XDG_CACHE_HOME') or '~/.cache'}/huggingface"
    return expand_home(os.environ.get("HF_HUB_CACHE") or f"{home}/hub")


@functools.cache
def shipped_models() -> tuple[str, ...]:
    """Return the names of the pretrained models that ship."""
    return tuple(sorted(folder.name for folder in (shipped("assets") / "models").iterdir() if folder.is_dir()))


def downloaded_models() -> list[str]:
    """Return the models of the Hub in the local cache whose current revision is there, as ORG/NAME."""
    folders = sorted(hub_cache().glob("models--*--*"))
    models = (HubModel(folder.name.removeprefix("models--").replace("--", "/", 1)) for folder in folders)
    return [model.id for model in models if model.commit and (model.folder(model.commit) / CONFIG).is_file()]


def models_at_hand() -> list[str]:
    """Return the names of the pretrained models that need no download."""
    return [*shipped_models(), *downloaded_models(), *converted_models()]


def is_pretrained(name: str) -> bool:
    """Whether the model `name` means a pretrained one: one that ships, a folder, a file, or one of the Hub."""
    is_path = "/" in name or "\\" in name or name.startswith(("~", ".")) or name.lower().endswith(GGUF)
    return is_path or name in shipped_models()


def hub_model(name: str) -> HubModel | None:
    """Return the model of the Hub that `name` means, ORG/NAME or ORG/NAME@REVISION; None where there is such a folder.

    Raises InputError for an unknown home.
    """
    match = _HUB_NAME.fullmatch(name)
    if match is None or expand_home(name).is_dir() or name.lower().endswith(GGUF):
        return None
    return HubModel(match[1], match[2] or "main")


def gguf_file(name: str) -> Path | None:
    """Return the .gguf file that the model `name` means, None if it means none.

    Raises InputError where it is missing.
    """
    if not name.lower().endswith(GGUF):
        return None
    file = expand_home(name).resolve()
    if not file.is_file():
        raise InputError("model.no_file", field="model", file=str(file))
    return file


def converted_folder(file: Path) -> Path:
    """Return the folder of the .gguf `file` once it is converted; another one if the file changes."""
    status = file.stat()
    key = hashlib.sha256(f"{file}\n{status.st_size}\n{status.st_mtime_ns}".encode(errors="surrogateescape"))
    return models_folder() / f"{file.stem}-{key.hexdigest()[:8]}"


def converted_models() -> list[str]:
    """Return the folders of the converted .gguf files."""
    return [str(config.parent) for config in sorted(models_folder().glob(f"*/{CONFIG}"))]


def model_place(name: str) -> str:
    """Return the place of the pretrained model `name`.

    Raises InputError for one of the Hub that is not here, and for a .gguf file that is missing or not yet converted.
    """
    if name in shipped_models():
        return name
    file = gguf_file(name)
    if file is not None:
        folder = converted_folder(file)
        if not (folder / CONFIG).is_file():
            raise InputError("model.not_converted", field="model", file=str(file))
        return str(folder)
    model = hub_model(name)
    if model is None:
        return str(expand_home(name).resolve())
    if not model.commit:
        raise not_downloaded(name)
    return f"{model.id}@{model.commit}"


def model_folder(place: str) -> Path:
    """Return the folder of the pretrained model at `place`."""
    if place in shipped_models():
        return shipped("assets") / "models" / place
    model = hub_model(place)
    return model.folder(model.commit or model.revision) if model else Path(place)


def not_downloaded(name: str) -> InputError:
    """Return the error for a Hub model that is not on this machine, with the models that are."""
    cache = str(hub_cache())
    return InputError("model.not_downloaded", field="model", name=name, cache=cache, at_hand=models_at_hand())


def missing_shards(folder: Path) -> list[str]:
    """Return the files of weights that a model's index names and its `folder` lacks, as after half a download."""
    try:
        content = json.loads((folder / INDEX).read_bytes())
        files = sorted(set(content["weight_map"].values()))
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError("model.unreadable", field="model", file=str(folder / INDEX), reason=str(error)) from error
    return [str(file) for file in files if not (folder / str(file)).is_file()]
