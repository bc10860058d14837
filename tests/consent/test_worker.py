"""Whatever a worker is told to do, it reads no reward's file, and runs only Python that the user wrote or allowed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pgplay.config.changes import Changes
from pgplay.config.run_config import make_config
from pgplay.learning.inputs import Inputs
from pgplay.rewards.spec import Origin, RewardSpec, UnaskedError, read_spec
from pgplay.worker.protocol.commands import ProbeReward
from pgplay.worker.session.preparation import prepare
from pgplay.worker.session.reward_probe import answer_probe
from pgplay.worker.session.session import Session
from tests.consent.strangers import SMALL, Stranger

Given = tuple[RewardSpec, ...]


def check(them: Stranger, given: Given) -> None:
    prepare(make_config(them.settings), Inputs(), given)


def begin(them: Stranger, given: Given) -> None:
    Session.begin(make_config(them.settings), Inputs(), rewards=given)


def change(them: Stranger, given: Given) -> None:
    session = Session.begin(make_config(SMALL), Inputs())
    try:
        session.change(Changes(reward=str(them.file)), given)
    finally:
        session.close("paused")


def probe(them: Stranger, given: Given) -> None:
    answer_probe(ProbeReward(config=make_config({**SMALL, "reward": str(them.file)}), rewards=given), print)


@pytest.mark.parametrize("act", [check, begin, change, probe])
def test_it_refuses_rewards_that_are_only_named_or_not_allowed(
    act: Callable[[Stranger, Given], None], them: Stranger
) -> None:
    foreign = read_spec(str(them.file), Origin("recipe"))
    for given in ((), (foreign,), (foreign.allowed().with_code(foreign.code + "\n"),)):
        with pytest.raises(UnaskedError):
            act(them, given)
    assert not them.has_run
