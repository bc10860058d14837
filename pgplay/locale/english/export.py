"""Errors of exported and tracked runs."""

from __future__ import annotations

EXPORT_ERRORS: dict[str, str] = {
    "error.export.no_pillow": "PNG export needs the package Pillow, which is not installed.",
    "error.export.no_pillow.remedy": "Run pip install 'pgplay[png]', or export as SVG, which needs no package.",
    "error.export.no_matplotlib": "PDF export needs the package matplotlib, which is not installed.",
    "error.export.no_matplotlib.remedy": "Run pip install 'pgplay[figures]', or export as SVG, which needs no package.",
    "error.export.no_steps": "The run has no steps yet.",
    "error.tracker.lacks_package": "The tracker {name} needs the package {package}, which is not installed.",
    "error.tracker.down": "The tracker {name} at {place} does not answer: {reason}.",
    "error.tracker.failed": "The tracker {name} refused to write: {reason}",
    "tracking.about": "Tracked in {tracker}. To look at it: {command}",
    "tracking.not_started": (
        "The tracker did not start: {reason}. To write the run again: pgplay runs export {run:argument} --to {tracker}"
    ),
    "tracking.still_writing": "The tracker is still writing {run}; it ends by itself.",
    "tracking.failed": (
        "The tracker failed: {reason} To write the run again: pgplay runs export {run:argument} --to {tracker}"
    ),
    "error.tracker.lacks_package.remedy": "Install it: pip install {package}",
}
"""The problem and the remedy of each error."""
