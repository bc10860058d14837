"""Errors of exported runs."""

from __future__ import annotations

EXPORT_ERRORS: dict[str, str] = {
}
