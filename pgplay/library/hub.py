"""Downloads from the Hugging Face Hub: config, tokenizer and safetensors of one commit, into the packages' own cache.

Code and pickled weights are never among them. Only `find_model` and `download` use the network.
"""

from __future__ import annotations

import fnmatch
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from pgplay.errors import InputError, PgplayError
from pgplay.files.atomic import as_user_errors
from pgplay.model_places import HubModel, hub_cache, models_at_hand
from pgplay.paths import make_folder

WANTED = (
    *("config.json", "generation_config.json", "model*.safetensors", "model.safetensors.index.json"),
    *("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"),
    *("vocab.json", "merges.txt", "chat_template.jinja"),
)
"""The files that a model is read from."""


class RemoteModel(NamedTuple):
    """A model as the Hub has it: its commit, and the bytes of the files that a download would fetch."""

    model: HubModel
    commit: str
    size: int


def find_model(model: HubModel) -> RemoteModel:
    """Ask the Hub about `model`.

    Raises InputError for one that is unknown, closed to the public, or without safetensors, and without a network.
    """
    with _plain_errors(model):
        from huggingface_hub import HfApi

        info = HfApi().model_info(model.id, revision=model.revision, files_metadata=True)
    files = {file.rfilename: file.size or 0 for file in info.siblings or ()}
    sizes = {name: size for name, size in files.items() if any(fnmatch.fnmatchcase(name, kind) for kind in WANTED)}
    if not any(name.endswith(".safetensors") for name in sizes):
        raise InputError("hub.no_weights", field="model", name=model.id)
    return RemoteModel(model, str(info.sha), sum(sizes.values()))


def download(remote: RemoteModel) -> Path:
    """Fetch the files of `remote`, with a progress bar on standard error, and return their folder.

    What an earlier download left is used. Raises InputError as `find_model` does, and where the disk lacks the room.
    """
    cache = make_folder(hub_cache())
    free = shutil.disk_usage(cache).free
    if free < remote.size:
        sizes = {"megabytes": remote.size / 1e6, "free_megabytes": free / 1e6}
        raise InputError("hub.no_room", field="model", folder=str(cache), **sizes)
    model = remote.model
    with _plain_errors(model), as_user_errors(("action.write", {"name": model.id}), cache):
        from huggingface_hub import snapshot_download

        folder = snapshot_download(model.id, revision=model.revision, cache_dir=cache, allow_patterns=list(WANTED))
    return Path(folder)


@contextmanager
def _plain_errors(model: HubModel) -> Iterator[None]:
    """Turn the errors of the Hub's package into errors of one line."""
    try:
        from huggingface_hub import errors
    except ImportError as error:
        raise InputError("model.lacks_packages", field="model", reason=str(error)) from error
    import httpx2

    unreachable = (errors.OfflineModeIsEnabled, errors.LocalEntryNotFoundError, httpx2.TransportError)
    values = {"name": model.id, "revision": model.revision}
    try:
        yield
    except errors.GatedRepoError as error:
        raise InputError("hub.gated", field="model", **values) from error
    except errors.RevisionNotFoundError as error:
        raise InputError("hub.no_revision", field="model", **values) from error
    except (errors.RepositoryNotFoundError, errors.HFValidationError) as error:
        raise InputError("hub.unknown", field="model", **values) from error
    except (*unreachable, ConnectionError) as error:
        raise InputError("hub.no_network", field="model", at_hand=models_at_hand(), **values) from error
    except errors.HfHubHTTPError as error:
        raise PgplayError("hub.refused", reason=str(error).strip().split("\n")[0], **values) from error
