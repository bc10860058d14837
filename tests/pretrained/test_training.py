"""A pretrained model learns with its adapter, and is trained on its own samples."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from pgplay.config.run_config import make_config
from pgplay.errors import InputError
from pgplay.learning.inputs import read_inputs
from pgplay.learning.objective.batch import Batch
from pgplay.learning.plan import make_plan
from pgplay.learning.trainer import Trainer
from pgplay.learning.warm_start import warm_up
from pgplay.policies import chunked_distribution
from pgplay.policies.density import Density
from pgplay.policies.networks.pretrained import PretrainedNetwork
from pgplay.policies.policy import Policy
from pgplay.policies.reading import prefixes_of, token_losses
from pgplay.rewards.reward import build_reward
from pgplay.tasks.task import Pair, Task
from tests.learning.helpers import numbers, same_state, same_weights, weights
from tests.policies.helpers import generator
from tests.pretrained.models import KINDS, model_folder

PROMPTS = ("The cat", "It was a quiet day in the house by the", "")
RAGGED = Task("ragged", tuple(Pair(prompt, "") for prompt in PROMPTS))
every_kind = pytest.mark.parametrize("kind", KINDS)


def run(kind: str, task: Task = RAGGED, **settings: Any) -> Trainer:
    chosen = {
        "model": model_folder(kind), "reward": "distinct", "max_length": 8, "batch_size": 12, "group_size": 4,
        "until": "never", "device": "cpu", "algorithm": "rloo", "lr": 0.01, **settings,
    }  # fmt: skip
    config = make_config(chosen)
    return Trainer(make_plan(config, read_inputs(config)._replace(task=task)), build_reward(config.reward))


def base_weights(policy: Policy) -> dict[str, torch.Tensor]:
    named = policy.module.causal.named_parameters()
    return {name: value.detach().clone() for name, value in named if not value.requires_grad}


def whole_pass(policy: Policy, prompt: str, tokens: list[int], density: Density) -> torch.Tensor:
    """Return the log-probability of each of `tokens` after `prompt`, from the model's own pass over this text alone."""
    prefix = policy.prefix(prompt)
    with torch.no_grad():
        logits = policy.module.causal(input_ids=torch.tensor([[*prefix, *tokens]])).logits[0]
    log_p = density.log_probabilities(logits)[len(prefix) - 1 : -1]
    return log_p.gather(1, torch.tensor(tokens)[:, None])[:, 0]


@pytest.mark.matrix(whole_in_ci=True)
@every_kind
@pytest.mark.parametrize("density", [Density(), Density(temperature=0.7, top_k=20)])
def test_samples_for_ragged_prompts_have_the_probabilities_of_each_text_alone(
    kind: str, density: Density
) -> None:
    policy = run(kind).policy
    asked = [*PROMPTS * 16, PROMPTS[1]]
    rollout = policy.sampler.sample([policy.prefix(prompt) for prompt in asked], density, generator(3), 1)
    assert rollout.stopped.any() or density != Density()
    for row, prompt in enumerate(asked):
        own = rollout.mask[row]
        tokens = rollout.actions[row][own].tolist()
        assert own.nonzero()[0] == len(policy.prefix(prompt)) - 1
        assert len(tokens) == 8 or tokens[-1] in (0, 1)
        alone = whole_pass(policy, prompt, tokens, density)
        torch.testing.assert_close(rollout.log_probabilities[row][own], alone, atol=1e-4, rtol=0)


@pytest.mark.matrix(whole_in_ci=True)
@every_kind
@pytest.mark.parametrize(
    "settings", [{}, {"algorithm": "ppo"}, {"credit": "dense"}, {"replay": 0.5}, {"temperature": 1.3}]
)
def test_a_step_trains_on_its_samples_and_starts_at_the_base(kind: str, settings: dict[str, Any]) -> None:
    one = run(kind, **{"kl": 0.1, **settings})
    first = one.step().metrics
    assert first["kl_reference"] == 0.0
    assert first["mismatch"] < 1e-5
    later = [one.step().metrics for _ in range(3)][-1]
    assert later["kl_reference"] > 0.0
    assert later["mismatch"] < 1e-5


@every_kind
def test_a_prompt_is_processed_once_for_sampling_and_once_for_training(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompt = "It was a quiet day in the house by the sea, and the old man wrote a letter."
    one = run(kind, Task("one", (Pair(prompt, ""),)), group_size=12)
    read, model = [], one.policy.module.causal.base_model
    own_forward = model.forward

    def forward(**named: Any) -> Any:
        read.append(named["input_ids"].numel())
        return own_forward(**named)

    monkeypatch.setattr(model, "forward", forward)
    one.step()
    rows, places = 13, 8  # twelve sampled completions and a greedy one
    sampling = len(one.policy.prefix(prompt)) - 1 + rows * places
    learning = len(one.policy.prefix(prompt)) + places + (rows - 1) * places
    assert sum(read) <= sampling + 2 * learning  # the step's first pass, and the one that measures its update


def test_with_an_adapter_on_the_output_layer_neither_policy_nor_reference_reads_what_was_sampled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passes = []

    def forward(network: PretrainedNetwork, *given: Any, own: Any = PretrainedNetwork.forward) -> Any:
        passes.append(network)
        return own(network, *given)

    monkeypatch.setattr(PretrainedNetwork, "forward", forward)
    for targets, count in (("lm_head", 0), ("q_proj,lm_head", 2)):
        one = run("llama", kl=0.1, lora_targets=targets)
        assert one.step().metrics["kl_reference"] == 0.0
        passes.clear()
        assert one.step().metrics["kl_reference"] > 0.0
        assert len(passes) == count


@every_kind
def test_a_shared_prompt_has_the_gradient_of_every_text_alone(kind: str) -> None:
    policy = run(kind).policy
    texts = (" cat sat", " cat ran", " dog", "")
    pairs = [Pair(prompt, text) for prompt in PROMPTS for text in texts]
    reading = policy.reading(pairs)
    kinds = [pair.prompt for pair in pairs]
    slopes = []
    for prefixes in (prefixes_of([reading], kinds), prefixes_of([reading])):
        losses = token_losses(policy.distribution_after(prefixes, Density()), prefixes.prefix_index, reading)
        slopes.append(torch.autograd.grad(losses.square().sum(), policy.trainable_parameters()))
    for shared, alone in zip(*slopes, strict=True):
        torch.testing.assert_close(shared, alone, atol=1e-4, rtol=1e-4)


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize(
    "settings",
    [
        {}, {"algorithm": "ppo", "temperature": 1.3, "top_k": 20}, {"entropy": 0.1},
        {"control_variate": "regression", "reward": "charset(\"e\")"}, {"lora_targets": "lm_head"},
        {"lora_targets": "q_proj,lm_head", "algorithm": "ppo"}, {"lora_rank": 0, "lr_schedule": "kl"},
    ],
)  # fmt: skip
def test_little_memory_for_logits_changes_no_step(settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run("llama", kl=0.1, **settings)
    steps = [whole.step().metrics for _ in range(3)]
    monkeypatch.setattr(chunked_distribution, "LOGITS_MEMORY", 300 * 4 * chunked_distribution.LOGIT_COPIES * 5)
    parted = run("llama", kl=0.1, **settings)
    for wanted in steps:
        found = parted.step().metrics
        for name in (*wanted.keys() - {"seconds_sample", "seconds_score", "seconds_learn"},):
            assert found[name] == pytest.approx(wanted[name], rel=1e-3, abs=1e-4), name


@pytest.mark.matrix(whole_in_ci=True)
@every_kind
@pytest.mark.parametrize("rank", [0, 2])
def test_only_the_trained_weights_change(kind: str, rank: int) -> None:
    one = run(kind, lora_rank=rank)
    base, adapter = base_weights(one.policy), weights(one)
    assert all("lora_" in name for name in adapter) == bool(rank)
    assert bool(base) == bool(rank)
    one.step()
    assert same_weights(base, base_weights(one.policy))
    assert not any(torch.equal(before, weights(one)[name]) for name, before in adapter.items() if "lora_B" in name)
    assert not same_weights(adapter, weights(one))


@every_kind
@pytest.mark.parametrize("settings", [{"lora_targets": "lm_head"}, {"lora_rank": 0}])
def test_frozen_logits_stay_when_the_output_layer_is_trained(kind: str, settings: dict[str, Any]) -> None:
    network = run(kind, **settings).policy.network
    reference, features = network.reference(), torch.randn(5, network.width)
    frozen = [each.frozen_logits() for each in (network, reference)]
    before = network.logits(features)
    with torch.no_grad():
        for parameter in network.trainable_parameters():
            parameter.add_(0.1)
    assert not torch.equal(network.logits(features), before)
    for logits in frozen:
        torch.testing.assert_close(logits(features), before)
        assert not logits(features).requires_grad


@every_kind
def test_the_stop_token_has_a_gradient(kind: str) -> None:
    policy = run(kind).policy
    loss = policy.losses(policy.reading([Pair("The", " cat")]))
    stops = policy.losses(policy.reading([Pair("The", "")]))
    for each in (loss, stops):
        slopes = torch.autograd.grad(each.sum(), policy.trainable_parameters(), retain_graph=True)
        assert sum(slope.abs().sum() for slope in slopes) > 0


@pytest.mark.exhaustive
@every_kind
def test_the_steps_after_a_restored_state_are_the_same_bit_for_bit(kind: str) -> None:
    one, other = (run(kind, kl=0.1, control_variate="regression") for _ in range(2))
    for _ in range(3):
        one.step()
    other.restore(one.state())
    assert same_state(one.state(), other.state())
    assert [numbers(one.step()) for _ in range(3)] == [numbers(other.step()) for _ in range(3)]
    assert same_state(one.state(), other.state())


def test_a_checkpoint_in_bfloat16_is_trained_in_float32() -> None:
    policy = run("llama", model=model_folder("llama", "bfloat16")).policy
    assert {value.dtype for value in policy.module.parameters()} == {torch.float32}


@every_kind
def test_a_reference_stays_at_the_initial_policy(kind: str) -> None:
    one = run(kind)
    pairs = [Pair("The", " cat sat")]
    before = one.policy.cross_entropy(pairs)
    reference = one.policy.reference()
    for _ in range(2):
        one.step()
    assert reference.cross_entropy(pairs) == before
    assert one.policy.cross_entropy(pairs) != before
    assert same_weights(reference.saved_state(), reference.reference().saved_state())


def test_a_text_is_learned_by_a_warm_start() -> None:
    task = Task("one", (Pair("The cat", " sat"),))
    warm = run("llama", task, warm_start="60", group_size=12)
    before = warm.policy.cross_entropy(task.training)[0]
    warm_up(warm, 60)
    assert warm.policy.cross_entropy(task.training)[0] < 0.8 * before


@pytest.mark.exhaustive
def test_the_default_rate_moves_adapters_of_every_rank_equally() -> None:
    rates = {rank: run("llama", lora_rank=rank, lr=None).plan.config.lr for rank in (0, 2, 8, 16)}
    assert rates[2] == pytest.approx(4 * rates[8], rel=0.05)
    assert rates[16] == pytest.approx(rates[8] / 2, rel=0.05)
    assert rates[0] < rates[16]


def test_a_kl_limit_gives_an_adapter_its_own_weight() -> None:
    adapted = run("llama", kl_limit=0.5)
    scratch = run("llama", model="gru-nano", algorithm="grpo", kl_limit=0.5)
    assert adapted.plan.config.kl > scratch.plan.config.kl > 0
    assert adapted.plan.config.kl_limit == 0.5


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize(
    "settings", [{"dropout": 0.1}, {"control_variate": "potential"}], ids=lambda settings: next(iter(settings))
)
def test_settings_that_a_pretrained_model_lacks_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(InputError) as refused:
        run("llama", **settings)
    assert refused.value.field == next(iter(settings))


def test_an_adapter_is_refused_for_a_network_from_scratch() -> None:
    with pytest.raises(InputError) as refused:
        run("llama", model="gru-nano", lora_rank=4)
    assert refused.value.field == "lora_rank"


@pytest.mark.exhaustive
@every_kind
def test_an_output_layers_adapter_learns_the_same_from_the_features_that_sampling_computed(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, computed = (run(kind, lora_targets="lm_head", kl=0.1, optimizer="sgd") for _ in range(2))
    kept.step()
    monkeypatch.setattr(Batch, "features", lambda batch, policy: policy.features(batch.prefixes, batch.masks))
    computed.step()
    for name, value in kept.policy.saved_state().items():
        assert torch.allclose(value, computed.policy.saved_state()[name], atol=1e-5), name
