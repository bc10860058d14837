"""Errors of the terminal app."""

from __future__ import annotations

APP_ERRORS: dict[str, str] = {
}
