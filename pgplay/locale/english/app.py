"""Errors of the terminal app."""

from __future__ import annotations

APP_ERRORS: dict[str, str] = {
    "error.overlay.full": "{most} lines are shown, as many as there are colours and markers.",
    "error.overlay.full.remedy": "Drop one first: del.",
    "error.setup.no_run": "No run can begin with this setup: {cause:problem}",
    "error.setup.no_run.remedy": "{cause:remedy}",
    "error.setup.still_reading": "The setup's files are still being read.",
    "error.setup.still_reading.remedy": "Try again in a moment.",
    "error.draft.not_written": "The reward cannot be written: {reason}.",
    "error.draft.not_written.remedy": "Fix it, or its coding line.",
    "error.pace.past": "The run is already at step {step}.",
    "error.pace.past.remedy": "Give a later step.",
    "error.pace.no_step": "No step would follow step {step}.",
    "error.pace.no_step.remedy": "Give a later step.",
    "error.pace.no_pause": "With {goal} the run would not pause.",
    "error.pace.no_pause.remedy": "Give one of: {examples}.",
    "error.answer.empty": "Nothing was typed.",
    "error.answer.empty.remedy": "Type something, or press Escape.",
    "error.setup.no_number": "{name}: {text:name} is not {noun:text}.",
    "error.setup.no_number.remedy": "Give {noun:text} {range}.",
}
