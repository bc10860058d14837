"""Runs read through messages, as from another machine: each question and answer crosses as bytes."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec

from pgplay.config.run_config import RunConfig
from pgplay.learning.reports.step_detail import StepDetail
from pgplay.learning.reports.step_report import Sample, Trace
from pgplay.runs.curves import MetricCurves, Window
from pgplay.runs.reader import LAST_STEP, Parent, RunEvent, RunProgress, RunReader, ScoredSince
from pgplay.runs.run_library import RunLibrary
from pgplay.runs.summaries import RunSummary

Answer = TypeVar("Answer")
Rows = list[tuple[int, dict[str, float]]]


def answer(owner: object, question: bytes) -> bytes:
    """The far side: call the method of `owner` that `question` names, or read its attribute."""
    name, arguments = msgspec.msgpack.decode(question)
    found = getattr(owner, name)
    result = found(*arguments) if callable(found) else found
    return msgspec.msgpack.encode(list(result) if isinstance(result, Iterator) else result)


def ask(owner: object, kind: Any, name: str, *arguments: Any) -> Any:
    """The near side: the answer of the far side's `owner`, as a `kind`."""
    return msgspec.msgpack.decode(answer(owner, msgspec.msgpack.encode((name, arguments))), type=kind)


class MessageRunReader:
    """A RunReader without folders, which asks another one through messages."""

    def __init__(self, far_side: RunReader) -> None:
        self._far_side = far_side
        self.name: str = ask(far_side, str, "name")
        self.config: RunConfig = ask(far_side, RunConfig, "config")

    def _ask(self, kind: type[Answer], name: str, *arguments: Any) -> Answer:
        return ask(self._far_side, kind, name, *arguments)  # type: ignore[no-any-return]

    @property
    def state(self) -> str:
        return self._ask(str, "state")

    @property
    def message(self) -> str:
        return self._ask(str, "message")

    @property
    def created(self) -> str:
        return self._ask(str, "created")

    @property
    def note(self) -> str:
        return self._ask(str, "note")

    @property
    def trainer(self) -> str:
        return self._ask(str, "trainer")

    @property
    def parent(self) -> Parent | None:
        return ask(self._far_side, Parent | None, "parent")  # type: ignore[no-any-return]

    def windows(self, after_step: int = 0, limit: int | None = None, until: int = LAST_STEP) -> Iterator[Window]:
        return iter(self._ask(list[Window], "windows", after_step, limit, until))

    def curves(self, most: int, until: int = LAST_STEP) -> MetricCurves:
        return self._ask(MetricCurves, "curves", most, until)

    def each_row(self, after_step: int = 0, limit: int | None = None) -> Iterator[tuple[int, dict[str, float]]]:
        return iter(self._ask(Rows, "each_row", after_step, limit))

    def row(self, step: int) -> dict[str, float]:
        return self._ask(dict[str, float], "row", step)

    def scorers(self) -> list[ScoredSince]:
        return self._ask(list[ScoredSince], "scorers")

    def metrics(self) -> list[str]:
        return self._ask(list[str], "metrics")

    def samples(self, step: int) -> tuple[Sample, ...]:
        return self._ask(tuple[Sample, ...], "samples", step)

    def sampled_steps(self) -> list[int]:
        return self._ask(list[int], "sampled_steps")

    def traces(self, after_step: int = 0) -> Iterator[tuple[int, Trace]]:
        return iter(self._ask(list[tuple[int, Trace]], "traces", after_step))

    def step_detail(self, step: int) -> StepDetail | None:
        return ask(self._far_side, StepDetail | None, "step_detail", step)  # type: ignore[no-any-return]

    def detailed_steps(self) -> list[int]:
        return self._ask(list[int], "detailed_steps")

    def events(self) -> list[RunEvent]:
        return self._ask(list[RunEvent], "events")

    def checkpoints(self) -> list[int]:
        return self._ask(list[int], "checkpoints")

    def progress(self) -> RunProgress:
        return self._ask(RunProgress, "progress")

    def check(self) -> None:
        self._far_side.check()

    def close(self) -> None:
        self._far_side.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class MessageRunLibrary:
    """A RunLibrary that asks another one through messages."""

    host = "elsewhere"

    def __init__(self, far_side: RunLibrary) -> None:
        self._far_side = far_side

    def refresh(self) -> bool:
        return ask(self._far_side, bool, "refresh")  # type: ignore[no-any-return]

    def summaries(self) -> list[RunSummary]:
        return ask(self._far_side, list[RunSummary], "summaries")  # type: ignore[no-any-return]

    def open(self, name: str) -> RunReader:
        return MessageRunReader(self._far_side.open(name))

    def last_checkpoint(self, name: str) -> int | None:
        return ask(self._far_side, int | None, "last_checkpoint", name)  # type: ignore[no-any-return]

    def delete(self, name: str) -> None:
        ask(self._far_side, None, "delete", name)

    def rename(self, name: str, new_name: str) -> None:
        ask(self._far_side, None, "rename", name, new_name)

    def write_note(self, name: str, note: str) -> None:
        ask(self._far_side, None, "write_note", name, note)
