"""The claims of the presets, checked by training each of them."""

import statistics
from collections.abc import Sequence

import pytest

from pgplay.config.preset_file import Preset
from pgplay.config.presets import load_preset, preset_names
from pgplay.config.run_config import make_config
from pgplay.learning.inputs import read_inputs
from pgplay.learning.plan import read_plan
from pgplay.learning.reports.diagnosis import Diagnosis
from pgplay.learning.reports.step_report import StepReport
from pgplay.learning.schedules.entropy_weight import COLLAPSED
from pgplay.learning.trainer import Trainer
from pgplay.model_places import hub_model, is_pretrained
from pgplay.rewards.reward import build_reward
from pgplay.worker.session.session import Session
from tests.benchmarks import hacks
from tests.benchmarks.hacks import hack

MOST_COMPLETIONS = 150_000
IN_THE_BENCHMARK = {"copy"}
"""Trained over several seeds by tests/benchmarks/generalise.py, which takes a minute."""
OF_THE_HUB = [preset for preset in preset_names() if hub_model(preset.settings.get("model", "auto"))]
"""tests/pretrained/test_smollm2.py makes one step of each if their model is installed."""
LONG = [
    preset
    for preset in preset_names()
    if preset.name in ("proverb", "french")
    or (is_pretrained(preset.settings.get("model", "auto")) and preset not in OF_THE_HUB)
]
"""Each takes a minute or more."""
_ELSEWHERE = [*LONG, *OF_THE_HUB]
PRESETS = [preset for preset in preset_names() if preset.name not in IN_THE_BENCHMARK and preset not in _ELSEWHERE]
REACHING = [preset for preset in PRESETS if preset.solves]
FAILING = [
    preset
    for preset in PRESETS
    if not preset.solves and not preset.settings.get("held_out") and preset.name not in hacks.PRESETS
]
SEEDS = range(1, 4)
FEW_SEEDS = range(1, 2)
"""Some of the seeds of tests/benchmarks/hacks.py."""
LEARNT = 0.7
"""Exact match in training, a mean over `SEEDS`: 0.9 to 1 was measured, 0.8 to 1 for a single seed."""
SETS = [preset for preset in PRESETS if not preset.solves and preset.settings.get("held_out")]


def reaches_its_end(preset: Preset) -> bool:
    """Train `preset` unchanged until its end or its limit; return whether it reached its end."""
    config = preset.config()
    session = Session.begin(config, read_inputs(config))
    steps = preset.settings.get("steps") or MOST_COMPLETIONS // session.learner.plan.config.batch_size
    while session.step_count < steps and not session.should_stop():
        session.step()
    ending = session.should_stop()
    session.close("paused")
    return ending is not None and ending.cause != "steps"


def trained(preset: Preset, seed: int) -> list[StepReport]:
    """Return the steps of a run of `preset` with another seed, to its own limit or until it is solved."""
    config = make_config({**preset.settings, "seed": seed})
    session = Session.begin(config, read_inputs(config))
    reports = []
    while not session.should_stop():
        reports.append(session.step())
    session.close("paused")
    return reports


def said_of(reports: Sequence[StepReport]) -> list[set[str]]:
    """Return the kinds of findings after each of these steps."""
    diagnosis = Diagnosis()
    said = []
    for report in reports:
        diagnosis.add(report)
        said.append({finding.kind for finding in diagnosis.findings()})
    return said


@pytest.mark.training
@pytest.mark.parametrize("preset", REACHING, ids=lambda one: one.name)
def test_a_preset_that_claims_to_solve_its_task_does(preset: Preset) -> None:
    assert reaches_its_end(preset)


@pytest.mark.nightly
@pytest.mark.parametrize("preset", LONG, ids=lambda one: one.name)
def test_a_preset_that_takes_long_ends_as_it_says(preset: Preset) -> None:
    assert reaches_its_end(preset) == preset.solves


@pytest.mark.training
@pytest.mark.parametrize("preset", FAILING, ids=lambda one: one.name)
def test_a_preset_that_shows_how_learning_fails_ends_unsolved(preset: Preset) -> None:
    assert preset.settings["steps"] > 0
    assert not reaches_its_end(preset)


@pytest.mark.parametrize("preset", SETS, ids=lambda one: one.name)
def test_a_preset_about_prompts_holds_some_out(preset: Preset) -> None:
    plan = read_plan(preset.config())
    assert plan.task.held_out
    assert preset.settings["steps"] > 0


@pytest.mark.training
@pytest.mark.parametrize("seed", range(201, 203))
def test_the_collapse_is_flat_and_reported_within_30_steps(seed: int) -> None:
    reports = trained(load_preset("no-entropy"), seed)
    entropies = [report.metrics["entropy"] for report in reports]
    collapsed_at = 1 + max(step for step, entropy in enumerate(entropies, start=1) if entropy >= COLLAPSED)
    said = said_of(reports)
    assert collapsed_at <= len(reports) - 30
    assert "collapsed-entropy" in said[collapsed_at + 30 - 1]
    assert all("collapsed-entropy" in kinds for kinds in said[collapsed_at + 30 - 1 :])
    last = [report.metrics["reward_mean"] for report in reports[-30:]]
    assert max(last) - min(last) < 0.05
    assert max(last) < 0.5


def test_the_trap_and_its_remedy_differ_only_in_the_credit() -> None:
    trap, avoided = ({one.name: one for one in preset_names()}[name] for name in ("subsequence-trap", "trap-avoided"))
    assert avoided.settings == trap.settings | {"credit": "dense", "steps": avoided.settings["steps"]}


def test_the_collapse_of_a_pretrained_model_differs_only_in_the_kl() -> None:
    held, free = (load_preset(name).settings for name in ("story-no-letter-e", "story-collapse"))
    limits = {"kl", "kl_limit", "until", "steps"}
    assert {name for name in {*held, *free} if held.get(name) != free.get(name)} == limits


def test_hack_words_kl_differs_only_in_the_kl() -> None:
    free, held_back = (load_preset(name).settings for name in ("hack-words", "hack-words-kl"))
    assert held_back == free | {"kl": 0.05, "kl_limit": 0.2}


@pytest.mark.training
@pytest.mark.parametrize("name", ["hack-words", "hack-charset", "hack-chrf"])
@pytest.mark.parametrize("seed", FEW_SEEDS)
def test_a_hacked_reward_rises_while_its_measure_falls_and_both_are_reported(name: str, seed: int) -> None:
    run = hack(name, seed)
    assert run.reward[1] > run.reward[0]
    assert run.measure[1] < 0.95 * run.measure[0]
    assert run.said is not None


@pytest.mark.training
@pytest.mark.parametrize("seed", FEW_SEEDS)
def test_a_kl_limit_preserves_most_of_the_measure(seed: int) -> None:
    free, held_back = hack("hack-words", seed), hack("hack-words-kl", seed)
    assert held_back.measure[1] > 2 * free.measure[1]
    assert held_back.divergence < 0.3 < free.divergence


def test_the_comparators_differ_from_hello_only_in_the_algorithm() -> None:
    presets = {one.name: one for one in preset_names()}
    for name in ("supervised", "hill-climb", "random-search"):
        settings = {key: value for key, value in presets[name].settings.items() if key not in ("algorithm", "steps")}
        assert settings == presets["hello"].settings
        assert presets[name].settings["algorithm"] == name


def gap_after(name: str, seed: int, steps: int) -> tuple[float, float]:
    """Return the gap, and the exact match in training, after `steps` of a preset."""
    config = make_config({**load_preset(name).settings, "seed": seed})
    trainer = Trainer(read_plan(config), build_reward(config.reward))
    metrics = [trainer.step().metrics for _ in range(steps)][-1]
    return metrics["gap"], metrics["training_exact_match"]


@pytest.mark.training
def test_the_gap_opens_and_regularisation_closes_it() -> None:
    """docs/tasks.md has the figures of five seeds, after 300 steps, of every remedy.

    With 1 and 2 threads, with AVX2 and without, the gap of one seed was 0.16 to 0.28 (mean 0.21), with the remedies
    0.01 to 0.12 (0.06): a third of it. Three seeds drawn from these miss 0.6 of it once in some
    hundreds.
    """
    opened = [gap_after("overfit", seed, 120) for seed in SEEDS]
    closed = [gap_after("overfit-cured", seed, 120) for seed in SEEDS]
    for told in (opened, closed):
        assert statistics.fmean(exact for _, exact in told) > LEARNT
    assert min(gap for gap, _ in opened) > 0.1
    assert sum(gap for gap, _ in closed) < 0.6 * sum(gap for gap, _ in opened)


def test_the_remedies_differ_only_in_regularisation() -> None:
    sick, cured, stopped = (load_preset(name).settings for name in ("overfit", "overfit-cured", "overfit-stopped"))
    assert cured == sick | {"dropout": 0.2, "weight_decay": 0.5}
    assert stopped == sick | {"patience": 5}
