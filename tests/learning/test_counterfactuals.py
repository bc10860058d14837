"""A step's update repeated without its parts: the run is not affected, and the plain algorithm is the plain one."""

import pytest
import torch

from pgplay.learning.reports.step_detail import StepDetail, movement
from pgplay.learning.step_inspection import StepInspection
from pgplay.learning.trainer import Trainer
from tests.learning.helpers import trainer, weights


def looked_into(one: Trainer) -> StepDetail:
    inspection = StepInspection(one)
    inspection.step()
    return inspection.detail


EVERYTHING = {"kl": 0.1, "replay": 0.5, "l2": 1e-3, "dropout": 0.1, "weight_decay": 0.1}


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("settings", [{}, EVERYTHING, {"algorithm": "ppo"}, {"credit": "dense"}])
def test_the_run_continues_as_if_nothing_was_recorded(settings: dict[str, object]) -> None:
    seen, unseen = trainer(**settings), trainer(**settings)
    for _ in range(2):
        looked_into(seen)
        unseen.step()
    assert all(torch.equal(tensor, weights(unseen)[name]) for name, tensor in weights(seen).items())


def test_only_parts_that_are_on_are_left_out() -> None:
    parts = {without.part for without in looked_into(trainer(**EVERYTHING)).without}
    assert {"part.momentum", "part.entropy", "part.kl", "part.imitation", "part.penalties"} <= parts
    assert "part.critic" not in parts
    assert looked_into(trainer(algorithm="plain-reinforce")).without == ()


def test_the_plain_algorithm_makes_the_update_of_its_own_run_with_the_same_batch() -> None:
    settings = {"group_size": 8, "target": "abc"}
    real = looked_into(trainer(algorithm="plain-reinforce", clip_gradient=0.0, **settings))
    imagined = looked_into(trainer(**settings)).plain
    assert real.plain is None
    assert imagined is not None
    assert imagined.rules.algorithm == "plain-reinforce"
    for one, other in zip(imagined.samples, real.samples, strict=True):
        assert (one.text, one.reward, one.advantage) == (other.text, other.reward, other.advantage)
        assert one.log_p_after == pytest.approx(other.log_p_after)
        assert one.own_push == pytest.approx(other.own_push)


def test_a_completions_own_gradient_moves_it_as_its_advantage_says() -> None:
    samples = looked_into(trainer(algorithm="plain-reinforce", batch_size=2, lr=1e-3)).samples
    assert movement(samples).counted
    for sample in samples:
        assert sample.own_push is not None
        assert sample.own_push * sample.advantage >= 0
