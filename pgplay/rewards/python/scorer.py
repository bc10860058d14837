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
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from pgplay.errors import InputError, RewardError, UnknownName
from pgplay.files.text import lines_of
from pgplay.locale.catalog import Coded, Values
from pgplay.rewards.python.child_process import ChildProcess
from pgplay.rewards.python.source import PythonSource
from pgplay.rewards.records import Scores, Triple, coded_triple
from pgplay.tasks.task import ColumnValues

GUARD, HOST = (str(Path(__file__).with_name(name)) for name in ("process_guard.py", "host.py"))


class Limits(NamedTuple):
    """Limits of a Python reward: seconds per batch, seconds to load, bytes of memory."""

    batch_seconds: float = 5.0
    load_seconds: float = 20.0
    memory_bytes: int = 2 * 1024**3


class _Ready(msgspec.Struct, tag_field="type", tag="ready"):
    function: str


class _Missing(msgspec.Struct, tag_field="type", tag="missing"):
    function: str
    known: list[str]


class _Scored(msgspec.Struct, tag_field="type", tag="scored"):
    index: int
    score: float
    parts: dict[str, float]


class _Failed(msgspec.Struct, tag_field="type", tag="failed"):
    happened: str
    """The code of what happened."""
    values: Mapping[str, Any] = {}
    line: int = 0
    code: str = ""
    """The text of that line."""
    index: int | None = None
    advice: str = ""
    """The code of what would be right."""
    traceback: str = ""


_Message = _Ready | _Missing | _Scored | _Failed
_messages: msgspec.json.Decoder[_Message] = msgspec.json.Decoder(_Message)


class PythonScorer:
    """Runs Python source in a child process; after a failure the next call starts a fresh one.

    Raises InputError if the source lacks the function, and RewardError if it cannot be loaded.
    """

    def __init__(self, source: PythonSource, limits: Limits, on_log: Callable[[str], None]) -> None:
        self._source = source
        self._file = os.path.basename(source.file)
        self._limits = limits
        self._on_log = on_log
        self._function = source.function
        self._child: ChildProcess | None = None
        self._start()

    def score(self, triples: Sequence[Triple]) -> Scores:
        """Return a finite score, and the same named parts, for each of `triples`; raises RewardError."""
        child = self._child or self._start()
        child.log.renew()
        answered: list[_Scored] = []
        try:
            texts, targets, prompts, columns = zip(*triples, strict=True)
            by_name = _by_name(columns)
            child.send(_line({"texts": texts, "targets": targets, "prompts": prompts, "columns": by_name}))
            deadline = time.monotonic() + self._limits.batch_seconds
            while len(answered) < len(triples):
                message = self._receive(child, deadline, triples, len(answered))
                answered.append(self._check(message, triples, answered))
        except BaseException:
            # Any later output belongs to an abandoned batch.
            self._child = None
            child.end()
            raise
        names = answered[0].parts
        parts = {name: [scored.parts[name] for scored in answered] for name in names}
        return Scores([scored.score for scored in answered], parts)

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
            if isinstance(message, _Missing):
                raise self._missing(message)
            if isinstance(message, _Failed):
                raise self._error(message)
            if not isinstance(message, _Ready):
                raise self._error(_Failed("python_reward.disturbed"))
        except BaseException:
            child.end()
            raise
        self._function = message.function
        self._child = child
        return child

    def _receive(
        self, child: ChildProcess, deadline: float, triples: Sequence[Triple] = (), scored: int = 0
    ) -> _Message:
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
                failed = _Failed("python_reward.slow", late, number, self._code(number))
            else:
                seconds = self._limits.load_seconds
                failed = _Failed("python_reward.slow_to_load", {"seconds": seconds}, number, self._code(number))
            raise self._error(failed, current) from None
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise self._error(_Failed("python_reward.disturbed"), current) from error
        number = self._place(lines)
        code, values = _ending(child.exit_status(1.0))
        raise self._error(_Failed(code, values, number, self._code(number)), current)

    def _check(self, message: _Message, triples: Sequence[Triple], answered: list[_Scored]) -> _Scored:
        index = len(answered)
        if isinstance(message, _Failed):
            whole = message.index is None
            raise self._error(message, triples[message.index or 0], others=len(triples) - 1 if whole else 0)
        if not isinstance(message, _Scored) or message.index != index:
            raise self._error(_Failed("python_reward.disturbed"), triples[index])
        if answered and message.parts.keys() != answered[0].parts.keys():
            first, present = (str(sorted(scored.parts) or "none") for scored in (answered[0], message))
            different = {"parts": present, "expected": first}
            failed = _Failed("python_reward.other_parts", different, advice="python_reward.same_parts")
            raise self._error(failed, triples[index])
        return message

    def _missing(self, message: _Missing) -> InputError:
        if message.function:
            return UnknownName("function", message.function, message.known, of=self._file)
        if message.known:
            return InputError("python.no_reward_but_others", file=self._file, example=message.known[0])
        return InputError("python.no_reward", file=self._file)

    def _error(self, failed: _Failed, triple: Triple | None = None, others: int = 0) -> RewardError:
        """Return the error of a reward that failed, which names it, the line, and what it was given."""
        function = {"function": self._function, "file": self._file}
        who = ("python_reward.function", function) if self._function else ("python_reward.file", function)
        line = {"line": failed.line, "code": failed.code}
        where = ("python_reward.at_line", line) if failed.line else ("python_reward.nowhere", line)
        advice: list[str | Coded] = []
        if triple:
            details: Values = {"triple": coded_triple(triple), "others": others}
            advice.append(("python_reward.given_with_others" if others else "python_reward.given", details))
        if failed.advice:
            advice.append(failed.advice)
        return RewardError(
            "python_reward.failed",
            line=failed.line,
            given=triple,
            traceback=failed.traceback,
            who=who,
            happened=(failed.happened, failed.values),
            where=where,
            advice=advice,
        )

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


def _by_name(columns: Sequence[ColumnValues]) -> dict[str, list[Any]]:
    """Return the values of B `columns` by name; None where a row lacks one."""
    rows = [dict(row) for row in columns]
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


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
