"""Before the first step: samples and rewards of a pretrained model, the cost of a step, and too little memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from pgplay.config.run_config import make_config
from pgplay.errors import InputError
from pgplay.learning import memory
from pgplay.learning.first_look import FIRST_COMPLETIONS, first_look
from pgplay.learning.inputs import read_inputs
from pgplay.learning.memory import memory_of
from pgplay.learning.plan import make_plan, read_plan
from pgplay.learning.reports.first_look import FirstLook
from pgplay.learning.trainer import Trainer
from pgplay.limits import free_memory
from pgplay.locale.catalog import finding_text, text_of
from pgplay.rewards.reward import build_reward
from pgplay.tasks.task import Pair, Task
from pgplay.worker.session.preparation import prepare
from tests.learning.helpers import numbers
from tests.pretrained.models import KINDS, model_folder
from tests.worker.helpers import own_rewards

TASK = Task("one", (Pair("The cat", ""),))
SETTINGS: dict[str, Any] = {
    "target": "", "reward": "distinct", "max_length": 8, "batch_size": 16, "until": "never",
    "device": "cpu", "threads": 1,
}  # fmt: skip


def trainer(kind: str = "llama", **settings: Any) -> Trainer:
    config = make_config({**SETTINGS, "model": model_folder(kind), **settings})
    return Trainer(make_plan(config, read_inputs(config)._replace(task=TASK)), build_reward(config.reward))


def look_at(one: Trainer) -> FirstLook:
    return first_look(one.plan, one.policy, one.reward)


def kinds(look: FirstLook) -> list[str]:
    return [finding.kind for finding in look.findings]


@pytest.mark.parametrize("kind", KINDS)
def test_a_look_counts_completions_and_does_not_affect_the_run(kind: str) -> None:
    one, other = trainer(kind), trainer(kind)
    look = look_at(one)
    assert look.completions == FIRST_COMPLETIONS
    assert 0 < look.distinct <= FIRST_COMPLETIONS
    assert 0.0 < look.mean <= 1.0
    assert look.seconds > 0
    assert {sample.role for sample in look.samples} == {"top", "upper", "middle", "lower", "bottom"}
    assert numbers(one.step()) == numbers(other.step())


def test_problems_that_prevent_learning_are_found_before_the_first_step() -> None:
    tied = look_at(trainer(reward='contains("zzzzzz")'))
    assert tied.earning == 0.0
    assert "first-tied" in kinds(tied)
    cut = look_at(trainer(max_length=1))
    assert "first-cut" in kinds(cut)
    alike = look_at(trainer(temperature=0.05, top_k=1))
    assert "first-alike" in kinds(alike)
    assert "first-tied" not in kinds(alike)
    sentences = [finding_text(one.kind, one.values) for look in (tied, cut, alike) for one in look.findings]
    assert not [text for text in sentences if "{" in text or text.startswith("finding.")]
    assert not [fact for fact in tied.facts if text_of(*fact) == fact[0]]


def test_more_and_longer_completions_take_more_memory_and_an_adapter_less_than_all_weights() -> None:
    def predicted(**settings: Any) -> Any:
        found = memory_of(trainer(**settings).plan)
        assert found is not None
        return found

    small = predicted()
    assert predicted(batch_size=32).total > small.total
    assert predicted(max_length=32).activations > small.activations
    assert predicted(lora_rank=0).optimiser > small.optimiser
    stored = (Path(model_folder("llama")) / "model.safetensors").stat().st_size
    assert small.weights == pytest.approx(stored, rel=0.05)
    own = trainer()
    assert small.adapter == 4 * sum(parameter.numel() for parameter in own.policy.trainable_parameters())
    assert memory_of(read_plan(make_config({**SETTINGS, "target": "a", "model": "gru-nano"}))) is None


@pytest.mark.parametrize("settings", [{}, {"lora_targets": "lm_head"}, {"lora_rank": 0}])
def test_the_predicted_memory_for_logits_has_a_limit(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pgplay.policies.memory.LOGITS_MEMORY", 1000)
    found = memory_of(trainer(**settings).plan)
    assert found is not None
    assert found.logits == 1000


def test_a_run_without_enough_memory_is_refused_with_figures_before_anything_is_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = make_config({**SETTINGS, "model": model_folder("llama"), "batch_size": 4096})
    monkeypatch.setattr(memory, "free_memory_on", lambda device: 100_000_000)
    monkeypatch.setattr(torch.nn.Module, "__init__", lambda *_: pytest.fail("a network was built"))
    with pytest.raises(InputError) as refused:
        prepare(config, read_inputs(config), own_rewards(config))
    assert refused.value.field == "batch_size"
    assert "100 MB are free" in refused.value.problem
    assert "smaller" in refused.value.remedy


def test_free_memory_is_a_plausible_number_where_the_system_reports_it() -> None:
    free = free_memory()
    assert free is None or 2**20 < free < 2**50
