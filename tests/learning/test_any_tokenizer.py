"""Nothing assumes that a token is a character: tokens of two letters train like any others."""

import itertools
import math
from pathlib import Path

import Levenshtein
import pytest
import torch

from pgplay.errors import InputError
from pgplay.learning.objective.text_credit import text_credit
from pgplay.learning.step_inspection import policy_map
from pgplay.learning.warm_start import warm_up
from pgplay.policies.build import build_policy
from pgplay.policies.density import Density
from pgplay.policies.policy import Policy
from pgplay.policies.spec import FreshSpec
from pgplay.tasks.task import Pair
from tests.learning.helpers import trainer
from tests.policies.helpers import generator
from tests.tokenizers.pairs import install

MODELS = ("gru-nano", "transformer-nano")
PAIRS = {"tokenizer": "pairs", "target": "abba", "alphabet": "ab"}


@pytest.fixture(autouse=True)
def pairs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "installed", monkeypatch)


def pair_policy(model: str, max_length: int) -> Policy:
    return build_policy(FreshSpec(model, "ab", max_length, "pairs"), torch.device("cpu"), 1)


@pytest.mark.parametrize("model", MODELS)
def test_masks_and_stops_come_from_what_was_sampled(model: str) -> None:
    policy = pair_policy(model, 4)
    rollout = policy.sampler.sample([policy.prefix("ab"), policy.prefix("a")] * 40, Density(), generator(3))
    for row, completion in enumerate(policy.completions(rollout)):
        start = rollout.prefix_lengths[row] - 1
        own = rollout.actions[row][rollout.mask[row]].tolist()
        assert rollout.mask[row].nonzero()[0].item() == start
        assert completion.finished == (own[-1] in policy.tokenizer.stop_ids)
        assert completion.finished or len(own) == 4
        assert not set(own[:-1]) & set(policy.tokenizer.stop_ids)
        assert completion.text == policy.tokenizer.decode(own)
        assert len(completion.pieces) == len(own) - completion.finished
    assert 0 < rollout.stopped.sum() < len(rollout.stopped)


@pytest.mark.parametrize("model", MODELS)
def test_a_padding_token_that_is_a_letter_changes_nothing(model: str) -> None:
    policy = pair_policy(model, 6)
    alone = policy.cross_entropy([Pair("", "ab")])
    beside = policy.cross_entropy([Pair("", "ab"), Pair("abab", "ababababab")])
    assert math.isclose(alone[0], beside[0], rel_tol=1e-5)


@pytest.mark.parametrize("model", MODELS)
def test_a_text_is_learned(model: str) -> None:
    one = trainer(model=model, **PAIRS, batch_size=32, seed=1)
    assert one.plan.config.control_variate == "regression"
    for _ in range(150):
        report = one.step()
        if report.solved:
            break
    assert report.solved
    assert report.metrics["mismatch"] < 1e-5


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("settings", [{"credit": "dense"}, {"algorithm": "ppo"}, {"replay": 0.5}, {"kl": 0.1}])
def test_every_credit_and_extra_makes_a_step(model: str, settings: dict[str, object]) -> None:
    one = trainer(model=model, **PAIRS, batch_size=16, **settings)
    assert all(one.step().metrics["mismatch"] < 1e-5 for _ in range(3))


def test_the_known_credit_of_edits_is_refused_for_tokens_of_two_letters() -> None:
    with pytest.raises(InputError, match="control_variate potential"):
        trainer(model="gru-nano", **PAIRS, control_variate="potential")


def test_lengths_are_counted_in_tokens() -> None:
    assert trainer(model="gru-nano", **PAIRS, max_length=3).plan.shape.max_length == 3
    with pytest.raises(InputError, match="3 tokens"):
        trainer(model="gru-nano", **PAIRS | {"target": "abbaa"}, max_length=3)


@pytest.mark.parametrize("model", MODELS)
def test_maps_warm_starts_and_states_work(model: str) -> None:
    one = trainer(model=model, **PAIRS, warm_start="30", seed=2)
    warm_up(one, 30)
    seen = policy_map(one.policy, one.density, Pair("", "abba"), 0)
    assert "".join(seen.target) == "abba"
    assert len(seen.target) == 3
    other = trainer(model=model, **PAIRS, warm_start="30", seed=2)
    other.restore(one.state())
    assert other.step().metrics["reward_mean"] == one.step().metrics["reward_mean"]


def fewest_after(text: str, target: str, tokens_left: int) -> int:
    """Return the smallest distance to `target` that `text` can reach with tokens of one or two characters."""
    within = itertools.chain.from_iterable(itertools.product("ab", repeat=n) for n in range(2 * tokens_left + 1))
    return min(Levenshtein.distance(text + "".join(more), target) for more in within)


@pytest.mark.parametrize("model", MODELS)
def test_dense_credit_is_a_tokens_effect_on_the_fewest_edits_still_possible(model: str) -> None:
    policy, pair = pair_policy(model, 3), Pair("a", "abba", others=("b",))
    rollout = policy.sampler.sample([policy.prefix("a")] * 60, Density(), generator(5))
    credit = text_credit(rollout, [pair] * 60, policy)
    assert not credit[~rollout.mask].any()
    for row, completion in enumerate(policy.completions(rollout)):
        potentials = [
            min(fewest_after("".join(completion.pieces[:count]), answer, 3 - count) for answer in pair.answers)
            for count in range(len(completion.pieces) + 1)
        ]
        if completion.finished:
            potentials.append(min(Levenshtein.distance(completion.text, answer) for answer in pair.answers))
        expected = [before - after for before, after in itertools.pairwise(potentials)]
        assert credit[row][rollout.mask[row]].tolist() == expected


@pytest.mark.training
@pytest.mark.parametrize("seed", range(3))
def test_a_text_is_learned_with_dense_credit(seed: int) -> None:
    settings = {"target": "hello world", "alphabet": "target", "tokenizer": "pairs", "credit": "dense"}
    one = trainer(**settings, model="gru-small", seed=seed)
    assert any(one.step().solved for _ in range(400))
