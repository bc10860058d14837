"""The pretrained family with a real model: SmolLM2-135M-Instruct. Run by hand; see README.md."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import pytest
import torch

from pgplay.config.presets import load_preset, preset_names
from pgplay.config.run_config import make_config
from pgplay.learning.inputs import read_inputs
from pgplay.learning.plan import make_plan
from pgplay.learning.trainer import Trainer
from pgplay.model_places import hub_model
from pgplay.policies.density import Density
from pgplay.rewards.reward import build_reward
from pgplay.tasks.task import Pair, Task
from pgplay.worker.session.model_folders import export_folder
from pgplay.worker.session.session import Session
from tests.learning.helpers import numbers, same_state
from tests.policies.helpers import generator
from tests.pretrained.smollm2 import PACKAGE, VARIABLE, named_model, smollm2_folder
from tests.pretrained.test_training import whole_pass

pytestmark = [
    pytest.mark.nightly,
    pytest.mark.skipif(not named_model(), reason=f"neither {VARIABLE} nor the package {PACKAGE} is there"),
]
THINGS = ("winter", "an old clock that nobody has wound for years", "the sea", "a cat")
RAGGED = Task("things", tuple(Pair(f"Write one sentence about {thing}.", "") for thing in THINGS))
PRESETS = [preset.name for preset in preset_names() if hub_model(preset.settings.get("model", "auto"))]
NO_E = '1 - regex("[A-Za-z]*[eE][A-Za-z]*")'


def run(**settings: Any) -> Trainer:
    chosen = {
        "model": smollm2_folder(), "reward": NO_E, "max_length": 16, "batch_size": 16, "group_size": 4,
        "until": "never", "device": "cpu", "algorithm": "rloo", "kl": 0.05, **settings,
    }  # fmt: skip
    config = make_config(chosen)
    return Trainer(make_plan(config, read_inputs(config)._replace(task=RAGGED)), build_reward(config.reward))


def test_samples_have_the_probabilities_of_each_text_alone() -> None:
    policy = run().policy
    prompts = [pair.prompt for pair in RAGGED.training] * 2
    rollout = policy.sampler.sample([policy.prefix(prompt) for prompt in prompts], Density(), generator(3))
    for row, prompt in enumerate(prompts):
        own = rollout.mask[row]
        alone = whole_pass(policy, prompt, rollout.actions[row][own].tolist(), Density())
        torch.testing.assert_close(rollout.log_probabilities[row][own], alone, atol=1e-4, rtol=0)


def test_it_starts_at_the_base_trains_on_its_samples_and_resumes_bit_for_bit() -> None:
    one = run(batch_size=8, group_size=2)
    first = one.step().metrics
    assert first["kl_reference"] == 0.0
    assert first["mismatch"] < 1e-4
    state = one.state()
    later = [one.step() for _ in range(2)]
    assert later[-1].metrics["kl_reference"] > 0.0
    assert all(report.metrics["mismatch"] < 1e-4 for report in later)
    other = run(batch_size=8, group_size=2)
    other.restore(state)
    assert [numbers(other.step()) for _ in range(2)] == [numbers(report) for report in later]
    assert same_state(one.state(), other.state())


def test_the_reward_rises_within_a_few_steps() -> None:
    one = run(kl=0.0, lr=0.001, temperature=0.7)
    means = [one.step().metrics["reward_mean"] for _ in range(10)]
    assert statistics.fmean(means[-3:]) > statistics.fmean(means[:3]) + 0.1


@pytest.mark.parametrize("name", PRESETS)
def test_each_preset_for_it_makes_a_step(name: str) -> None:
    settings = {**load_preset(name).settings, "batch_size": 8, "model": smollm2_folder(), "device": "cpu"}
    config = make_config(settings)
    one = Trainer(make_plan(config, read_inputs(config)), build_reward(config.reward))
    metrics = one.step().metrics
    assert metrics.get("kl_reference", 0.0) == 0.0
    assert metrics["mismatch"] < 1e-4


def test_the_trained_policy_is_loaded_by_plain_transformers(tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    config = make_config(
        {"model": smollm2_folder(), "target": "", "reward": NO_E, "max_length": 8, "batch_size": 8, "until": "never"}
    )
    session = Session.begin(config, read_inputs(config))
    session.step()
    session.save_policy("smol")
    own = session.need_policy().module.causal
    tokens = torch.tensor([session.need_policy().prefix("The cat sat on the mat")])
    folder = export_folder("smol", tmp_path / "whole", "hf")
    loaded = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    with torch.no_grad():
        torch.testing.assert_close(loaded(input_ids=tokens).logits, own(input_ids=tokens).logits, atol=1e-3, rtol=0)
    session.close("stopped")
