"""Errors of files, folders and paths."""

from __future__ import annotations

FILE_ERRORS: dict[str, str] = {
}
