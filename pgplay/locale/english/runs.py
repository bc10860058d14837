"""Errors of stored runs and checkpoints."""

from __future__ import annotations

RUN_ERRORS: dict[str, str] = {
    "error.run.long_note": "The note is longer than {most:,} characters.",
    "error.run.long_note.remedy": "Shorten it.",
    "error.run.in_training": "The run '{name}' is being trained.",
    "error.run.in_training.remedy": "Stop it first.",
}
