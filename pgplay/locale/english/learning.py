"""Errors of plans, algorithms and updates."""

from __future__ import annotations

LEARNING_ERRORS: dict[str, str] = {
}
