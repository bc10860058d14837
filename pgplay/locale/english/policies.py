"""Errors of models, devices and sampling."""

from __future__ import annotations

POLICY_ERRORS: dict[str, str] = {
}
