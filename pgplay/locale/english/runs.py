"""Errors of stored runs and checkpoints."""

from __future__ import annotations

_AGAIN = "Start the run again from its recipe."
_STORE = "The store of the run '{run}'"

RUN_ERRORS: dict[str, str] = {
    "error.run.long_note": "The note is longer than {most:,} characters.",
    "error.run.long_note.remedy": "Shorten it.",
    "error.run.in_training": "The run '{name}' is being trained.",
    "error.run.in_training.remedy": "Stop it first.",
    "error.run.trained_elsewhere": "The run '{name}' is training in another pgplay.",
    "error.run.trained_elsewhere.remedy": "Stop it there first, or start a new run.",
    "error.run.other_trainer": "The run '{name}' is trained by {trainer}; pgplay only shows it.",
    "error.run.other_trainer.remedy": (
        "Resume it or change it there. To look at it here: pgplay watch {name:argument}, "
        "or pgplay runs show {name:argument}."
    ),
    "error.run.taken": "There is already a run or a sweep called '{name}'.",
    "error.run.taken.remedy": "Choose another name, or resume that run.",
    "error.run.folder_gone": "The folder of the run '{name}' is gone: {folder} was deleted, moved or replaced.",
    "error.run.folder_gone.remedy": "Put it back and resume the run, or start a new run from its recipe.",
    "error.run.newer": "The run '{name}' was made by a newer pgplay (version {version}; this one reads {known}).",
    "error.run.newer.remedy": "Install a newer pgplay.",
    "error.run.other_settings": "The settings of the run '{name}' do not fit this version of pgplay: {cause:problem}",
    "error.run.other_settings.remedy": "Use the version of pgplay that created it.",
    "error.run.unreadable_change": "The run '{name}' cannot be read: its change after step {step} is not readable.",
    "error.run.unreadable_change.remedy": "Delete it, or restore it from a copy.",
    "error.run.damaged": "The run '{name}' cannot be read: {reason:text}.",
    "error.run.damaged.remedy": "Delete it, or restore {folder} from a copy.",
    "error.run.task_unreadable": "The task {path} cannot be read: {cause:clause}.",
    "error.run.task_unreadable.remedy": _AGAIN,
    "error.run.no_checkpoint": "The run '{name}' has no checkpoint.",
    "error.run.no_checkpoint.remedy": "Start it again from its recipe.",
    "error.run.no_checkpoint_at": "The run '{name}' has no checkpoint at step {step}.",
    "error.run.no_checkpoint_at.remedy": "The nearest: {nearest:and}.",
    "error.checkpoint.other_step": "it counts {steps} steps",
    "error.checkpoint.unusable": "The checkpoint of step {step} of the run '{run}' cannot be used: {cause:clause}.",
    "error.checkpoint.unusable.remedy": _AGAIN,
    "error.checkpoint.newer": (
        "The checkpoint {path} was made by a newer pgplay (version {version}; this one reads {known})."
    ),
    "error.checkpoint.newer.remedy": "Install a newer pgplay.",
    "error.checkpoint.damaged": "The checkpoint {path} cannot be read: {reason:text}.",
    "error.checkpoint.damaged.remedy": _AGAIN,
    "error.checkpoint.no_tensors": "{what:text} contains no readable tensors: {reason}.",
    "error.checkpoint.no_tensors.remedy": "Restore it from a copy.",
    "place.checkpoint": "The checkpoint of step {step} of the run '{run}'",
    "note.older_checkpoint": "{cause:problem} The checkpoint of step {step} is used instead.",
    "event.branch": "from step {step} of {run}",
    "error.store.locked": _STORE + " is locked by another program.",
    "error.store.locked.remedy": "Close the program that has {file} open.",
    "error.store.disk_full": _STORE + " cannot be written: the disk is full.",
    "error.store.disk_full.remedy": "Free some space and try again; all steps before are kept.",
    "error.store.not_writable": _STORE + " is not writable.",
    "error.store.not_writable.remedy": (
        "Change the permissions of {folder}, or set PGPLAY_HOME to a folder that you can write to."
    ),
    "error.store.shut": _STORE + " cannot be opened: {reason:text}.",
    "error.store.shut.remedy": "Check {folder}.",
    "error.store.disk": _STORE + " failed: a disk error ({reason}).",
    "error.store.disk.remedy": "Check the disk of {folder}; all steps before are kept.",
    "error.store.memory": _STORE + " failed: there was not enough memory.",
    "error.store.memory.remedy": "Close other programs and try again.",
}
"""The problem and the remedy of each error."""
