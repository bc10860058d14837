"""Replayed steps are the steps that would have been computed.

The recorder of these tests keeps on the CPU what a CUDA graph keeps on a GPU: operations and addresses.
"""

import math
import warnings
from typing import Any

import pytest
import torch

from pgplay.errors import PgplayError
from pgplay.learning.trainer import Trainer
from pgplay.policies import cuda_graphs
from pgplay.policies.cuda_graphs import EAGER_RUNS, MOST_RECORDINGS, GraphCache
from pgplay.policies.density import Density
from pgplay.tasks.task import Pair, Task
from tests.learning.helpers import ROWS, numbers, same_state, steps, trainer
from tests.learning.test_restoring import change
from tests.policies.helpers import FAMILIES, generator, small_policy
from tests.policies.recording import TapeRecorder

UNEVEN = Task("uneven", tuple(Pair(text, text[::-1]) for text in ("a", "bc", "cab", "b")))
"""Four prompts of three lengths, of which a step of 8 completions takes two."""


def recorded(task: Any = None, **settings: Any) -> tuple[Trainer, TapeRecorder]:
    recorder = TapeRecorder()
    return trainer(task, graphs=GraphCache(recorder), **settings), recorder


def never_recorded(monkeypatch: pytest.MonkeyPatch, run: Any) -> Any:
    with monkeypatch.context() as patch:
        patch.setattr(cuda_graphs, "EAGER_RUNS", 10**9)
        return run()


@pytest.mark.matrix
@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("model", FAMILIES)
def test_replayed_steps_equal_computed_ones(
    model: str, row: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {"model": model, **ROWS[row]}
    plain, _ = recorded(**own)
    one, recorder = recorded(**own)
    count = EAGER_RUNS + 4
    expected = never_recorded(monkeypatch, lambda: steps(plain, count))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert steps(one, count) == expected
    assert same_state(one.state(), plain.state())
    assert recorder.replays >= 2 * (count - EAGER_RUNS - 1)


@pytest.mark.exhaustive
@pytest.mark.matrix
@pytest.mark.parametrize("row", ["grpo", "dense", "replay", "dropout"])
@pytest.mark.parametrize("model", FAMILIES)
def test_recurring_shapes_are_recorded_among_others(
    model: str, row: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {"model": model, **ROWS[row]}
    plain, _ = recorded(UNEVEN, **own)
    one, recorder = recorded(UNEVEN, **own)
    assert steps(one, 20) == never_recorded(monkeypatch, lambda: steps(plain, 20))
    assert recorder.replays > 0


def test_an_update_affects_the_next_samples_from_a_recording() -> None:
    policy, recorder = small_policy("gru-nano", "ab", 4), TapeRecorder()
    own, prefixes, seeded = GraphCache(recorder), [policy.prefix("")] * 6, generator(1)
    for _ in range(EAGER_RUNS + 1):
        rollout = policy.sampler.sample(prefixes, Density(), seeded, graphs=own)
    assert recorder.replays == 1
    kept = [tensor.clone() for tensor in rollout.reading]
    with torch.no_grad():
        policy.module.lm_head.bias.copy_(100 * torch.eye(3)[policy.tokenizer.encode("b")[0]])
    written = policy.completions(policy.sampler.sample(prefixes, Density(), seeded, graphs=own))
    assert recorder.replays == 2
    assert {completion.text for completion in written} == {"bbbb"}
    assert all(torch.equal(tensor, before) for tensor, before in zip(rollout.reading, kept, strict=True))


@pytest.mark.exhaustive
def test_changes_between_steps_affect_the_following_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    def go() -> list[object]:
        one, _ = recorded(algorithm="rloo")
        told: list[object] = steps(one, EAGER_RUNS + 2)
        for settings in ({"kl": 0.1}, {"temperature": 0.7, "clip_gradient": 0.1}, {"algorithm": "ppo"}):
            change(one, **settings)
            told += steps(one, EAGER_RUNS + 2)
        other, _ = recorded(algorithm="ppo", kl=0.1)
        steps(other, EAGER_RUNS + 2)
        state = other.state()
        steps(other, 2)
        other.restore(state)
        return [*told, *steps(other, EAGER_RUNS + 2)]

    assert go() == never_recorded(monkeypatch, go)


def test_a_recorded_step_is_computed_and_reported_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    one, _ = recorded()
    plain, _ = recorded()
    before = steps(one, EAGER_RUNS + 2), never_recorded(monkeypatch, lambda: steps(plain, EAGER_RUNS + 2))
    report, record = one.recorded_step()
    assert record.update.first.log_p.shape == record.update.advantages.shape
    assert before[0] == before[1]
    assert (numbers(report), steps(one, 2)) == never_recorded(
        monkeypatch, lambda: (numbers(plain.recorded_step()[0]), steps(plain, 2))
    )


def test_a_failed_recording_is_reported_once_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, _ = recorded()
    one, recorder = recorded()
    monkeypatch.setattr(recorder, "record", refuse)
    with pytest.warns(UserWarning, match="without CUDA graphs: no room") as told:
        own = steps(one, EAGER_RUNS + 3)
    assert len(told) == 1
    expected = never_recorded(monkeypatch, lambda: steps(plain, EAGER_RUNS + 3))
    assert [row[:3] for row in own[:EAGER_RUNS]] == [row[:3] for row in expected[:EAGER_RUNS]]
    assert own[-1][:2] == expected[-1][:2]
    assert one.counters.moving_average == pytest.approx(plain.counters.moving_average, rel=1e-3)


def refuse(compute: Any) -> Any:
    raise RuntimeError("no room")


def test_reading_a_number_is_refused_by_the_recorder_of_these_tests() -> None:
    own = GraphCache(TapeRecorder())
    values = torch.tensor([3.0, 4.0])
    for _ in range(EAGER_RUNS):
        assert own.run(lambda given: given * given.max().item(), "asks", values).tolist() == [12.0, 16.0]
    with pytest.warns(UserWarning, match="without CUDA graphs"):
        assert own.run(lambda given: given * given.max().item(), "asks", values).tolist() == [12.0, 16.0]


def test_a_non_finite_gradient_ends_a_replayed_step_like_any_other() -> None:
    one, recorder = recorded(algorithm="rloo")
    steps(one, EAGER_RUNS + 2)
    before = {name: tensor.clone() for name, tensor in one.policy.saved_state().items()}
    one.change(one.plan)
    assert recorder.replays
    one.counters.entropy_weight = math.inf
    for _ in range(EAGER_RUNS + 2):
        with pytest.raises(PgplayError, match="Learning diverged"):
            one.step()
        assert all(torch.equal(tensor, before[name]) for name, tensor in one.policy.saved_state().items())


def test_no_more_shapes_are_recorded_than_fit() -> None:
    recorder = TapeRecorder()
    own = GraphCache(recorder)
    for size in range(1, MOST_RECORDINGS + 3):
        for _ in range(EAGER_RUNS + 1):
            assert own.run(lambda given: given + 1, "one more", torch.zeros(size)).tolist() == [1.0] * size
    assert recorder.replays == MOST_RECORDINGS
