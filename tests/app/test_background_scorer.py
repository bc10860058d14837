"""The scoring thread: the newest request counts, nothing waits for it, and nothing ends it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import psutil
import pytest

from pgplay.app.rewards import background_scorer as lab_module
from pgplay.app.rewards.background_scorer import BackgroundScorer
from pgplay.errors import InputError, PgplayError, RewardError
from pgplay.rewards.records import Scores, Triple
from pgplay.rewards.spec import RewardSpec, read_spec

PATIENCE = 20.0
WAITING = """
import os
def reward(text, target, prompt):
    while text == "wait" and not os.path.exists({gate!r}):
        pass
    print("scored", text)
    return 1.0
"""
TRIPLES = [Triple("hello", "hello", "")]


class Screen:
    """Receives what the scorer posts."""

    def __init__(self) -> None:
        self.posted: SimpleQueue[object] = SimpleQueue()

    def post_message(self, message: object) -> bool:
        self.posted.put(message)
        return True

    def answer(self) -> BackgroundScorer.Answered:
        while True:
            message = self.posted.get(timeout=PATIENCE)
            if isinstance(message, BackgroundScorer.Answered):
                return message


@pytest.fixture
def screen() -> Screen:
    return Screen()


@pytest.fixture
def lab(screen: Screen) -> Iterator[BackgroundScorer]:
    lab = BackgroundScorer(screen)  # type: ignore[arg-type]
    yield lab
    lab.close()


def test_each_reward_answers_separately(lab: BackgroundScorer, screen: Screen) -> None:
    asked = ["levenshtein", "levenstein", "1/0*exact", read_spec("typed.py", code="def reward(t):\n  pass")]
    lab.ask("score", asked, TRIPLES)
    answer = screen.answer()
    assert answer.asked == asked
    good, unknown, divides, python = answer.outcomes
    assert good == Scores([1.0], {})
    assert isinstance(unknown, InputError)
    assert isinstance(divides, RewardError)
    assert isinstance(python, RewardError)


def test_a_newer_request_replaces_a_waiting_one(
    lab: BackgroundScorer, screen: Screen, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    python = read_spec("typed.py", code=WAITING.format(gate=str(gate)))
    lab.ask("score", [python], [Triple("before", "", ""), Triple("wait", "", "")])
    while getattr(screen.posted.get(timeout=PATIENCE), "line", "") != "scored before":
        pass
    for number in range(50):
        lab.ask("score", ["levenshtein"], [Triple(str(number), "", "")])
    lab.ask("another", ["exact"], TRIPLES)
    gate.touch()
    texts = [screen.answer().triples[0].text for _ in range(3)]
    assert texts == ["before", "49", "hello"]


def test_lines_printed_by_python_are_posted_one_by_one(lab: BackgroundScorer, screen: Screen, tmp_path: Path) -> None:
    lab.ask("score", [read_spec("typed.py", code=WAITING.format(gate="/"))], [Triple("a", "", ""), Triple("b", "", "")])
    lines = []
    while len(lines) < 2:
        message = screen.posted.get(timeout=PATIENCE)
        if isinstance(message, BackgroundScorer.Printed):
            lines.append(message.line)
    assert lines == ["scored a", "scored b"]


def test_a_defect_is_reported_and_the_thread_continues(
    lab: BackgroundScorer, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = lab_module.build_reward

    def build(spec: RewardSpec, **options: object) -> object:
        if spec.text == "prefix":
            raise OSError("no process to be had")
        return real(spec, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(lab_module, "build_reward", build)
    lab.ask("score", ["prefix"], TRIPLES)
    (failed,) = screen.answer().outcomes
    assert isinstance(failed, PgplayError)
    assert "no process to be had" in failed.problem
    lab.ask("score", ["exact"], TRIPLES)
    assert screen.answer().outcomes == [Scores([1.0], {})]


def test_closing_ends_the_thread_and_the_processes(screen: Screen) -> None:
    lab = BackgroundScorer(screen)  # type: ignore[arg-type]
    source = "import os\ndef reward(text, target, prompt):\n    return float(os.getpid())"
    lab.ask("score", [read_spec("typed.py", code=source)], TRIPLES)
    (scores,) = screen.answer().outcomes
    assert isinstance(scores, Scores)
    process = psutil.Process(int(scores.values[0]))
    lab.close()
    lab.thread.join(PATIENCE)
    assert not lab.thread.is_alive()
    assert not process.is_running()
