"""Errors of saved policies and consent."""

from __future__ import annotations

LIBRARY_ERRORS: dict[str, str] = {
}
