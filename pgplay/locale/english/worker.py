"""Errors of the worker and its protocol."""

from __future__ import annotations

WORKER_ERRORS: dict[str, str] = {
}
