"""Python rewards: `my_reward.py` or `my_reward.py:rhymes`.

The file defines `reward(text, target, prompt)`, which returns a number or a mapping with `score` and named numeric
parts, or `rewards(texts, targets, prompts)`, which returns a list of those; a function whose first parameter is called
`texts` gets lists. A function with a parameter `completions` is called as TRL does: `f(prompts, completions,
**columns)`. Each takes further columns of the task's file by name.

It runs in its own process (`host`) with limits on time and memory, and its results are checked.
This guards against mistakes, not against attackers: the code runs with the person's rights.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from pgplay.errors import InputError, UnknownName
from pgplay.files.text import lines_of
from pgplay.locale.catalog import Coded
from pgplay.rewards.python.answers import (
    FunctionAnswers,
    FunctionFailed,
    FunctionMessage,
    FunctionMissing,
    FunctionReady,
    ScoredText,
    request_of,
    scores_of,
)
from pgplay.rewards.python.child_process import ChildProcess
from pgplay.rewards.python.source import PythonSource
from pgplay.rewards.records import Scores, Triple

GUARD, HOST = (str(Path(__file__).with_name(name)) for name in ("process_guard.py", "host.py"))


class Limits(NamedTuple):
    """Limits of a Python reward: seconds per batch, seconds to load, bytes of memory."""

    batch_seconds: float = 5.0
    load_seconds: float = 20.0
    memory_bytes: int = 2 * 1024**3


_messages: msgspec.json.Decoder[FunctionMessage] = msgspec.json.Decoder(FunctionMessage)


class PythonScorer:
    """Runs Python source in a child process; after a failure the next call starts a fresh one.

    Raises InputError if the source lacks the function, and RewardError if it cannot be loaded.
    """

    def __init__(self, source: PythonSource, limits: Limits, on_log: Callable[[str], None]) -> None:
        self._source = source
        self._answers = FunctionAnswers(os.path.basename(source.file), source.function)
        self._limits = limits
        self._on_log = on_log
        self._child: ChildProcess | None = None
        self._start()

    def score(self, triples: Sequence[Triple]) -> Scores:
        """Return a finite score, and the same named parts, for each of `triples`; raises RewardError."""
        child = self._child or self._start()
        child.log.renew()
        answered: list[ScoredText] = []
        try:
            child.send(_line(request_of(triples)))
            deadline = time.monotonic() + self._limits.batch_seconds
            while len(answered) < len(triples):
                message = self._receive(child, deadline, triples, len(answered))
                answered.append(self._answers.check(message, triples, answered))
        except BaseException:
            # Any later output belongs to an abandoned batch.
            self._child = None
            child.end()
            raise
        return scores_of(answered)

    def close(self) -> None:
        """End the process and everything it started; closing twice is fine."""
        child, self._child = self._child, None
        if child:
            child.end(grace=1.0)

    def _start(self) -> ChildProcess:
        # The person's own Python settings stay out, and texts hash alike in every run. Unlike -I this leaves them the
        # packages that they installed for themselves.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        environment["PYTHONHASHSEED"] = "0"
        child = ChildProcess([sys.executable, "-P", "-B", "-X", "utf8", GUARD, HOST], environment, self._on_log)
        try:
            setup = {
                "source": self._source.text,
                "filename": self._source.file,
                "function": self._source.function,
                "memory_limit": self._limits.memory_bytes,
                "time_limit": self._limits.batch_seconds,
                "load_limit": self._limits.load_seconds,
            }
            child.send(_line(setup))
            message = self._receive(child, time.monotonic() + self._limits.load_seconds)
            if isinstance(message, FunctionMissing):
                raise self._missing(message)
            if isinstance(message, FunctionFailed):
                raise self._answers.error(message)
            if not isinstance(message, FunctionReady):
                raise self._answers.error(FunctionFailed("python_reward.disturbed"))
        except BaseException:
            child.end()
            raise
        self._answers.function = message.function
        self._child = child
        return child

    def _receive(
        self, child: ChildProcess, deadline: float, triples: Sequence[Triple] = (), scored: int = 0
    ) -> FunctionMessage:
        """Return the child's next message; raises RewardError if none comes in time, or it ended."""
        lines: list[bytes] = []
        current = triples[scored] if triples else None
        try:
            while (line := child.receive(deadline)) is not None:
                if line.startswith(b"{"):
                    return _messages.decode(line)
                lines.append(line)  # a crash reported by faulthandler
        except TimeoutError:
            number = self._place(child.ask_where(0.3))
            if triples:
                late = {"seconds": self._limits.batch_seconds, "texts": len(triples), "scored": scored}
                failed = FunctionFailed("python_reward.slow", late, number, self._code(number))
            else:
                seconds = self._limits.load_seconds
                failed = FunctionFailed("python_reward.slow_to_load", {"seconds": seconds}, number, self._code(number))
            raise self._answers.error(failed, current) from None
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise self._answers.error(FunctionFailed("python_reward.disturbed"), current) from error
        number = self._place(lines)
        code, values = _ending(child.exit_status(1.0))
        raise self._answers.error(FunctionFailed(code, values, number, self._code(number)), current)

    def _missing(self, message: FunctionMissing) -> InputError:
        if message.function:
            return UnknownName("function", message.function, message.known, of=self._answers.file)
        if message.known:
            return InputError("python.no_reward_but_others", file=self._answers.file, example=message.known[0])
        return InputError("python.no_reward", file=self._answers.file)

    def _place(self, lines: Iterable[bytes]) -> int:
        """Return the innermost line of the person's source in a report of faulthandler; 0 if there is none."""
        file = re.escape(self._source.file.encode("ascii", "backslashreplace"))
        for line in lines:
            match = re.match(rb'\s*File "' + file + rb'", line (\d+)', line)
            if match:
                return int(match[1])
        return 0

    def _code(self, number: int) -> str:
        lines = lines_of(self._source.text)
        return lines[number - 1].strip() if 0 < number <= len(lines) else ""


def _line(message: dict[str, object]) -> bytes:
    # Escaped, so that half a surrogate pair passes too.
    return json.dumps(message).encode() + b"\n"


def _ending(status: int | None) -> Coded:
    """Return the code of how the process ended."""
    if status is None:
        return "python_reward.closed", {}
    if status >= 0:
        return "python_reward.exited", {"status": status}
    name = signal.Signals(-status).name if -status in set(signal.Signals) else f"signal {-status}"
    return ("python_reward.killed_by_force" if name == "SIGKILL" else "python_reward.killed"), {"signal": name}
