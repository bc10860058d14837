"""Every algorithm, with both families, learns to write two letters: fewer than 60 steps of 16 completions."""

import pytest

from pgplay.learning.algorithms.table import ALGORITHMS
from pgplay.policies.density import Density
from tests.learning.helpers import trainer
from tests.policies.helpers import FAMILIES, generator

OWN = {"target": "ab", "alphabet": "abc", "batch_size": 16, "until": "solved"}


def steps_to_solve(most: int = 60, **settings: object) -> int:
    one = trainer(**{**OWN, **settings})
    for _ in range(most):
        report = one.step()
        if report.solved:
            (greedy,) = one.policy.write([""], Density(), generator(), greedy=True)
            assert (greedy.text, greedy.finished) == (one.plan.config.target, True)
            return report.step
    raise AssertionError(f"not solved in {most} steps")


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("algorithm", [*ALGORITHMS, "supervised"])
@pytest.mark.parametrize("model", FAMILIES)
def test_every_algorithm_learns_two_letters(model: str, algorithm: str) -> None:
    assert steps_to_solve(model=model, algorithm=algorithm) > 1


@pytest.mark.parametrize("reward", ["hamming", "prefix", "lcs", "indel", "0.5*levenshtein + 0.5*exact"])
def test_other_rewards_with_partial_credit_are_learned(reward: str) -> None:
    steps_to_solve(reward=reward, most=120)


@pytest.mark.parametrize("reward", ["levenshtein", "hamming", "prefix"])
@pytest.mark.parametrize("model", FAMILIES)
def test_dense_credit_learns_three_letters(model: str, reward: str) -> None:
    steps_to_solve(model=model, reward=reward, credit="dense", target="abc")


def test_a_reward_without_a_signal_teaches_nothing() -> None:
    """The control of the other tests: without a signal, the same number of steps does not suffice."""
    with pytest.raises(AssertionError, match="not solved"):
        steps_to_solve(reward="length", target="abca", most=60)
