"""A .gguf file as a model's folder in float32: converted once, as reading its packed weights takes half a minute."""

from __future__ import annotations

import shutil
from pathlib import Path

import torch

from pgplay.errors import InputError
from pgplay.files.atomic import as_user_errors, new_folder
from pgplay.files.locks import locked_folder
from pgplay.model_places import CONFIG, converted_folder
from pgplay.paths import make_folder

_BYTES_A_NUMBER = 4


def convert_gguf(file: Path) -> Path:
    """Write the model in `file` to its folder among pgplay's own data, and return that; raises InputError, PgplayError.

    The weights are those of the file: what its packing lost stays lost.
    """
    folder = converted_folder(file)
    make_folder(folder.parent)
    with locked_folder(folder.parent):
        if not (folder / CONFIG).is_file():
            _check_room(file, folder.parent)
            with as_user_errors(("action.write", {"name": folder.name}), folder), new_folder(folder) as aside:
                _write(file, aside)
    return folder


def _check_room(file: Path, place: Path) -> None:
    needed, free = _BYTES_A_NUMBER * _numbers_in(file), shutil.disk_usage(place).free
    if free < needed:
        sizes = {"megabytes": needed / 1e6, "free_megabytes": free / 1e6}
        raise InputError("gguf.no_room", field="model", file=str(file), folder=str(place), **sizes)


def _numbers_in(file: Path) -> int:
    """Return how many numbers the tensors of `file` hold."""
    try:
        from gguf import GGUFReader
    except ImportError as error:
        raise InputError("model.lacks_packages", field="model", reason=str(error)) from error
    try:
        return sum(int(tensor.n_elements) for tensor in GGUFReader(file).tensors)
    except (ValueError, OSError, KeyError, IndexError) as error:
        raise _refused(file, error) from error


def _write(file: Path, folder: Path) -> None:
    """Fill `folder` with the model, its tokenizer and its chat template."""
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    try:
        model = AutoModelForCausalLM.from_pretrained(
            file.parent, gguf_file=file.name, dtype=torch.float32, trust_remote_code=False, local_files_only=True
        )
        tokenizer = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name, local_files_only=True)
    except (ValueError, RuntimeError, KeyError, NotImplementedError) as error:
        raise _refused(file, error) from error
    # The weights are plain numbers now; transformers would still refuse to save them as quantised ones.
    model.hf_quantizer = None
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    try:
        model.save_pretrained(folder)
    except SafetensorError as error:  # also for a full disk
        raise OSError(str(error)) from error
    tokenizer.save_pretrained(folder)


def _refused(file: Path, error: Exception) -> InputError:
    reason = str(error).strip().split("\n")[0]
    return InputError("gguf.not_read", field="model", file=str(file), reason=reason or type(error).__name__)
