"""A policy from Python: it samples, and its probabilities are those of whole texts."""

from __future__ import annotations

import itertools
import math

import pytest

import pgplay
from pgplay.errors import InputError


def trained(**settings: object) -> pgplay.TrainedRun:
    return pgplay.train(
        "ab", model="gru-nano", alphabet="ab", max_length=3, batch_size=16, steps=5, seed=1, threads=1, **settings
    )


def test_the_probabilities_of_all_texts_sum_to_one() -> None:
    texts = ["".join(letters) for length in range(4) for letters in itertools.product("ab", repeat=length)]
    assert sum(map(math.exp, trained().policy.log_probabilities(texts))) == pytest.approx(1.0, abs=1e-5)


def test_texts_are_sampled_as_often_as_their_probabilities_say() -> None:
    policy = trained().policy
    texts = policy.sample(n=1000, temperature=1.0, seed=5)
    (log_probability,) = policy.log_probabilities(["ab"])
    expected = math.exp(log_probability)
    share = texts.count("ab") / len(texts)
    assert abs(share - expected) < 5 * math.sqrt(expected * (1 - expected) / len(texts))


def test_a_saved_policy_is_the_runs() -> None:
    run = trained(save="mine")
    saved = pgplay.TextPolicy.load("mine")
    assert saved.sample(n=4, seed=2) == run.policy.sample(n=4, seed=2)
    assert saved.log_probabilities(["ab", "b"]) == run.policy.log_probabilities(["ab", "b"])
    assert len({*saved.sample(n=3, greedy=True)}) == 1


def test_a_taken_name_is_refused_before_training_unless_it_is_replaced() -> None:
    trained(save="mine")
    with pytest.raises(InputError, match="replace=True"):
        trained(save="mine")
    trained(save="mine", replace=True)


def test_a_search_has_no_policy() -> None:
    run = pgplay.train("ab", algorithm="hill-climb", steps=3, seed=1)
    with pytest.raises(InputError, match="hill-climb"):
        run.policy  # noqa: B018


def test_unknown_letters_are_refused() -> None:
    with pytest.raises(InputError):
        trained().policy.log_probabilities(["xyz"])
