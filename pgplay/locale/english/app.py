"""Errors of the terminal app."""

from __future__ import annotations

APP_ERRORS: dict[str, str] = {
    "error.overlay.full": "{most} lines are shown, as many as there are colours and markers.",
    "error.overlay.full.remedy": "Drop one first: del.",
    "error.setup.no_number": "{name}: {text:name} is not {noun:text}.",
    "error.setup.no_number.remedy": "Give {noun:text} {range}.",
}
