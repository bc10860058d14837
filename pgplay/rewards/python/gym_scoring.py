"""The scoring of reasoning-gym's own tasks, as the process of a Python reward runs it: it imports nothing of pgplay.

An answer that the scoring cannot read, or not within a few seconds, is a wrong one; each kind of failure is printed
once.
"""

from __future__ import annotations

import functools
import json
import signal
from typing import Any

import reasoning_gym

_SECONDS = 3
_printed: set[str] = set()


class _TooLongError(Exception):
    """The scoring of one answer takes too long."""


@functools.lru_cache(maxsize=8)
def _data(entry: str) -> Any:
    """Return the procedural data set of an entry's name, options, seed and size."""
    facts = json.loads(entry)
    return reasoning_gym.create_dataset(facts["name"], seed=facts["seed"], size=facts["size"], **facts["options"])


@functools.lru_cache(maxsize=100_000)
def _entry(reasoning_gym: str) -> tuple[Any, Any]:
    """Return the data set and the entry that a prompt comes from."""
    facts = json.loads(reasoning_gym)
    index = facts.pop("index")
    data = _data(json.dumps(facts, sort_keys=True))
    return data, data[index]


def _end(number: int, frame: object) -> None:
    raise _TooLongError


def own_score(text: str, target: str, prompt: str, reasoning_gym: str = "") -> float:
    """Return the score that the task gives to `text`, from 0 to 1; `reasoning_gym` is the column of its prompts."""
    if not reasoning_gym:
        raise ValueError("this is a task's own scoring: it scores answers to prompts of reasoning-gym only")
    data, entry = _entry(reasoning_gym)
    if entry["question"] != prompt:
        raise RuntimeError("reasoning-gym makes another prompt here: it is not the version that read the task.")
    has_alarm = hasattr(signal, "setitimer")
    if has_alarm:
        signal.signal(signal.SIGALRM, _end)
        signal.setitimer(signal.ITIMER_REAL, _SECONDS)
    try:
        return float(data.score_answer(text, entry))
    except Exception as error:
        kind = type(error).__name__
        if kind not in _printed:
            _printed.add(kind)
            print(f"The scoring cannot read {text[:80]!r} ({kind}): it counts as wrong.")  # noqa: T201
        return 0.0
    finally:
        if has_alarm:
            signal.setitimer(signal.ITIMER_REAL, 0)
