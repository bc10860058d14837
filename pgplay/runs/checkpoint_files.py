"""The files of a run's checkpoints, as bytes: without torch, so that the app can ask from which step a run goes on.

`KIND.json` holds the state and names its tensors' file by their hash, so the two can only come as a pair: the tensors
are written first, and renaming the JSON file into place is the instant at which the checkpoint is the new one. The last
checkpoint but one stays as `last-previous.json`, and those kept along the run as `step-STEP.json`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pgplay.errors import InputError, PgplayError
from pgplay.paths import make_folder
from pgplay.runs.files import plain_errors, write_atomically

Kind = Literal["last", "best"]
Which = Kind | int
"""A checkpoint: by its kind, or by the step for which it was kept along the run."""

VERSION = 2
"""Of what is written; 1, which is still read, kept the control variate's matrix whole."""
_FOLDER = "checkpoints"
_PREVIOUS = "last-previous"
_STEP = "step-"


class CheckpointBytes(NamedTuple):
    """A checkpoint read and verified: its tensors as safetensors, its state, and a note where it is not the newest."""

    tensors: bytes
    state: dict[str, Any]
    note: str = ""


def write_checkpoint(run_folder: Path, tensors: bytes, state: dict[str, Any], kind: Kind) -> None:
    """Make this the checkpoint of `kind`, wholly or not at all; raises PgplayError where it can't be written."""
    folder = make_folder(run_folder / _FOLDER)
    digest = hashlib.sha256(tensors).hexdigest()
    tensors_path = folder / f"{digest}.safetensors"
    written = json.dumps(state)
    document = {
        "format_version": VERSION, "tensors_sha256": digest, "state_sha256": _hash_of(written),
        "state": json.loads(written),
    }
    if not (tensors_path.exists() and tensors_path.stat().st_size == len(tensors)):
        write_atomically(tensors_path, tensors, outlasts=False)
    if kind == "last":
        with plain_errors("Keeping the checkpoint before", folder), contextlib.suppress(FileNotFoundError):
            os.replace(folder / "last.json", folder / f"{_PREVIOUS}.json")
    write_atomically(folder / f"{kind}.json", json.dumps(document).encode())
    _sweep(folder)


def keep_last(run_folder: Path) -> int:
    """Keep the last checkpoint, for as long as `forget_steps` does not name it, and return its step.

    Raises PgplayError where it can't be read or written.
    """
    folder = run_folder / _FOLDER
    document = _read_document(folder / "last.json")
    step = int(document["state"]["step"])
    write_atomically(folder / f"{_STEP}{step}.json", json.dumps(document).encode(), outlasts=False)
    return step


def kept_steps(run_folder: Path) -> list[int]:
    """Return the steps whose checkpoints are kept along the run, in order."""
    names = [path.stem.removeprefix(_STEP) for path in (run_folder / _FOLDER).glob(f"{_STEP}*.json")]
    return sorted(int(name) for name in names if name.isdecimal())


def forget_steps(run_folder: Path, steps: Iterable[int]) -> None:
    """Keep the checkpoints of `steps` no longer; their tensors go with the next one that is written."""
    for step in steps:
        (run_folder / _FOLDER / f"{_STEP}{step}.json").unlink(missing_ok=True)


def all_checkpoints(run_folder: Path) -> dict[int, Which]:
    """Return every checkpoint from which the run can go on, by its step, in order; what can't be read is left out."""
    found: dict[int, Which] = {step: step for step in kept_steps(run_folder)}
    kinds: tuple[Kind, ...] = ("best", "last")
    for kind in kinds:
        with contextlib.suppress(PgplayError, FileNotFoundError):
            step = _read_document(run_folder / _FOLDER / f"{kind}.json")["state"].get("step")
            if isinstance(step, int):
                found.setdefault(step, kind)
    return dict(sorted(found.items()))


def tensors_size(run_folder: Path) -> int:
    """Return the bytes that the last checkpoint's tensors take; 0 where there is none."""
    with contextlib.suppress(PgplayError, FileNotFoundError):
        digest = _read_document(run_folder / _FOLDER / "last.json")["tensors_sha256"]
        return (run_folder / _FOLDER / f"{digest}.safetensors").stat().st_size
    return 0


def read_checkpoint(run_folder: Path, which: Which) -> CheckpointBytes:
    """Return a checkpoint; for 'last', the one before it, with a note, where the newest is damaged.

    Raises InputError where there is none, PgplayError where none can be read.
    """
    folder = run_folder / _FOLDER
    wanted = [f"{_STEP}{which}"] if isinstance(which, int) else [which]
    names = [name for name in [*wanted, *([_PREVIOUS] if which == "last" else [])] if _is_there(folder, name)]
    if not names:
        raise InputError(f"The run '{run_folder.name}' has no checkpoint.", "Start it again from its recipe.")
    try:
        return _read(folder, names[0])
    except PgplayError as error:
        for name in names[1:]:
            found = _read(folder, name)
            return found._replace(note=f"{error.problem} The checkpoint before it was taken instead.")
        raise


def _is_there(folder: Path, name: str) -> bool:
    return (folder / f"{name}.json").exists()


def checkpoint_step(run_folder: Path) -> int | None:
    """Return the `step` in the state of the last checkpoint, without reading tensors; None where there is none."""
    for name in ("last", _PREVIOUS):
        with contextlib.suppress(PgplayError, FileNotFoundError):
            step = _read_document(run_folder / _FOLDER / f"{name}.json")["state"].get("step")
            return step if isinstance(step, int) else None
    return None


def _read(folder: Path, name: str) -> CheckpointBytes:
    document = _read_document(folder / f"{name}.json")
    digest = document["tensors_sha256"]
    path = folder / f"{digest}.safetensors"
    if not path.is_file():
        raise _damaged(path, "it is missing")
    with plain_errors("Reading a checkpoint", path):
        tensors = path.read_bytes()
    if hashlib.sha256(tensors).hexdigest() != digest:
        raise _damaged(path, "it was cut short or changed")
    return CheckpointBytes(tensors, document["state"])


def _read_document(path: Path) -> dict[str, Any]:
    try:
        document: Any = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _damaged(path, str(error.strerror)) from error
    except (ValueError, RecursionError) as error:
        raise _damaged(path, "it was cut short or changed") from error
    version = document.get("format_version") if isinstance(document, dict) else None
    if isinstance(version, int) and version > VERSION:
        raise PgplayError(
            f"The checkpoint {path} is of a newer pgplay (version {version}; this one knows {VERSION}).",
            "Install a newer pgplay.",
        )
    whole = (
        version in (1, VERSION)
        and isinstance(document.get("state"), dict)
        and isinstance(document.get("tensors_sha256"), str)
        and document["tensors_sha256"].isalnum()
        and document.get("state_sha256") == _hash_of(json.dumps(document["state"]))
    )
    if not whole:
        raise _damaged(path, "it was changed")
    found: dict[str, Any] = document
    return found


def _sweep(folder: Path) -> None:
    """Delete the tensors that no checkpoint names any more, and what a crash left half written."""
    named = set()
    for path in folder.glob("*.json"):
        with contextlib.suppress(PgplayError):
            named.add(f"{_read_document(path)['tensors_sha256']}.safetensors")
    with plain_errors("Cleaning up", folder):
        for path in folder.iterdir():
            if path.suffix != ".json" and path.name not in named:
                path.unlink(missing_ok=True)


def _hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _damaged(path: Path, reason: str) -> PgplayError:
    return PgplayError(f"The checkpoint {path} cannot be read: {reason}.", "Start the run again from its recipe.")
