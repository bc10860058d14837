"""Errors of settings, goals, presets and recipes."""

from __future__ import annotations

CONFIG_ERRORS: dict[str, str] = {
}
