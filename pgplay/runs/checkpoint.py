"""A checkpoint: everything that a run needs to continue exactly. Nothing in it is ever unpickled."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from pgplay.errors import PgplayError, coded
from pgplay.locale.catalog import Coded
from pgplay.runs.checkpoint_files import (
    Accept,
    CheckpointBytes,
    CheckpointKind,
    Which,
    read_checkpoint,
    write_checkpoint,
)


class Checkpoint(NamedTuple):
    """Named tensors (on the CPU once loaded), and a state of JSON values.

    Floats are restored exactly, NaN and the infinities among them; tuples become lists. `state["step"]` is
    the step from which the run resumes. `note` says, after loading, that an older checkpoint was used, and why.
    """

    tensors: dict[str, torch.Tensor]
    state: dict[str, Any]
    note: Coded | None = None


def save_checkpoint(run_folder: Path, checkpoint: Checkpoint, kind: CheckpointKind = "last") -> None:
    """Write the checkpoint of `kind` into the run's folder, wholly or not at all.

    Raises PgplayError where it can't be written; earlier checkpoints stay.
    """
    tensors = pack(checkpoint.tensors)
    write_checkpoint(run_folder, tensors, checkpoint.state, kind)


def load_checkpoint(run_folder: Path, which: Which = "last", accept: Accept | None = None) -> Checkpoint:
    """Return a checkpoint of the run, verified, and not refused by `accept`.

    Raises InputError where there is none; PgplayError, with what is wrong, where it is truncated, edited or of a newer
    version and no older one can replace it.
    """
    checkpoints: list[Checkpoint] = []

    def accept_whole(candidate: CheckpointBytes) -> None:
        subject = coded("place.checkpoint", step=candidate.state.get("step"), run=run_folder.name)
        if accept is not None:
            accept(candidate)
        checkpoints.append(Checkpoint(unpack(candidate.tensors, subject), candidate.state))

    checkpoint = read_checkpoint(run_folder, which, accept_whole)
    return checkpoints[-1]._replace(note=checkpoint.note)


def pack(tensors: dict[str, torch.Tensor]) -> bytes:
    """Return `tensors` (any device, any layout, shared or not) as the bytes of a safetensors file."""
    pointers: set[int] = set()
    packed = {}
    for name, tensor in tensors.items():
        plain = tensor.detach().cpu().contiguous()
        if plain.untyped_storage().data_ptr() in pointers:  # safetensors refuses tensors that share memory
            plain = plain.clone()
        pointers.add(plain.untyped_storage().data_ptr())
        packed[name] = plain
    return save(packed)


def unpack(data: bytes, subject: Coded) -> dict[str, torch.Tensor]:
    """Return the tensors in the bytes of a safetensors file, on the CPU; raises PgplayError that names `subject`."""
    try:
        return load(data)
    except (SafetensorError, ValueError, KeyError, TypeError, RuntimeError, OverflowError) as error:
        raise PgplayError("checkpoint.no_tensors", what=subject, reason=str(error)) from error
