"""Errors of tasks, targets and prompts."""

from __future__ import annotations

TASK_ERRORS: dict[str, str] = {
}
