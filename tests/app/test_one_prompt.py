"""One key tries the setup on a single prompt, says what came of it, and leads back to all prompts."""

from __future__ import annotations

from pgplay.app.controllers.one_prompt import CHECK_STEPS
from pgplay.app.screens.dialogs.questions import ConfirmDialog
from pgplay.config.run_config import make_config, to_settings
from pgplay.learning.reports.step_report import Finding
from pgplay.worker.protocol.commands import Start
from pgplay.worker.protocol.events import StateChanged
from tests.app.fake_worker import opened, snapshot, until, words

SETTINGS = {"task": "reverse:length=3", "held_out": 0.2, "patience": 5, "lr": 0.002, "group_size": 4}
CHECK = {"task": "reverse:length=3", "held_out": 0.2, "lr": 0.002, "group_size": 4, "prompts": 1, "steps": CHECK_STEPS}


async def test_a_run_that_learns_nothing_names_the_key_and_the_key_tries_one_prompt_and_leads_back() -> None:
    async with opened(make_config(SETTINGS)) as (bench, pilot):
        await pilot.press("space")
        await until(pilot, lambda: bench.sent(Start))
        bench.worker.build(**SETTINGS)
        stuck = Finding("tied-rewards", {"tied": 0.95})
        bench.worker.tell(snapshot(70, findings=(stuck,)))
        await until(pilot, lambda: "O: try one prompt" in words(bench, "#finding"))
        await pilot.press("O")
        await until(pilot, lambda: isinstance(bench.app.screen, ConfirmDialog))
        await pilot.press("y")
        await until(pilot, lambda: len(bench.sent(Start)) == 2)
        assert to_settings(bench.sent(Start)[-1].config) == CHECK

        bench.worker.build(run="a-check", **CHECK)
        bench.worker.tell(snapshot(200, findings=(stuck,)))
        await until(pilot, lambda: "tied" in words(bench, "#finding"))
        assert "O: try one prompt" not in words(bench, "#finding")
        done = ("ending.steps", {"steps": 200})
        reason = ("ending.one_prompt.not_learnt", {"reason": done, "first": 0.1, "last": 0.1})
        bench.worker.tell(StateChanged(state="finished", step=200, reason=reason, cause="steps"))
        await until(pilot, lambda: "Not even this one prompt is learnt" in words(bench, "#finding"))
        assert "O: all prompts" in words(bench, "#finding")

        await pilot.press("O")
        await until(pilot, lambda: bench.app.state.settings == SETTINGS)
        assert len(bench.sent(Start)) == 2, "the space bar starts it"


async def test_a_solved_check_says_what_works() -> None:
    async with opened(make_config(SETTINGS)) as (bench, pilot):
        await pilot.press("O")
        await until(pilot, lambda: bench.sent(Start))
        bench.worker.build(**CHECK)
        bench.worker.tell(snapshot(20, solved=True))
        solved = ("ending.solved", {"seconds": 2.0, "steps": 20})
        reason = ("ending.one_prompt.learnt", {"reason": solved, "first": 0.1, "last": 0.9})
        bench.worker.tell(StateChanged(state="solved", step=20, reason=reason, cause="solved"))
        await until(pilot, lambda: "the reward and the optimiser work" in words(bench, "#finding"))


async def test_a_changed_check_returns_to_all_prompts_with_the_change() -> None:
    async with opened(make_config({**CHECK, "lr": 0.01})) as (bench, pilot):
        await pilot.press("O")
        whole = {"task": "reverse:length=3", "held_out": 0.2, "lr": 0.01, "group_size": 4}
        await until(pilot, lambda: bench.app.state.settings == whole)
        assert bench.sent(Start) == []


async def test_a_single_target_is_no_task_to_take_a_prompt_from() -> None:
    async with opened() as (bench, pilot):
        await pilot.press("O")
        await until(pilot, lambda: any("choose a task" in note.message for note in bench.app._notifications))
        assert bench.sent(Start) == []
