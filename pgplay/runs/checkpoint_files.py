"""The files of a run's checkpoints, as bytes; without torch, so that the app can read a run's last step.

`KIND.json` holds the state and names its tensors' file by their hash, so the two always belong together: the tensors
are written first, and renaming the JSON file into place is the instant at which the checkpoint is replaced. The last
checkpoint but one stays as `last-previous.json`, and those kept along the run as `step-STEP.json`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pgplay.errors import InputError, PgplayError, coded
from pgplay.files.atomic import as_user_errors, write_atomically
from pgplay.locale.catalog import Coded
from pgplay.paths import make_folder

CheckpointKind = Literal["last", "best"]
Which = CheckpointKind | int
"""A checkpoint: by its kind, or by the step at which it was kept along the run."""

CHECKPOINT_VERSION = 2
"""The format's version. Version 1, which is still read, keeps the control variate's matrix whole."""
CHECKPOINTS = "checkpoints"
"""The folder of a run's checkpoints, in its own."""
_PREVIOUS = "last-previous"
_STEP = "step-"


class CheckpointBytes(NamedTuple):
    """A checkpoint read and verified: its tensors as safetensors, its state, and a note where it is not the newest."""

    tensors: bytes
    state: dict[str, Any]
    note: Coded | None = None


Accept = Callable[[CheckpointBytes], None]
"""Raises PgplayError for a checkpoint whose content is not acceptable."""


def write_checkpoint(run_folder: Path, tensors: bytes, state: dict[str, Any], kind: CheckpointKind) -> None:
    """Write the checkpoint of `kind`, wholly or not at all; raises PgplayError where it can't be written."""
    folder = make_folder(run_folder / CHECKPOINTS)
    digest = hashlib.sha256(tensors).hexdigest()
    tensors_path = folder / f"{digest}.safetensors"
    encoded = json.dumps(state)
    document = {
        "format_version": CHECKPOINT_VERSION,
        "tensors_sha256": digest,
        "state_sha256": _hash_of(encoded),
        "state": json.loads(encoded),
    }
    if not (tensors_path.exists() and tensors_path.stat().st_size == len(tensors)):
        write_atomically(tensors_path, tensors, outlasts=False)
    if kind == "last":
        with as_user_errors("action.keep_checkpoint", folder), contextlib.suppress(FileNotFoundError):
            os.replace(folder / "last.json", folder / f"{_PREVIOUS}.json")
    write_atomically(folder / f"{kind}.json", json.dumps(document).encode())
    delete_unused(folder)


def keep_last(run_folder: Path) -> int:
    """Keep the last checkpoint along the run, until `forget_steps` removes it, and return its step.

    Raises PgplayError where it can't be read or written.
    """
    folder = run_folder / CHECKPOINTS
    document = _read_document(folder / "last.json")
    step = int(document["state"]["step"])
    write_atomically(folder / f"{_STEP}{step}.json", json.dumps(document).encode(), outlasts=False)
    return step


def kept_steps(run_folder: Path) -> list[int]:
    """Return the steps whose checkpoints are kept along the run, in order."""
    names = [path.stem.removeprefix(_STEP) for path in (run_folder / CHECKPOINTS).glob(f"{_STEP}*.json")]
    return sorted(int(name) for name in names if name.isdecimal())


def forget_steps(run_folder: Path, steps: Iterable[int]) -> None:
    """Remove the checkpoints of `steps`; their tensors are deleted when the next checkpoint is written."""
    for step in steps:
        (run_folder / CHECKPOINTS / f"{_STEP}{step}.json").unlink(missing_ok=True)


def all_checkpoints(run_folder: Path) -> dict[int, Which]:
    """Return every readable checkpoint by its step, in order."""
    checkpoints: dict[int, Which] = {step: step for step in kept_steps(run_folder)}
    kinds: tuple[CheckpointKind, ...] = ("best", "last")
    for kind in kinds:
        with contextlib.suppress(PgplayError, FileNotFoundError):
            step = _read_document(run_folder / CHECKPOINTS / f"{kind}.json")["state"].get("step")
            if isinstance(step, int):
                checkpoints.setdefault(step, kind)
    return dict(sorted(checkpoints.items()))


def tensors_size(run_folder: Path) -> int:
    """Return the bytes that the last checkpoint's tensors take; 0 where there is none."""
    with contextlib.suppress(PgplayError, FileNotFoundError):
        digest = _read_document(run_folder / CHECKPOINTS / "last.json")["tensors_sha256"]
        return (run_folder / CHECKPOINTS / f"{digest}.safetensors").stat().st_size
    return 0


def read_checkpoint(run_folder: Path, which: Which, accept: Accept | None = None) -> CheckpointBytes:
    """Return a checkpoint; for 'last' the newest that is whole, with a note if a newer one is damaged.

    `accept` may refuse one for its content by a PgplayError. Raises InputError where there is none, PgplayError
    where none can be used.
    """
    folder = run_folder / CHECKPOINTS
    names = _newest_first(folder) if which == "last" else [f"{_STEP}{which}" if isinstance(which, int) else which]
    names = [name for name in names if (folder / f"{name}.json").exists()]
    if not names:
        raise InputError("run.no_checkpoint", name=run_folder.name)
    newest: PgplayError | None = None
    if which == "last" and names[0] != "last":
        newest = _damaged(folder / "last.json", "damage.missing")
    for name in names:
        try:
            checkpoint = _read(folder, name)
            if accept is not None:
                accept(checkpoint)
        except PgplayError as error:
            newest = newest or error
        else:
            if newest is None:
                return checkpoint
            note = coded("note.older_checkpoint", cause=newest, step=checkpoint.state.get("step"))
            return checkpoint._replace(note=note)
    assert newest is not None
    raise newest


def _newest_first(folder: Path) -> list[str]:
    """Return the names of the readable checkpoints that a run may resume from, newest first."""
    steps = {f"{_STEP}{step}": step for step in kept_steps(folder.parent)}
    best = _step_of(folder, "best")
    if best is not None:
        steps["best"] = best
    return ["last", _PREVIOUS, *sorted(steps, key=lambda name: steps[name], reverse=True)]


def _step_of(folder: Path, name: str) -> int | None:
    """Return the step of a checkpoint, without reading its tensors; None where either is missing."""
    with contextlib.suppress(PgplayError, FileNotFoundError):
        document = _read_document(folder / f"{name}.json")
        step = document["state"].get("step")
        if isinstance(step, int) and (folder / f"{document['tensors_sha256']}.safetensors").is_file():
            return step
    return None


def checkpoint_step(run_folder: Path) -> int | None:
    """Return the step from which a run would resume, without reading tensors; None where it can't."""
    folder = run_folder / CHECKPOINTS
    steps = (_step_of(folder, name) for name in _newest_first(folder))
    return next((step for step in steps if step is not None), None)


def forget_after(run_folder: Path, step: int) -> None:
    """Remove the checkpoints after `step`, also the best one, as the run continues from there."""
    forget_steps(run_folder, [later for later in kept_steps(run_folder) if later > step])
    best = _step_of(run_folder / CHECKPOINTS, "best")
    if best is not None and best > step:
        (run_folder / CHECKPOINTS / "best.json").unlink(missing_ok=True)


def _read(folder: Path, name: str) -> CheckpointBytes:
    document = _read_document(folder / f"{name}.json")
    digest = document["tensors_sha256"]
    path = folder / f"{digest}.safetensors"
    if not path.is_file():
        raise _damaged(path, "damage.missing")
    with as_user_errors("action.read_checkpoint", path):
        tensors = path.read_bytes()
    if hashlib.sha256(tensors).hexdigest() != digest:
        raise _damaged(path, "damage.cut_short_or_changed")
    return CheckpointBytes(tensors, document["state"])


def _read_document(path: Path) -> dict[str, Any]:
    try:
        document: Any = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _damaged(path, str(error.strerror)) from error
    except (ValueError, RecursionError) as error:
        raise _damaged(path, "damage.cut_short_or_changed") from error
    version = document.get("format_version") if isinstance(document, dict) else None
    if isinstance(version, int) and version > CHECKPOINT_VERSION:
        raise PgplayError("checkpoint.newer", path=path, version=version, known=CHECKPOINT_VERSION)
    is_whole = (
        version in (1, CHECKPOINT_VERSION)
        and isinstance(document.get("state"), dict)
        and isinstance(document.get("tensors_sha256"), str)
        and document["tensors_sha256"].isalnum()
        and document.get("state_sha256") == _hash_of(json.dumps(document["state"]))
    )
    if not is_whole:
        raise _damaged(path, "damage.changed")
    checked: dict[str, Any] = document
    return checked


def delete_unused(folder: Path) -> None:
    """Delete tensors that no checkpoint names, and files that a crash left half written."""
    referenced = set()
    for path in folder.glob("*.json"):
        with contextlib.suppress(PgplayError):
            referenced.add(f"{_read_document(path)['tensors_sha256']}.safetensors")
    with as_user_errors("action.clean", folder):
        for path in folder.iterdir():
            if path.suffix != ".json" and path.name not in referenced:
                path.unlink(missing_ok=True)


def _hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _damaged(path: Path, reason: str) -> PgplayError:
    return PgplayError("checkpoint.damaged", path=path, reason=reason)
