"""The control variate removes noise and changes nothing else."""

import pytest
import torch

from pgplay.config.run_config import make_config
from pgplay.errors import InputError
from pgplay.learning.defaults import DENSE_BATCH, KNOWN_BATCH
from pgplay.learning.objective.advantage_rules import advantages_of, token_q_values
from pgplay.learning.objective.advantages import Baseline
from pgplay.learning.objective.control_variate import (
    ControlVariate,
    SampledTokens,
    centred,
    conjugate_gradients,
    lower_half,
    subtract_other_tokens,
    symmetric,
)
from pgplay.learning.objective.control_variate_shapes import BLOCK_ROWS
from pgplay.learning.objective.records import Credit
from pgplay.learning.objective.update import policy_loss
from pgplay.learning.plan import read_plan
from pgplay.policies.density import Density
from pgplay.policies.distribution import DenseDistribution, DenseValues
from tests.learning.enumeration import LENGTH_LIMIT, compare, flat, rows_of, seen_rows, world
from tests.learning.helpers import trainer
from tests.policies.helpers import FAMILIES, generator

EXACT = 1e-12
ALONE = Baseline("none", 1)


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("model", FAMILIES)
@pytest.mark.parametrize(("algorithm", "baseline"), [
    ("reinforce", "none"), ("reinforce", "batch-mean"), ("reinforce", "group-mean"), ("rloo", "leave-one-out"),
    ("reinforce-baseline", "moving-average"), ("remax", "greedy"),
])  # fmt: skip
def test_whatever_it_predicts_the_expected_update_stays_the_same(algorithm: str, baseline: str, model: str) -> None:
    plain, varied = (compare(model, algorithm=algorithm, baseline=baseline, variate_seed=seed) for seed in (None, 7))
    assert (varied.update - plain.update).norm() / plain.update.norm() < EXACT


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("density", [Density(temperature=0.6), Density(top_k=2), Density(1.3, 0, 0.8, 0.1)])
def test_also_at_every_temperature_and_filter(density: Density) -> None:
    found = compare("gru-nano", density, algorithm="rloo", variate_seed=7)
    assert (found.update - found.gradient).norm() / found.gradient.norm() < EXACT


def test_with_a_constant_length_it_only_scales() -> None:
    found = compare("gru-nano", algorithm="rloo", aggregation="constant-length", variate_seed=7)
    assert (found.update - found.gradient / LENGTH_LIMIT).norm() / found.gradient.norm() < EXACT


def test_a_mean_over_a_completions_own_length_changes_the_direction() -> None:
    plain, varied = (
        compare("gru-nano", algorithm="rloo", aggregation="sequence-mean", variate_seed=seed) for seed in (None, 7)
    )
    assert (varied.update - plain.update).norm() / plain.update.norm() > 1e-3


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("model", FAMILIES)
@pytest.mark.parametrize("ratio", ["none", "clip", "cispo"])
def test_with_dense_credit_every_tokens_part_is_the_mean_over_samples(model: str, ratio: str) -> None:
    settings = {"algorithm": "reinforce", "credit": "dense", "ratio": ratio}
    plain, exact = (compare(model, **settings, control_variate=name).update for name in ("none", "potential"))
    assert (plain - exact).norm() / plain.norm() < EXACT


def test_with_dense_credit_the_choice_of_token_adds_no_noise() -> None:
    """The completions differ only in their first letter: their sampled gradients differ, the expected ones do not."""

    def gradients(control_variate: str) -> list[torch.Tensor]:
        plan = read_plan(make_config(
            {"target": "ab", "alphabet": "ab", "max_length": 3, "credit": "dense", "control_variate": control_variate}
        ))  # fmt: skip
        here = world("gru-nano", Density(), 6, dense=True, with_reference=False)
        found, parameters = [], [here.modules.policy.network.lm_head.weight]
        for row in range(len(here.batch.rewards)):
            batch = here.batch._replace(
                **rows_of(here.batch, [row]),
                token_credit=here.batch.token_credit[[row]],
                every_credit=here.batch.every_credit if control_variate == "potential" else None,
            )
            seen = seen_rows(here.seen, [row])
            credit = Credit(*advantages_of(batch, plan, seen, 0.0), token_q_values(batch, plan))
            first = policy_loss(seen, seen, batch, plan, credit).losses[:, 0].sum()
            found.append(flat(torch.autograd.grad(first, parameters, retain_graph=True)))
        return found

    sampled, expected = gradients("none"), gradients("potential")
    assert max((one - sampled[0]).norm().item() for one in sampled) > 0.1
    assert max((one - expected[0]).norm().item() for one in expected) < EXACT


def test_centred_values_have_mean_zero() -> None:
    distribution = DenseDistribution(torch.rand(12, 5, generator=generator(1)).log_softmax(-1))
    q_values = centred(DenseValues(torch.randn(12, 5, generator=generator(2))), distribution)
    torch.testing.assert_close(distribution.expected(q_values), torch.zeros(12), atol=1e-6, rtol=0)


def test_each_token_keeps_its_own_q() -> None:
    worth = torch.tensor([[1.0, 2.0, 4.0], [8.0, 0.0, 0.0]])
    mask = torch.tensor([[True, True, True], [True, False, False]])
    found = subtract_other_tokens(torch.tensor([10.0, 20.0]), worth, mask, ALONE)
    assert found.tolist() == [[4.0, 5.0, 7.0], [20.0, 0.0, 0.0]]


def a_batch(seed: int, rows: int = 64, width: int = 4, vocabulary: int = 5) -> tuple[SampledTokens, torch.Tensor]:
    """Return random choices of a policy, and advantages to which each choice of token 2 adds one."""
    draw = generator(seed)
    features = torch.randn(rows * 6, width, generator=draw)
    log_p_all = torch.randn(rows * 6, vocabulary, generator=draw).log_softmax(-1)
    actions = torch.multinomial(log_p_all.exp(), 1, generator=draw).view(rows, 6)
    mask = torch.arange(6) < torch.randint(2, 7, (rows, 1), generator=draw)
    described = ControlVariate(width, vocabulary, torch.device("cpu")).describe(features)
    prefix_index = torch.arange(rows * 6).view(rows, 6)
    sampled = SampledTokens(described, DenseDistribution(log_p_all), prefix_index, actions, mask, ALONE)
    return sampled, ((actions == 2) & mask).sum(1) - 0.5


def test_in_a_pair_the_others_predicted_part_is_subtracted_too() -> None:
    worth, mask = torch.tensor([[1.0, 2.0], [8.0, 0.0]]), torch.tensor([[True, True], [True, False]])
    # The mean of both is 4 + 6 less than the first one's reward, and the other's letter was worth 8 of that.
    rewards = torch.tensor([[20.0, 8.0]])
    advantages = (rewards - rewards.mean()).flatten()
    found = subtract_other_tokens(advantages, worth, mask, Baseline("group-mean", 2))
    without = rewards - torch.tensor([[3.0, 8.0]])
    left = (without - without.mean()).flatten()
    torch.testing.assert_close(found, torch.where(mask, left[:, None] + worth / 2, 0.0))


def teach(variate: ControlVariate, sampled: SampledTokens, advantages: torch.Tensor) -> None:
    variate.learn(sampled, advantages, variate.apply(sampled, advantages))


def q_of_twos(sampled: SampledTokens) -> torch.Tensor:
    """Return the true q (B, T): each token 2 adds 1 to the advantage."""
    is_two = (torch.arange(5) == 2).float().expand(len(sampled.described), -1)
    return sampled.q_of(centred(DenseValues(is_two), sampled.distribution))


def test_conjugate_gradients_need_as_many_iterations_as_there_are_numbers() -> None:
    rows = torch.randn(20, 8, generator=generator(1), dtype=torch.float64)
    squares, products = rows.t() @ rows, torch.randn(8, generator=generator(2), dtype=torch.float64)
    found = conjugate_gradients(squares, 3.0, products, torch.ones(8, dtype=torch.float64))
    expected = torch.linalg.solve(squares + 3 * torch.eye(8, dtype=torch.float64), products)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(conjugate_gradients(squares, 3.0, products, expected), expected)


def test_it_learns_the_value_of_a_token() -> None:
    variate = ControlVariate(4, 5, torch.device("cpu"))
    sampled, advantages = a_batch(0)
    assert variate.apply(sampled, advantages).explained == 0.0
    for seed in range(20):
        teach(variate, *a_batch(seed))
    sampled, advantages = a_batch(99)
    reduced = variate.apply(sampled, advantages)
    assert reduced.explained > 0.6
    q = q_of_twos(sampled)
    apart = torch.corrcoef(torch.stack([reduced.advantages[sampled.mask], q[sampled.mask]]))[0, 1]
    together = torch.corrcoef(torch.stack([advantages[:, None].expand(-1, 6)[sampled.mask], q[sampled.mask]]))[0, 1]
    assert apart > 1.5 * together


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("batch_size", [2, 100, 600])
def test_batches_may_be_of_any_size(batch_size: int) -> None:
    variate = ControlVariate(4, 5, torch.device("cpu"))
    for seed in range(40):
        teach(variate, *a_batch(seed, batch_size))
    assert variate.apply(*a_batch(99)).explained > 0.3


def test_equal_advantages_teach_nothing() -> None:
    variate = ControlVariate(4, 5, torch.device("cpu"))
    sampled, advantages = a_batch(0)
    for _ in range(3):
        teach(variate, sampled, torch.zeros_like(advantages))
    reduced = variate.apply(sampled, torch.zeros_like(advantages))
    assert reduced.advantages.eq(0).all()
    assert reduced.explained == 0.0


def test_known_credit_is_subtracted_in_its_own_unit() -> None:
    variate = ControlVariate(4, 5, torch.device("cpu"))
    for seed in range(20):
        sampled, advantages = a_batch(seed)
        credit = torch.zeros(len(sampled.described), 5)
        credit[:, 2] = 7.0  # a token 2 adds 1 to the advantage, so a unit of this credit is worth a seventh
        teach(variate, sampled._replace(credit=DenseValues(credit)), advantages)
    an_edit = variate.state()["agreement"][0, 0] / variate.state()["agreement"][1, 0]
    assert an_edit == pytest.approx(1 / 7, rel=0.2)
    sampled, advantages = a_batch(99)
    blind, knowing = ControlVariate(4, 5, torch.device("cpu")), ControlVariate(4, 5, torch.device("cpu"))
    knowing.state()["agreement"].copy_(torch.tensor([[1.0, 0.0], [7.0, 1.0]]))
    credit = torch.zeros(len(sampled.described), 5)
    credit[:, 2] = 7.0
    assert blind.apply(sampled._replace(credit=DenseValues(credit)), advantages).explained == 0.0
    reduced = knowing.apply(sampled._replace(credit=DenseValues(credit)), advantages)
    assert reduced.explained > 0.6
    q = q_of_twos(sampled)
    torch.testing.assert_close(reduced.advantages, subtract_other_tokens(advantages, q, sampled.mask, ALONE))


def test_tokens_of_several_characters_are_predicted_from_their_characters() -> None:
    """What it learned about the letter e in some tokens applies to one that was never sampled."""
    texts = ("the", "cat", "e", "dog", "bed", "")
    variate = ControlVariate(4, len(texts), torch.device("cpu"), texts)
    costs = torch.tensor([float(text.count("e")) for text in texts])
    unwritten = torch.tensor([text == "bed" for text in texts])
    for seed in range(20):
        draw = generator(seed)
        log_p = torch.randn(384, len(texts), generator=draw).masked_fill(unwritten, -30.0).log_softmax(-1)
        actions = torch.multinomial(log_p.exp(), 1, generator=draw).view(64, 6)
        described = variate.describe(torch.randn(384, 4, generator=draw))
        places, mask = torch.arange(384).view(64, 6), torch.ones(64, 6, dtype=torch.bool)
        sampled = SampledTokens(described, DenseDistribution(log_p), places, actions, mask, ALONE)
        rewards = -costs[actions].sum(1)
        teach(variate, sampled, rewards - rewards.mean())
    q = variate.apply(sampled, rewards - rewards.mean()).q_values.after(slice(0, 1))[0]
    assert max(q[costs > 0]) < min(q[costs == 0]) - 0.5


def test_large_networks_and_alphabets_are_projected() -> None:
    variate = ControlVariate(900, 4000, torch.device("cpu"))
    assert variate.state()["weights"].numel() == 24 * 48


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("size", [1, 63, 64, 65, 200])
def test_a_symmetric_matrix_is_restored_from_its_lower_half(size: int) -> None:
    matrix = torch.randn(size, size, generator=generator(1))
    matrix += matrix.t().clone()
    kept = lower_half(matrix)
    assert kept.numel() <= (size * size + size * BLOCK_ROWS) / 2
    assert torch.equal(symmetric(kept, size), matrix)


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("kept", ["a half", "whole, by an older pgplay", "whole, as the halves differ"])
def test_it_continues_from_its_saved_state_as_if_never_stopped(kept: str) -> None:
    one, other = (ControlVariate(40, 12, torch.device("cpu")) for _ in range(2))
    teach(one, *a_batch(0, width=40, vocabulary=12))
    assert one.state()["squares"].dim() == 1
    if kept == "whole, as the halves differ":
        one.load_state(one.state() | {"squares": torch.rand(41 * 12, 41 * 12, generator=generator(3))})
    state = {name: tensor.clone() for name, tensor in one.state().items()}
    if kept == "whole, by an older pgplay":
        state["squares"] = symmetric(state["squares"], 41 * 12)
    other.load_state(state)
    for variate in (one, other):
        teach(variate, *a_batch(1, width=40, vocabulary=12))
    assert all(torch.equal(tensor, other.state()[name]) for name, tensor in one.state().items())


def test_it_is_on_if_all_tokens_share_an_advantage() -> None:
    def uses(**settings: object) -> bool:
        return read_plan(make_config(settings)).config.control_variate != "none"

    assert uses()
    assert uses(algorithm="reinforce")
    assert not uses(control_variate="none")
    assert not uses(credit="dense", reward="hamming")
    assert not uses(algorithm="ppo")
    assert not uses(discount=0.9)
    assert not uses(algorithm="supervised")
    assert not uses(algorithm="hill-climb")


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize(
    ("settings", "used"),
    [
        ({}, "potential"),
        ({"control_variate": "regression"}, "regression"),
        ({"reward": "hamming"}, "regression"),
        ({"reward": "0.5*levenshtein + 0.5*prefix"}, "potential"),
        ({"reward": "0.5*hamming + 0.5*prefix"}, "regression"),
    ],
)
def test_edits_predict_only_if_the_reward_counts_them(settings: dict[str, object], used: str) -> None:
    assert read_plan(make_config(settings)).config.control_variate == used
    assert "foretold" in trainer(**settings).step().metrics


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize(
    ("settings", "used", "batch_size"),
    [
        ({}, "potential", KNOWN_BATCH),
        ({"control_variate": "none"}, "none", DENSE_BATCH),
        ({"reward": "hamming"}, "none", DENSE_BATCH),
        ({"algorithm": "ppo"}, "none", DENSE_BATCH),
        ({"discount": 0.5}, "none", DENSE_BATCH),
    ],
)
def test_dense_credit_is_weighted_for_every_token_if_it_is_known(
    settings: dict[str, object], used: str, batch_size: int
) -> None:
    plan = read_plan(make_config({"credit": "dense", **settings}))
    assert (plan.config.control_variate, plan.config.batch_size, plan.uses_control_variate) == (used, batch_size, False)
    assert "foretold" not in trainer(credit="dense", **settings).step().metrics


def test_edits_cannot_predict_another_reward() -> None:
    with pytest.raises(InputError, match=r"(?s)counts edits, but the reward is hamming.*regression"):
        read_plan(make_config({"control_variate": "potential", "reward": "hamming"}))


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize(
    ("settings", "reason"),
    [({"credit": "dense"}, "credit dense"), ({"algorithm": "a2c"}, "critic"), ({"discount": 0.5}, "discount 0.5")],
)
def test_it_is_refused_where_it_has_no_effect(settings: dict[str, object], reason: str) -> None:
    with pytest.raises(InputError, match=f"(?s)has no effect.*{reason}"):
        read_plan(make_config({"control_variate": "regression", **settings}))


def test_it_can_be_switched_during_a_run() -> None:
    one = trainer(control_variate="none")
    assert "foretold" not in one.step().metrics
    one.change(read_plan(make_config({"control_variate": "regression"}, one.plan.written), shape=one.plan.shape))
    assert "foretold" in one.step().metrics
    one.change(read_plan(make_config({"control_variate": "none"}, one.plan.written), shape=one.plan.shape))
    assert "foretold" not in one.step().metrics
