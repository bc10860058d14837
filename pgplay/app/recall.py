"""What a run's store tells of the steps before it was resumed: curves, and marks where something was changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from pgplay.app.history import History
from pgplay.app.state import RESUMED, words_of_change
from pgplay.runs.reader import RunReader

WORDS: dict[str, Callable[[str], str]] = {
    "change": lambda detail: words_of_change(msgspec.json.decode(detail, type=dict[str, Any])),
    "branch": lambda detail: f"a branch {detail}",
    "resume": lambda detail: RESUMED,
}
"""What a mark on the plots says of those events of a run that concern its learning."""


def recall(history: History, run: str, step: int) -> None:
    """Add to `history` what the store of `run` holds up to `step`; raises PgplayError where it cannot be read."""
    with RunReader.open(run) as store:
        history.add(row for row in store.rows(history.last_step) if row[0] <= step)
        known = history.traces.all[-1][0] if history.traces.all else 0
        history.add_traces(pair for pair in store.traces(known) if pair[0] <= step)
        for event in store.events():
            if event.kind in WORDS and event.step <= step:
                history.mark(event.step, WORDS[event.kind](event.detail))
