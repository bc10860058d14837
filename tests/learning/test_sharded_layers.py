"""Two processes that hold a part each of a pretrained model's layers do what one with all of it does."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
import torch
from torch.distributed.tensor import DTensor

from pgplay.config.engine import Engine
from pgplay.errors import InputError
from pgplay.learning import memory
from pgplay.learning.memory import memory_of, refuse_without_memory, sharded_over
from pgplay.learning.sharing import refuse_unshared
from pgplay.learning.trainer import Trainer
from pgplay.learning.warm_start import warm_up
from pgplay.policies.memory import sharded_weights
from pgplay.policies.networks.pretrained import load_network
from pgplay.policies.policy import Policy
from pgplay.policies.ranks import ProcessRanks
from pgplay.policies.shards import layers_of
from pgplay.rewards.reward import build_reward
from pgplay.worker.session.processes import started
from tests.learning.helpers import FLOAT64_FOLLOWER, computing_in, numbers, same_state, trainer, weights
from tests.learning.test_ranks import PLAIN, PROMPTS, TOLERANCES, also_plain, same_steps
from tests.pretrained.models import KINDS, model_folder

CPU = torch.device("cpu")
RUNS: dict[str, dict[str, Any]] = {
    "one completion per process, a KL penalty, held-out prompts": {
        **PROMPTS, "batch_size": 2, "group_size": 1, "algorithm": "reinforce-baseline", "kl": 0.05, "held_out": 0.2,
        "held_out_every": 4,
    },
    "a batch that the processes share unevenly": {"batch_size": 9, "group_size": 3, **PROMPTS},
    "replay, the control variate": {**PROMPTS, "replay": 0.5, "control_variate": "regression"},
    "dense credit by text": {"credit": "dense"},
    "an adapter of the output layer alone": {"lora_targets": "lm_head"},
    "an adapter of the second layer alone": {"lora_targets": "1.self_attn.q_proj,1.attn.c_attn"},
}
BOTH_RUNS = also_plain(RUNS)


def settings(kind: str = "llama") -> dict[str, Any]:
    return {"model": model_folder(kind), "target": "The cat sat.", "alphabet": "auto", "max_length": 8, "device": "cpu"}


@pytest.fixture(scope="module")
def ranks() -> Iterator[ProcessRanks]:
    with started(Engine("processes", 2, always_shard=True), FLOAT64_FOLLOWER) as ranks:
        assert isinstance(ranks, ProcessRanks)
        yield ranks


@pytest.fixture
def two(ranks: ProcessRanks) -> Iterator[ProcessRanks]:
    """Two ranks that compute in float64, of which this process is the first."""
    with computing_in(torch.float64):
        yield ranks


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        pytest.param(kind, name, marks=pytest.mark.nightly if number else pytest.mark.exhaustive)
        for number, (kind, name) in enumerate(product(KINDS, BOTH_RUNS))
    ],
)
def test_two_processes_with_half_the_layers_make_the_steps_of_one(two: ProcessRanks, kind: str, name: str) -> None:
    same_steps(two, TOLERANCES[kind], **settings(kind) | BOTH_RUNS[name])


@pytest.mark.exhaustive
def test_a_process_keeps_half_of_each_layer_and_all_of_the_adapter(two: ProcessRanks) -> None:
    whole, policy = trainer(**settings()).policy, trainer(ranks=two, **settings()).policy
    before, after = (dict(layers_of(each.module.causal).named_parameters()) for each in (whole, policy))  # type: ignore[arg-type]
    policy.cross_entropy(trainer(**settings()).plan.task.training)
    for name, parameter in before.items():
        part = after[name]
        held = part.to_local() if isinstance(part, DTensor) else part
        assert held.numel() == (parameter.numel() if parameter.requires_grad else parameter.numel() / 2), name
        assert held.untyped_storage().nbytes() == held.element_size() * held.numel()


@pytest.mark.exhaustive
def test_a_run_whose_layers_are_sharded_goes_on_in_one_process_and_back(two: ProcessRanks) -> None:
    run = settings() | PLAIN | {"kl": 0.1}
    alone, sharded = trainer(**run), trainer(ranks=two, **run)
    for _ in range(2):
        sharded.step()
    alone.restore(sharded.state())
    assert same_state(alone.state(), sharded.state())
    expected = sharded.step()
    assert alone.step().metrics["loss"] == pytest.approx(expected.metrics["loss"], abs=1e-5)
    back = trainer(ranks=two, **run)
    back.restore(alone.state())
    assert back.step().metrics["loss"] == pytest.approx(alone.step().metrics["loss"], abs=1e-5)


@pytest.mark.exhaustive
def test_what_the_first_process_does_alone_it_does_with_the_others_layers(two: ProcessRanks) -> None:
    run = settings() | PLAIN | PROMPTS
    results = []
    for each in (trainer(**run), trainer(ranks=two, **run)):
        warm = warm_up(each, 3).cross_entropy
        report, record = each.recorded_step()
        texts = each.greedy_texts(each.plan.task.training)
        results.append((warm, report, record.update.advantages, texts, weights(each), each.step()))
    one, sharded = results
    assert sharded[3] == one[3]
    for number in (1, 5):
        assert sharded[number].metrics["loss"] == pytest.approx(one[number].metrics["loss"], abs=1e-5)
    torch.testing.assert_close(sharded[2], one[2], atol=1e-5, rtol=1e-5)
    for name, tensor in one[4].items():
        torch.testing.assert_close(sharded[4][name], tensor, atol=1e-5, rtol=1e-5)


@pytest.mark.exhaustive
def test_layers_are_sharded_where_a_copy_in_each_process_does_not_fit(
    two: ProcessRanks, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = trainer(**settings()).plan
    forecast = memory_of(plan)
    assert forecast is not None
    monkeypatch.setattr(two, "always_shard", False)
    rest = 2 * (forecast.adapter + forecast.optimiser) + forecast.step
    whole, part = 2 * forecast.weights, sharded_weights(forecast, plan.spec.shape.layers, 2, is_on_gpus=False)
    assert part < whole
    for free, is_sharded in ((rest + whole, False), (rest + whole - 1, True), (rest + part, True)):
        monkeypatch.setattr(memory, "free_memory_on", lambda device, free=free: free)
        assert (sharded_over(plan, CPU, two) is two) == is_sharded
        refuse_without_memory(plan, CPU, two)
    monkeypatch.setattr(memory, "free_memory_on", lambda device: rest + part - 1)
    with pytest.raises(InputError, match="of memory"):
        refuse_without_memory(plan, CPU, two)


@pytest.mark.exhaustive
def test_a_gpu_needs_memory_for_its_share_of_the_batch(two: ProcessRanks, monkeypatch: pytest.MonkeyPatch) -> None:
    plan, gpu = trainer(**settings()).plan, torch.device("cuda")
    whole, share = memory_of(plan), memory_of(plan, 2)
    assert whole is not None
    assert share is not None
    assert share.total < whole.total
    monkeypatch.setattr(two, "always_shard", False)
    monkeypatch.setattr(memory, "free_memory_on", lambda device: share.total)
    assert sharded_over(plan, gpu, two) is None
    refuse_without_memory(plan, gpu, two)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"lora_rank": 0}, "lora_rank 0 trains all of"),
        ({"model": "gru-nano", "max_length": 20}, "Only the layers of a pretrained model can be sharded"),
    ],
)
def test_what_cannot_be_sharded_is_refused(changes: dict[str, Any], problem: str) -> None:
    plan = trainer(**settings() | changes).plan
    refuse_unshared(plan, 2)
    with pytest.raises(InputError, match=problem):
        refuse_unshared(plan, 2, shards=True)


@pytest.mark.parametrize("kind", KINDS)
def test_a_base_in_bfloat16_trains_an_adapter_in_float32(kind: str) -> None:
    whole = trainer(**settings(kind) | PLAIN)
    network = load_network(model_folder(kind), 8, 16, "all-linear", whole.plan.config.seed, torch.bfloat16)
    half = Trainer(whole.plan, build_reward("levenshtein"), policy=Policy(whole.plan.shape, network, CPU))
    types = {parameter.dtype for parameter in network.parameters() if not parameter.requires_grad}
    assert types == {torch.bfloat16}
    assert {parameter.dtype for parameter in network.trainable_parameters()} == {torch.float32}
    before = weights(half)
    report = half.step()
    assert report.metrics["entropy"] == pytest.approx(whole.step().metrics["entropy"], rel=0.05)
    assert any(not torch.equal(tensor, before[name]) for name, tensor in weights(half).items())
    assert numbers(half.step())
