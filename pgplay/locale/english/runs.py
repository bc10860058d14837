"""Errors of stored runs and checkpoints."""

from __future__ import annotations

RUN_ERRORS: dict[str, str] = {
}
