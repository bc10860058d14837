"""Two processes that share a run's steps do what one does.

They compute in float64 here. In float32 they add up the same numbers with other rounding errors, which Adam and the
control variate's regression enlarge within five steps until they look like a small mistake.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import pytest
import torch

from pgplay.config.engine import Engine
from pgplay.errors import InputError, RewardError
from pgplay.learning.algorithms.table import COMPARATORS
from pgplay.learning.sharing import refuse_unshared
from pgplay.learning.trainer import Trainer
from pgplay.policies.ranks import ALONE, ProcessRanks, Ranks
from pgplay.worker.session.processes import started
from tests.learning.helpers import (
    FLOAT64_FOLLOWER,
    ROWS,
    Unreliable,
    computing_in,
    numbers,
    same_state,
    trainer,
    weights,
)
from tests.pretrained.models import model_folder

PROMPTS: dict[str, Any] = {"target": "", "task": "reverse:length=2-3,count=12", "alphabet": "auto"}
MORE: dict[str, dict[str, Any]] = {
    "prompts of several lengths": PROMPTS,
    "a group cut in two, a batch of odd size": {"batch_size": 9, "group_size": 3, **PROMPTS},
    "held-out prompts and early stopping": {**PROMPTS, "held_out": 0.2, "held_out_every": 2, "patience": 5},
    "the greedy baseline": {**PROMPTS, "algorithm": "remax"},
    "replay of several prompts": {**PROMPTS, "replay": 0.5},
    "supervised, several prompts, dropout": {**PROMPTS, "algorithm": "supervised", "dropout": 0.2},
    "batch statistics": {"algorithm": "rloo", "scale": "batch-std", "baseline": "batch-mean"},
    "a transformer": {"model": "transformer-nano"},
    "a transformer, prompts, dropout": {"model": "transformer-nano", "dropout": 0.2, **PROMPTS},
    "clipped gradients": {"clip_gradient": 0.1, "ratio": "gspo"},
    "measures": {"measure": ["hamming", "prefix"]},
    "Adam": {"optimizer": "adam", "lr": 0.005},
    "the control variate's regression": {"control_variate": "regression"},
    "the control variate's regression, a transformer": {"control_variate": "regression", "model": "transformer-nano"},
    "known credit": {"control_variate": "potential"},
    "known credit of every token": {"control_variate": "potential", "credit": "dense"},
    "known credit, several prompts": {"control_variate": "potential", "baseline": "batch-mean", **PROMPTS},
}
PRETRAINED: dict[str, dict[str, Any]] = {
    "an adapter, a KL penalty": {"kl": 0.05},
    "an adapter": {},
    "all weights": {"lora_rank": 0},
    "dense credit by text": {"credit": "dense"},
}
STEPS = 5
PLAIN = {"optimizer": "sgd", "lr": 0.1, "control_variate": "none"}
EXACT = 1e-8
"""A thousand times what rounding in float64 adds up to in these runs."""
TOLERANCES = {"gpt2": EXACT, "llama": 1e-5}
"""By the kind of a pretrained model: the norm of transformers' Llama computes in float32, whatever its weights are."""


def also_plain(runs: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return `runs` as pgplay trains them, and by plain descent without a control variate unless they name others.

    Adam moves a parameter as far for a gradient of the wrong size; plain descent shows the mistake.
    """
    plain = {f"{name}, plain descent": PLAIN | settings for name, settings in runs.items()}
    for settings in plain.values():
        if settings.get("algorithm") == "supervised":
            del settings["control_variate"]
    return {**runs, **plain}


RUNS = also_plain({"a transformer": MORE["a transformer"], **ROWS, **MORE})
PRETRAINED_RUNS = also_plain(PRETRAINED)


@pytest.fixture(scope="module")
def ranks() -> Iterator[Ranks]:
    with started(Engine("processes", 2), FLOAT64_FOLLOWER) as ranks:
        yield ranks


@pytest.fixture
def two(ranks: Ranks) -> Iterator[Ranks]:
    """Two ranks that compute in float64, of which this process is the first."""
    with computing_in(torch.float64):
        yield ranks


def same_steps(ranks: Ranks, tolerance: float = EXACT, **settings: Any) -> tuple[Trainer, Trainer]:
    """Compare the steps of one process with those of `ranks`; return both trainers."""
    one, shared = trainer(**settings), trainer(ranks=ranks, **settings)
    for _ in range(STEPS):
        expected, report = one.step(), shared.step()
        metrics = {name: value for name, value in expected.metrics.items() if not name.startswith("seconds")}
        reported = {name: report.metrics.get(name) for name in metrics}
        assert reported == pytest.approx(metrics, abs=tolerance, rel=tolerance)
        assert [sample.text for sample in report.samples] == [sample.text for sample in expected.samples]
    for name, tensor in weights(one).items():
        assert tensor.dtype == torch.float64
        torch.testing.assert_close(weights(shared)[name], tensor, atol=tolerance, rtol=tolerance)
    assert torch.equal(one.generator.get_state(), shared.generator.get_state())
    assert torch.equal(one.prompt_generator.get_state(), shared.prompt_generator.get_state())
    return one, shared


@pytest.mark.matrix
@pytest.mark.parametrize("name", RUNS)
def test_two_processes_make_the_steps_of_one(two: Ranks, name: str) -> None:
    same_steps(two, **RUNS[name])


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        pytest.param(kind, name, marks=pytest.mark.nightly if number else pytest.mark.exhaustive)
        for number, (kind, name) in enumerate(product(TOLERANCES, PRETRAINED_RUNS))
    ],
)
def test_two_processes_make_the_steps_of_one_with_a_pretrained_model(two: Ranks, kind: str, name: str) -> None:
    settings = {"model": model_folder(kind), "target": "The cat sat.", "alphabet": "auto", "max_length": 8}
    same_steps(two, TOLERANCES[kind], **settings, **PRETRAINED_RUNS[name])


@pytest.mark.exhaustive
def test_a_run_of_two_processes_goes_on_as_one_and_back(two: Ranks) -> None:
    settings: dict[str, Any] = {"kl": 0.1, "lr": 0.005}
    one, shared = same_steps(two, **settings)
    alone, again = trainer(**settings), trainer(ranks=two, **settings)
    alone.restore(shared.state())
    again.restore(alone.state())
    assert same_state(alone.state(), shared.state())
    expected = shared.step()
    assert numbers(again.step()) == numbers(expected)
    assert alone.step().metrics["loss"] == pytest.approx(expected.metrics["loss"], abs=EXACT)
    assert one.step().metrics["loss"] == pytest.approx(expected.metrics["loss"], abs=EXACT)


@pytest.mark.exhaustive
def test_a_change_and_a_recorded_step_reach_all_processes(two: Ranks) -> None:
    one, shared = trainer(), trainer(ranks=two)
    for each in (one, shared):
        each.step()
        changed = trainer(entropy=0.3, lr=0.002).plan
        each.change(changed)
        each.recorded_step()
    for _ in range(3):
        expected, report = one.step(), shared.step()
        assert report.metrics["loss"] == pytest.approx(expected.metrics["loss"], abs=EXACT)
        assert report.metrics["lr"] == expected.metrics["lr"]


@pytest.mark.exhaustive
@pytest.mark.parametrize("settings", [{}, {"credit": "dense", "reward": "hamming", "algorithm": "a2c"}])
def test_a_reward_that_fails_changes_nothing_on_any_process(two: Ranks, settings: dict[str, Any]) -> None:
    reward = settings.get("reward", "levenshtein")
    for fails_at in (1, 2):
        shared = trainer(own_reward=Unreliable(reward, fails_at), ranks=two, **settings)
        one = trainer(own_reward=Unreliable(reward, fails_at=0), **settings)
        is_failed = False
        for _ in range(3):
            try:
                report = shared.step()
            except RewardError:
                is_failed = True
                report = shared.step()
            assert report.metrics["loss"] == pytest.approx(one.step().metrics["loss"], abs=EXACT)
        assert is_failed


@pytest.mark.exhaustive
def test_what_is_split_comes_back_whole(two: Ranks) -> None:
    assert isinstance(two, ProcessRanks)
    assert [two.share(5), two.count, two.number] == [slice(0, 3), 2, 0]
    assert two.numbers(3, 2) == [0, 1, 3]
    assert ALONE.numbers(3, 2) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("name", COMPARATORS)
def test_only_what_has_a_gradient_is_shared(name: str) -> None:
    plan = trainer().plan._replace(algorithm=COMPARATORS[name])
    if COMPARATORS[name].trains_network:
        refuse_unshared(plan, 2)
        return
    with pytest.raises(InputError, match="it has no gradient to add up"):
        refuse_unshared(plan, 2)
    refuse_unshared(plan, 1)


def test_more_processes_than_completions_are_refused() -> None:
    plan = trainer(batch_size=2).plan
    refuse_unshared(plan, 2)
    with pytest.raises(InputError, match="3 processes cannot share a batch of 2"):
        refuse_unshared(plan, 3)
