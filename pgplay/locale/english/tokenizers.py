"""Errors of tokens and alphabets."""

from __future__ import annotations

TOKEN_ERRORS: dict[str, str] = {
}
