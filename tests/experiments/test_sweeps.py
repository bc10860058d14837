"""Sweeps as they are stored: one thing to list, look at, rename and delete, made of runs that name it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgplay.config.run_config import make_config
from pgplay.errors import InputError, PgplayError, coded
from pgplay.experiments.hacking import HackedRewards
from pgplay.experiments.sweep_list import in_no_sweep, list_sweeps
from pgplay.experiments.sweep_training import begin_sweep
from pgplay.experiments.sweep_view import SweepReader
from pgplay.experiments.sweeps import (
    FailedStart,
    add_seeds,
    delete_sweep,
    find_same,
    open_sweep,
    plan_seeds,
    rename_sweep,
    write_sweep_note,
)
from pgplay.experiments.yardstick import choose_yardstick
from pgplay.learning.reports.step_report import StepReport
from pgplay.runs.store import RunStore
from pgplay.runs.summaries import list_runs
from tests.experiments.made import entries
from tests.experiments.stored_sweeps import ROWS, store_seed, store_sweep


def states(name: str) -> list[str]:
    return [" ".join(seed.state for seed in row) for row in SweepReader(name).look().rows]


def test_a_sweep_is_one_line_that_counts_its_runs_and_leaves_others_alone() -> None:
    sweep = store_sweep()
    with RunStore.create(make_config(ROWS[0]), "mine") as run:
        run.finish("finished")
    swept = [store_seed(sweep, 0, 0), store_seed(sweep, 1, 0, "failed"), store_seed(sweep, 1, 1, "paused")]
    (summary,) = list_sweeps(list_runs())
    assert (summary.name, summary.state, summary.ended, summary.planned) == (sweep.name, "interrupted", 2, 6)
    assert (summary.algorithm, summary.reward, summary.target) == ("grpo, rloo", "levenshtein", "hi")
    assert summary.size == "2 rows × 3 seeds"
    assert sorted(summary.runs) == sorted(swept)
    assert [run.name for run in in_no_sweep(list_runs(), [summary])] == ["mine"]
    with sweep.claimed():
        assert open_sweep(sweep.name).state == "training"
        with pytest.raises(InputError, match="is being trained"):
            delete_sweep(sweep.name)


def test_every_seed_has_the_state_of_its_run() -> None:
    sweep = store_sweep()
    reader = SweepReader(sweep.name)
    assert reader.look().ended == 0
    for row, seed, state in ((0, 0, "solved"), (0, 1, "finished"), (1, 0, "failed"), (1, 1, "paused")):
        store_seed(sweep, row, seed, state)
    view = reader.look()
    assert [[seed.state for seed in row] for row in view.rows] == [
        ["reached", "not reached", "waiting"],
        ["failed", "interrupted", "waiting"],
    ]
    assert view.ended == 3
    assert [result.solved for result in view.summary().results] == [1, 0]


def test_a_failure_before_a_run_is_stored_is_shown() -> None:
    sweep = store_sweep()
    sweep.change(failed_starts=(FailedStart(1, 2, ("ending.stopped", {})),))
    assert states(sweep.name) == ["waiting waiting waiting", "waiting waiting failed"]


def test_a_run_that_was_changed_or_belongs_to_another_sweep_does_not_count() -> None:
    sweep, other = store_sweep(), store_sweep()
    store_seed(other, 0, 0)
    changed = store_seed(sweep, 0, 1)
    with RunStore.open(changed) as run:
        run.change_event(1, {"lr": 0.5})
    assert states(sweep.name)[0] == "waiting waiting waiting"
    sweep.change(takes_others=True)
    assert states(sweep.name)[0] == "reached waiting waiting"


def test_deleting_takes_the_runs_along_and_nothing_else() -> None:
    sweep, other = store_sweep(), store_sweep()
    store_seed(sweep, 0, 0)
    kept = store_seed(other, 0, 0)
    delete_sweep(sweep.name)
    assert [run.name for run in list_runs()] == [kept]
    assert [summary.name for summary in list_sweeps(list_runs())] == [other.name]


def test_a_renamed_sweep_keeps_its_runs_and_its_name_is_no_runs() -> None:
    sweep = store_sweep()
    run = store_seed(sweep, 0, 0)
    with pytest.raises(InputError, match="already"):
        rename_sweep(sweep.name, run)
    rename_sweep(sweep.name, "rewards of hi")
    write_sweep_note("rewards of hi", "for the talk")
    (summary,) = list_sweeps(list_runs())
    assert (summary.name, summary.note, summary.runs) == ("rewards of hi", "for the talk", (run,))
    with pytest.raises(InputError, match="already"):
        RunStore.create(make_config({}), "Rewards of hi")


def test_a_damaged_sweep_is_listed_with_its_reason_and_its_runs_one_by_one(home: Path) -> None:
    sweep = store_sweep()
    run = store_seed(sweep, 0, 0)
    (sweep.folder / "sweep.json").write_text('{"identity": 3}')
    (summary,) = list_sweeps(list_runs())
    assert summary.state == "unreadable"
    assert "damaged" in summary.problem
    assert [left.name for left in in_no_sweep(list_runs(), [summary])] == [run]
    with pytest.raises(PgplayError, match="damaged"):
        open_sweep(sweep.name)
    delete_sweep(sweep.name)
    assert [left.name for left in list_runs()] == [run]


def test_the_same_recipes_continue_their_sweep_and_others_begin_one() -> None:
    rows = entries(*ROWS)
    yardstick = choose_yardstick(rows)
    sweep = begin_sweep(rows, [[0, 1]], yardstick, resume=False)
    assert begin_sweep(rows, [[0]], yardstick, resume=True).plan.seeds == [0, 1]
    again = begin_sweep(rows, [[0, 1, 2]], yardstick, resume=True)
    assert (again.name, again.plan.seeds, again.plan.takes_others) == (sweep.name, [0, 1, 2], True)
    assert begin_sweep(rows, [[0]], yardstick, resume=False).name != sweep.name
    others = entries(ROWS[0], {**ROWS[1], "lr": 0.5})
    assert find_same(others, yardstick.name) is None


def test_more_seeds_are_a_further_look_with_seeds_that_were_not_used() -> None:
    first = tuple(range(2, 10))
    sweep = add_seeds(store_sweep(seeds=first), 2)
    assert (sweep.plan.looks, sweep.plan.begun) == ((first, (10, 11)), 2)
    assert not sweep.plan.finished
    summary = SweepReader(sweep.name).look().summary()
    assert summary.looks == 2
    with pytest.raises(InputError, match="seed"):
        add_seeds(sweep, 0)


def test_seeds_that_are_too_few_for_a_test_were_no_look() -> None:
    assert add_seeds(store_sweep(seeds=[4, 7]), 2).plan.looks == ((4, 7, 8, 9),)


def test_further_seeds_count_as_a_look_however_they_are_asked_for() -> None:
    rows = entries(*ROWS)
    sweep = begin_sweep(rows, [range(10)], choose_yardstick(rows), resume=False)
    assert plan_seeds(sweep, [range(20)]).plan.looks == (tuple(range(10)), tuple(range(10, 20)))
    anew = plan_seeds(sweep, [range(8), range(8, 16), range(16, 32)])
    assert anew.plan.looks == (tuple(range(10)), tuple(range(10, 16)), tuple(range(16, 32)))
    assert anew.plan.begun == 1
    assert plan_seeds(sweep, [range(20, 30)]).plan.looks == (tuple(range(20, 30)),)


def test_a_reward_that_rises_while_a_measure_falls_is_named() -> None:
    rows = [{**row, "measure": ["lcs"]} for row in ROWS]
    sweep = store_sweep(rows, ranked_by="lcs")
    for seed in range(3):
        store_seed(sweep, 0, seed, "finished", steps=8, measure="lcs", values=[0.2, 0.5, 0.8, 0.9, 0.9, 0.9, 0.9, 0.9])
        store_seed(sweep, 1, seed, "finished", steps=8, measure="lcs", values=[0.2, 0.5, 0.8, 0.9, 0.7, 0.5, 0.3, 0.2])
    summary = SweepReader(sweep.name).look().summary()
    assert HackedRewards().named(summary) == {1: coded("hacked.measure", measure="lcs", runs=3, of=3)}


def test_a_reward_that_is_nearly_the_most_for_another_text_is_named() -> None:
    sweep = store_sweep()
    for seed in range(3):
        store_seed(sweep, 0, seed, "finished", greedy_reward=0.97, exact_match=0.0)
        store_seed(sweep, 1, seed, "finished", greedy_reward=0.97, exact_match=0.0 if seed == 0 else 1.0)
    summary = SweepReader(sweep.name).look().summary()
    assert HackedRewards().named(summary) == {0: coded("hacked.target", runs=3, of=3)}


def test_a_run_of_a_sweep_in_progress_is_followed() -> None:
    sweep = store_sweep()
    reader = SweepReader(sweep.name)
    config = make_config({"seed": 1}, sweep.entries[0].config)
    with RunStore.create(config, "live", sweep=sweep.plan.identity) as run:
        run.record(StepReport(1, 0.1, 64, {"reward_mean": 0.25}, (), solved=False))
        first = reader.look().rows[0][1]
        run.record(StepReport(2, 0.2, 128, {"reward_mean": 0.5}, (), solved=False))
        second = reader.look().rows[0][1]
        run.finish("solved")
    assert [(seed.state, seed.steps, seed.reward) for seed in (first, second)] == [
        ("training", 1, 0.25),
        ("training", 2, 0.5),
    ]
    assert reader.look().rows[0][1].state == "reached"
