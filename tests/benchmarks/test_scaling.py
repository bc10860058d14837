"""The formulas of docs/scaling.md: they agree with themselves, with published models, and with the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgplay.policies.families.catalogue import model_spec
from tests.benchmarks.scaling.gpus import COUNTS, GPUS, MODELS, outlook, table
from tests.benchmarks.scaling.step_time import Costs, Network, Work, exchanges, fitted, step_seconds

PAGE = Path(__file__).parents[2] / "docs" / "scaling.md"
PUBLISHED = {
    "SmolLM2-135M": 134_515_008,
    "Qwen2.5-0.5B": 494_032_768,
    "Llama-3.1-8B": 8_030_261_248,
    "Llama-3.1-70B": 70_553_706_496,
}
COSTS = Costs(column=1e-4, draw=3e-9, sampling_rate=2e10, update=0.01, learning_rate=3e10, score=1e-7)


def network() -> Network:
    spec = model_spec("transformer-small")
    return Network(spec, 28, spec.parameter_count(28))


def work(rows: float, processes: int = 1) -> Work:
    return Work(rows, tokens=32, prompts=1, prompt=1, target=31, processes=processes)


def test_the_models_of_the_page_have_their_published_numbers_of_parameters() -> None:
    assert {name: model.spec.parameter_count(model.vocabulary) for name, model in MODELS.items()} == PUBLISHED


def test_the_costs_are_found_from_the_times_of_two_batches() -> None:
    runs = [(own, step_seconds(network(), own, COSTS)) for own in (work(16), work(128))]
    assert fitted(network(), runs, COSTS.draw) == pytest.approx(COSTS)


def test_two_processes_divide_the_arithmetic_and_nothing_else() -> None:
    one, two = (step_seconds(network(), work(64, count), COSTS) for count in (1, 2))
    assert two.score == one.score
    assert one.learn / 2 < two.learn < one.learn
    assert one.sample / 2 < two.sample < one.sample
    assert (one.exchange, exchanges(network(), work(64))) == (0.0, 0)


@pytest.mark.parametrize("name", MODELS)
def test_more_gpus_take_less_memory_on_each_and_hold_more_completions(name: str) -> None:
    outlooks = [outlook(MODELS[name], GPUS["h100"], count) for count in COUNTS]
    memory = [found.memory.total for found in outlooks]
    assert memory == sorted(memory, reverse=True)
    rows = [found.most_rows for found in outlooks]
    assert rows == sorted(rows)


def test_the_page_shows_the_computed_table() -> None:
    assert table(GPUS["h100"]) in PAGE.read_text(encoding="utf-8")
