"""How far and how fast a person lets a run go: words become commands, tempos become words."""

from __future__ import annotations

import re

from pgplay.errors import InputError
from pgplay.worker.protocol import Step

TEN = Step(count=10)
TEMPOS = (0.0, 0.1, 0.5, 2.0)
"""Seconds that a step takes at least, from full speed to the slowest."""

GOALS = "solved · reward 0.9 · step 500 · 10 steps · 30 s · 5 min"
"""An example of each kind."""

_LEG = re.compile(
    r"(?P<solved>solved)"
    r"|reward *(?:>=)? *(?P<reward>\d+(?:\.\d+)?)"
    r"|step *(?P<step>\d+)"
    r"|\+? *(?P<steps>\d+) *(?:more *)?(?:steps?)?"
    r"|(?P<time>\d+(?:\.\d+)?) *(?P<unit>s|sec|seconds?|min|minutes?)"
)


def parse_leg(words: str, step: int) -> Step:
    """Return what `words` such as 'reward 0.9' or 'step 500' ask for of a run at `step`; raises InputError."""
    found = _LEG.fullmatch(words.strip().lower())
    if found is None:
        raise InputError(f"'{words}' is no goal.", f"It is one of: {GOALS}.")
    if found["solved"]:
        return Step(count=None, until="solved")
    if found["reward"]:
        return Step(count=None, until=f"reward>={found['reward']}")
    if found["time"]:
        seconds = float(found["time"]) * (60 if found["unit"].startswith("m") else 1)
        if not seconds:
            raise InputError("No time would pass.", "Give a number above 0.")
        return Step(count=None, seconds=seconds)
    count = int(found["step"]) - step if found["step"] else int(found["steps"])
    if count < 1:
        raise InputError(
            f"The run is at step {step} already." if found["step"] else "No step would be made.", "Give a later one."
        )
    return Step(count=count)


def tempo_words(seconds: float) -> str:
    """Return a tempo in words, empty at full speed."""
    if not seconds:
        return ""
    return f"slow: {1 / seconds:g} steps/s" if seconds < 1 else f"slow: {seconds:g} s a step"
