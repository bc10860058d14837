"""The formulas of docs/scaling.md: they agree with themselves, with published models, and with the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgplay.policies.families.catalogue import model_spec
from tests.benchmarks.scaling.gpus import COUNTS, GPUS, MODELS, outlook, table
from tests.benchmarks.scaling.step_time import Costs, Network, Seconds, Work, exchanges, fitted, gradients, step_seconds

PAGE = Path(__file__).parents[2] / "docs" / "scaling.md"
PUBLISHED = {
    "SmolLM2-135M": 134_515_008,
    "Qwen2.5-0.5B": 494_032_768,
    "Llama-3.1-8B": 8_030_261_248,
    "Llama-3.1-70B": 70_553_706_496,
}
COSTS = Costs(
    column=1e-4, sampled=1e-7, sampling_rate=2e10, update=0.01, learned=2e-6, learning_rate=3e10, score=1e-7,
    latency=4e-4, bandwidth=3e9,
)  # fmt: skip


def network() -> Network:
    spec = model_spec("transformer-small")
    return Network(spec, 28, spec.parameter_count(28))


def work(rows: int, processes: int = 1) -> Work:
    return Work(rows, tokens=32, prompts=1, prompt=1, target=31, processes=processes)


def test_the_models_of_the_page_have_their_published_numbers_of_parameters() -> None:
    assert {name: model.spec.parameter_count(model.vocabulary) for name, model in MODELS.items()} == PUBLISHED


def stages(own: Work, costs: Costs) -> Seconds:
    """Return the time of a step by its stages, with the exchanges in them."""
    seconds, (sampling, scoring, learning) = step_seconds(network(), own, costs), exchanges(network(), own)
    return Seconds(
        seconds.sample + sampling * costs.latency,
        seconds.score + scoring * costs.latency,
        seconds.learn + learning * costs.latency + gradients(network(), own) / costs.bandwidth,
    )


def test_the_costs_are_found_from_the_times_of_two_batches_on_one_process_and_on_two() -> None:
    cases = [work(rows, processes) for rows in (16, 128) for processes in (1, 2)]
    runs = [(case, stages(case, COSTS)) for case in cases]
    assert fitted(network(), runs, COSTS.bandwidth) == pytest.approx(COSTS)


def test_no_cost_is_below_zero_where_the_times_of_two_batches_contradict_the_formulas() -> None:
    runs = [(work(rows, processes), stages(work(16), COSTS)) for rows in (16, 128) for processes in (1, 2)]
    costs = fitted(network(), runs, COSTS.bandwidth)
    assert min(costs) >= 0.0
    assert step_seconds(network(), work(16), costs).sample == pytest.approx(stages(work(16), COSTS).sample)


def test_two_processes_divide_the_arithmetic_and_nothing_else() -> None:
    one, two = (step_seconds(network(), work(64, count), COSTS) for count in (1, 2))
    assert two.score == one.score
    assert one.learn / 2 < two.learn < one.learn
    assert one.sample / 2 < two.sample < one.sample
    assert (one.exchange, sum(exchanges(network(), work(64)))) == (0.0, 0)
    assert two.exchange == pytest.approx(15 * COSTS.latency + gradients(network(), work(64, 2)) / COSTS.bandwidth)


@pytest.mark.parametrize("name", MODELS)
def test_more_gpus_take_less_memory_on_each_and_hold_more_completions(name: str) -> None:
    outlooks = [outlook(MODELS[name], GPUS["h100"], count) for count in COUNTS]
    memory = [found.memory.total for found in outlooks]
    assert memory == sorted(memory, reverse=True)
    rows = [found.most_rows for found in outlooks]
    assert rows == sorted(rows)


def test_the_page_shows_the_computed_table() -> None:
    assert table(GPUS["h100"]) in PAGE.read_text(encoding="utf-8")
