"""Short messages over the screen."""

from __future__ import annotations

from typing import Any

from textual.app import App

from pgplay.app.drawing.terminal_text import terminal_text


def notify_user(app: App[Any], message: str, *, severe: bool = False) -> None:
    """Show `message` for a few seconds over the present screen."""
    app.notify(
        terminal_text(message, lines=True).plain,
        severity="error" if severe else "information",
        markup=False,
        timeout=10 if severe else 5,
    )
