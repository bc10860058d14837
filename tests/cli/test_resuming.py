"""The command that continues a run or a sweep: where it trained, and from the machine on which the person sits."""

from __future__ import annotations

import os
import signal

import pytest

from pgplay.cli.resuming import SEEN_AS, to_continue, to_resume
from pgplay.cli.signals import interruptible
from pgplay.config.engine import Engine


def test_a_run_is_resumed_on_its_engine_from_here_and_from_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    two = Engine("processes", 2)
    assert to_resume("mine") == "pgplay train --resume mine"
    assert to_resume("mine", two) == "pgplay train --engine processes:2 --resume mine"
    monkeypatch.setenv(SEEN_AS, "ssh:box")
    assert to_resume("mine") == "pgplay train --engine ssh:box --resume mine"
    assert to_resume("mine", two) == "pgplay train --engine ssh:box:processes:2 --resume mine"


def test_a_sweep_continues_on_its_cluster() -> None:
    assert to_continue("grid", Engine("ray", address="auto")) == "pgplay sweep --engine ray:auto grid"


def test_a_second_ctrl_c_says_how_to_resume_from_where_the_person_sits(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(SEEN_AS, "ssh:box")
    monkeypatch.setattr(os, "_exit", lambda status: None)
    with interruptible() as interruption:
        interruption.working = True
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
    assert "pgplay train --engine ssh:box --resume RUN" in capfd.readouterr().err
