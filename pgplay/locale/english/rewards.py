"""Errors of rewards, formulas and Python sources."""

from __future__ import annotations

REWARD_ERRORS: dict[str, str] = {
}
