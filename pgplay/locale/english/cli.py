"""Errors of the command line."""

from __future__ import annotations

COMMAND_ERRORS: dict[str, str] = {
}
