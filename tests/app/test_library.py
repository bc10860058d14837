"""The library and the list of runs, each with a home of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import DataTable, Input, Static

from pgplay.app.screens.dialogs.questions import AskDialog
from pgplay.app.screens.dialogs.write import WriteScreen
from pgplay.app.screens.library.policies import Library
from pgplay.app.screens.library.runs import Runs
from pgplay.app.widgets.dropdown import Dropdown
from pgplay.app.widgets.filter_field import FilterField
from pgplay.config.run_config import make_config
from pgplay.library.policies import list_policies, save_policy
from pgplay.library.policy_card import PolicyCard
from pgplay.policies.spec import FreshSpec
from pgplay.runs.branches import branch_run
from pgplay.runs.store import RunStore
from pgplay.runs.summaries import list_runs
from pgplay.tasks.task import Pair, Task, single_target
from pgplay.worker.protocol.commands import Start, Write
from pgplay.worker.protocol.events import Refused, Written
from tests.app.fake_worker import Bench, begin, coded, opened, sample, until
from tests.app.stored_runs import store_run
from tests.weights import weights


def keep(name: str, target: str = "hello world", *, task: Task | None = None, **settings: object) -> None:
    card = PolicyCard(
        name=name,
        shape=FreshSpec("gru-small", "abc", 14),
        task=task or single_target(target),
        reward="levenshtein",
        config={"target": target, **settings},
        metrics={"greedy_reward": 0.91},
        steps=40,
    )
    save_policy(card, weights(card))


def cells(bench: Bench) -> list[list[str]]:
    table = bench.app.screen.query_one(DataTable)
    return [[str(cell).strip() for cell in table.get_row_at(row)] for row in range(table.row_count)]


def hint(bench: Bench) -> str:
    return str(bench.app.screen.query_one("#page-hint", Static).render())


async def open_library(bench: Bench, pilot: Pilot[Any]) -> None:
    await begin(bench, pilot)
    await pilot.press("o")
    await until(pilot, lambda: isinstance(bench.app.screen, Library) and cells(bench))


async def test_saved_policies_are_listed_and_a_broken_one_with_its_reason(home: Path) -> None:
    keep("first", "two\nlines [/x]")
    keep("second")
    (home / "policies" / "second" / "policy.json").write_text("{}", encoding="utf-8")
    bench = Bench()
    async with bench.app.run_test(size=(160, 36)) as pilot:
        await begin(bench, pilot)
        await pilot.press("o")
        await until(pilot, lambda: isinstance(bench.app.screen, Library) and len(cells(bench)) == 3)
        assert cells(bench)[0][:5] == ["first", "two↵lines [/x]", "levenshtein", "gru-small", "0.91"]
        assert cells(bench)[1][1].startswith("✗")
        await pilot.press("down")
        await until(pilot, lambda: hint(bench).startswith("✗"))
        await pilot.press("w")
        assert isinstance(bench.app.screen, Library)
        await pilot.press("escape")
        assert bench.app.screen is bench.app.main


async def test_shipped_policies_are_listed_cannot_be_deleted_and_say_how_to_save_ones_own() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(80, 24)) as pilot:
        await open_library(bench, pilot)
        assert [row[0] for row in cells(bench)] == ["english"]
        assert "ships with pgplay" in hint(bench)
        assert "ctrl+s" in hint(bench)
        await pilot.press("delete", "n")
        assert isinstance(bench.app.screen, Library)
        greyed = {one.binding.action for one in bench.app.screen.active_bindings.values() if not one.enabled}
        assert greyed == {"rename", "delete"}
        await pilot.press("w")
        await until(pilot, lambda: isinstance(bench.app.screen, WriteScreen))


async def test_a_long_text_wraps() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(80, 24)) as pilot:
        await open_library(bench, pilot)
        await pilot.press("w")
        await until(pilot, lambda: isinstance(bench.app.screen, WriteScreen))
        texts = (sample("top", "x" * 150, 0.5, 40, target=""), sample("top", "y", 0.5, 40, target=""))
        await pilot.press("ctrl+w")
        bench.worker.answer(Written(policy="english", samples=texts, scored_by="distinct"))

        def lines() -> list[str]:
            return str(bench.app.screen.query_one("#texts", Static).render()).split("\n")

        await until(pilot, lambda: len(lines()) > 2)
        before = len(lines())
        assert all(line.startswith((" " * 8 + "x", "  0.50  ")) for line in lines())
        assert sum(line.count("x") for line in lines()) == 150
        await pilot.resize_terminal(60, 24)
        await until(pilot, lambda: len(lines()) > before)


@pytest.mark.exhaustive
async def test_rename_delete_export_and_import(tmp_path: Path) -> None:
    keep("first")
    keep("other")
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        await pilot.press("o")
        await until(pilot, lambda: isinstance(bench.app.screen, Library) and len(cells(bench)) == 3)
        library = bench.app.screen
        assert isinstance(library, Library)
        library.reload(select="first")

        async def answer(text: str) -> None:
            await until(pilot, lambda: bench.app.screen.query("#answer"))
            bench.app.screen.query_one("#answer", Input).value = text
            await pilot.press("enter")

        await pilot.press("n")
        await answer("other")
        assert "already a policy" in str(bench.app.screen.query_one(".problem", Static).render())
        await answer("renamed")
        await until(pilot, lambda: bench.app.screen is library and library.selected == "renamed")

        file = tmp_path / "kept.pgplay"
        await pilot.press("e")
        await answer(str(file))
        await until(pilot, lambda: bench.app.screen is library)
        assert file.is_file()

        await pilot.press("delete")
        await until(pilot, lambda: bench.app.screen.query("#no"))
        await pilot.press("escape")
        assert len(list_policies()) == 2
        await pilot.press("delete")
        await until(pilot, lambda: bench.app.screen.query("#yes"))
        await pilot.click("#yes")
        await until(pilot, lambda: [policy.name for policy in list_policies()] == ["other"])

        await pilot.press("i")
        await answer(str(tmp_path / "no-such-file"))
        assert "There is no file" in str(bench.app.screen.query_one(".problem", Static).render())
        await answer(str(file))
        await until(pilot, lambda: bench.app.screen is library and library.selected == "renamed")
        assert {policy.name for policy in list_policies()} == {"other", "renamed"}


async def test_writing_with_a_saved_policy() -> None:
    keep("first")
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await open_library(bench, pilot)
        await pilot.press("w")
        await until(pilot, lambda: isinstance(bench.app.screen, WriteScreen))
        screen = bench.app.screen
        screen.query_one("#temperature", Input).value = "hot"
        await pilot.press("enter")
        assert bench.sent(Write) == []
        screen.query_one("#temperature", Input).value = "0.5"
        screen.query_one("#count", Input).value = "3"
        await pilot.press("ctrl+w")
        await until(pilot, lambda: bench.sent(Write))
        assert bench.sent(Write) == [Write(policy="first", count=3, temperature=0.5)]
        bench.worker.answer(Written(policy="first", samples=(sample("top", "[/b]\x1b[2J", 0.5, 40),)))
        await until(pilot, lambda: "[/b]␛[2J" in str(screen.query_one("#texts", Static).render()))
        assert "0.50" not in str(screen.query_one("#texts", Static).render())
        scored = (sample("top", "hello", 0.5, 40),)
        bench.worker.answer(Written(policy="first", samples=scored, scored_by="levenshtein"))
        await until(pilot, lambda: "0.50" in str(screen.query_one("#texts", Static).render()))
        screen.query_one("#how", Dropdown).value = "greedy"
        await pilot.press("ctrl+w")
        assert bench.sent(Write)[-1] == Write(policy="first", count=1, temperature=0.5, greedy=True)
        bench.worker.answer(Refused(*coded("The policy is gone.")))
        await until(pilot, lambda: "The policy is gone." in str(screen.query_one("#texts", Static).render()))


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("width", [80, 140])
async def test_the_base_writes_beside_the_policy(width: int) -> None:
    keep("first")
    bench = Bench()
    async with bench.app.run_test(size=(width, 36)) as pilot:
        await open_library(bench, pilot)
        await pilot.press("w")
        await until(pilot, lambda: isinstance(bench.app.screen, WriteScreen))
        await pilot.press("ctrl+w")
        tuned = (sample("top", "tuned one", 0.75, 40, target=""), sample("top", "x" * 90, 0.25, 40, target=""))
        base = (sample("top", "base one", 0.5, 40, target=""), sample("top", "base two", 0.0, 40, target=""))
        written = Written(policy="first", samples=tuned, scored_by="distinct", other="base", other_samples=base)
        bench.worker.answer(written)

        def lines() -> list[str]:
            return str(bench.app.screen.query_one("#texts", Static).render()).split("\n")

        await until(pilot, lambda: any("base two" in line for line in lines()) and ("│" in lines()[0]) == (width > 80))
        if width == 80:
            assert [line[:11].strip() for line in lines() if not line.startswith(" ")] == ["trained", "base"] * 2
        else:
            title, first, *_ = ([part.strip() for part in line.split("│")] for line in lines())
            assert title == ["0.50  trained: mean reward", "0.25  base: mean reward"]
            assert first == ["0.75  tuned one", "0.50  base one"]
            assert len({line.index("│") for line in lines()}) == 1
        assert sum(line.count("x") for line in lines()) == 90


async def test_writing_starts_with_a_prompt_of_the_task_selected_for_replacement() -> None:
    keep("reverse", task=Task("reverse", (Pair("abc", "cba"), Pair("ab", "ba"))))
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await open_library(bench, pilot)
        await pilot.press("w")
        await until(pilot, lambda: isinstance(bench.app.screen, WriteScreen))
        await pilot.press("enter")
        await until(pilot, lambda: bench.sent(Write))
        await pilot.press("home", "shift+end", "x", "y", "enter")
        await until(pilot, lambda: len(bench.sent(Write)) == 2)
        assert [command.prompt for command in bench.sent(Write)] == ["abc", "xy"]


async def test_training_a_saved_policy_starts_with_its_settings() -> None:
    keep("first", "other text", model="gru-nano")
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await open_library(bench, pilot)
        await pilot.press("t")
        await until(pilot, lambda: bench.sent(Start))
        assert bench.sent(Start) == [
            Start(config=make_config({"target": "other text", "model": "gru-nano", "warm_start": "first"}))
        ]
        assert bench.app.main.setup.typed["target"] == "other text"


async def test_stored_runs_are_listed() -> None:
    RunStore.create(make_config({"target": "hello"}), "a-run").close()
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        await pilot.press("u")
        await until(pilot, lambda: isinstance(bench.app.screen, Runs) and cells(bench))
        assert cells(bench)[0][:2] == ["a-run", "hello"]
        assert "no checkpoint" in hint(bench)
        await pilot.press("enter")
        assert isinstance(bench.app.screen, Runs)


async def open_runs(bench: Bench, pilot: Pilot[Any]) -> None:
    await begin(bench, pilot)
    await pilot.press("u")
    await until(pilot, lambda: isinstance(bench.app.screen, Runs) and cells(bench))


def store_five_runs() -> None:
    for seed in range(3):
        store_run(f"seed-{seed}", 10 + seed, checkpoints=(), seed=seed, lr=0.01 if seed == 2 else None)
    store_run("leave-one-out", 40, checkpoints=(), algorithm="rloo")
    store_run("evening", 5, checkpoints=(), target="good evening", reward="prefix")


@pytest.mark.exhaustive
async def test_runs_are_told_apart_by_algorithm_reward_seed_and_differences() -> None:
    store_five_runs()
    bench = Bench()
    async with bench.app.run_test(size=(200, 50)) as pilot:
        await open_runs(bench, pilot)
        rows = {row[0]: row for row in cells(bench)}
        assert rows["seed-2"][1:6] == ["hello world", "grpo", "levenshtein", "2", "lr=0.01"]
        assert rows["leave-one-out"][1:6] == ["hello world", "rloo", "levenshtein", "0", ""]
        assert rows["evening"][1:6] == ["good evening", "grpo", "prefix", "0", ""]
        await pilot.resize_terminal(80, 24)
        shown = ["Run", "Algorithm", "Reward", "Seed", "Differs", "State"]
        table = bench.app.screen.query_one(DataTable)
        await until(pilot, lambda: [str(column.label) for column in table.columns.values()] == shown)


async def test_the_room_of_an_empty_column_goes_to_cells_that_are_cut() -> None:
    reward = "levenshtein + 0.5*prefix"
    store_run("weighted", 5, reward=reward, checkpoints=())
    store_run("plain", 5, checkpoints=())
    async with opened(size=(120, 36)) as (bench, pilot):
        await open_runs(bench, pilot)
        assert {row[3] for row in cells(bench)} == {reward, "levenshtein"}
        assert {row[5] for row in cells(bench)} == {""}


async def test_a_key_of_the_main_page_exports_the_present_run(tmp_path: Path) -> None:
    store_run("a-run", 5, checkpoints=())
    async with opened() as (bench, pilot):
        await pilot.press("X")
        await until(pilot, lambda: isinstance(bench.app.screen, Runs))  # without a run, the user chooses one there
        await pilot.press("escape")
        bench.worker.build("paused")
        await until(pilot, lambda: bench.app.state.has_run)
        await pilot.press("X")
        await until(pilot, lambda: isinstance(bench.app.screen, AskDialog))
        bench.app.screen.query_one("#answer", Input).value = str(tmp_path / "mine.csv")
        await pilot.press("enter")
        await until(pilot, lambda: (tmp_path / "mine.csv").exists())
        assert len((tmp_path / "mine.csv").read_text().splitlines()) == 6


async def test_letters_typed_in_one_burst_with_the_filters_key_go_into_it() -> None:
    for name in ("note", "other"):
        store_run(name, 5, checkpoints=())
    bench = Bench()
    async with bench.app.run_test(size=(100, 30)) as pilot:
        await begin(bench, pilot)
        await pilot.press("u")
        await until(pilot, lambda: isinstance(bench.app.screen, Runs) and cells(bench))
        for key, character in (("slash", "/"), *((letter, letter) for letter in "note")):  # n, o: page keys
            bench.app.post_message(Key(key, character))
        await until(pilot, lambda: bench.app.screen.query_one(DataTable).row_count == 1)
        assert isinstance(bench.app.screen, Runs)
        await pilot.press("s")
        assert bench.app.screen.query_one(FilterField).value == "notes"


async def test_runs_are_filtered_and_sorted() -> None:
    store_five_runs()
    bench = Bench()
    async with bench.app.run_test(size=(160, 36)) as pilot:
        await open_runs(bench, pilot)
        await pilot.press("slash", *"GRPO", "space", *"world", "enter")
        await until(pilot, lambda: [row[0] for row in cells(bench)] == ["seed-2", "seed-1", "seed-0"])
        await pilot.press("s")
        best = ["seed-2", "seed-1", "seed-0"]
        await until(pilot, lambda: "best reward first" in str(bench.app.screen.query_one("#listing-title").render()))
        assert [row[0] for row in cells(bench)] == best
        await pilot.press("escape")
        await until(pilot, lambda: len(cells(bench)) == 5)
        assert cells(bench)[0][0] == "leave-one-out"
        await pilot.press("slash", *"lr=0.01")
        await until(pilot, lambda: [row[0] for row in cells(bench)] == ["seed-2"])
        await pilot.press("escape")
        await until(pilot, lambda: len(cells(bench)) == 5)
        await pilot.press("slash", *"nothing like it")
        await until(pilot, lambda: hint(bench).startswith("No row contains these words."))
        await pilot.press("escape", "escape")
        await until(pilot, lambda: bench.app.screen is bench.app.main)


async def test_a_run_can_be_renamed_and_noted_and_its_branch_shows_the_new_name() -> None:
    store_run("mine")
    branch = branch_run("mine", 20)
    bench = Bench()
    async with bench.app.run_test(size=(160, 36)) as pilot:
        await open_runs(bench, pilot)
        await pilot.press("down", "n")
        await until(pilot, lambda: bench.app.screen.query("#answer"))
        bench.app.screen.query_one("#answer", Input).value = "better"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(bench.app.screen, Runs) and "better" in [row[0] for row in cells(bench)])
        await pilot.press("o")
        await until(pilot, lambda: bench.app.screen.query("#answer"))
        bench.app.screen.query_one("#answer", Input).value = "the quick one"
        await pilot.press("enter")
        await until(pilot, lambda: [row[5] for row in cells(bench) if row[0] == "better"] == ["the quick one"])
        assert "“the quick one”" in hint(bench)
    by_name = {run.name: run for run in list_runs()}
    assert by_name["better"].note == "the quick one"
    assert by_name[branch].parent == "better"
