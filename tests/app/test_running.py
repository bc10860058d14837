"""From keys to commands, and from events to the screen."""

from __future__ import annotations

import os
import signal
import sys

import pytest
from textual.widgets import Input, Static

from pgplay.app.screens.dialogs.questions import AskDialog, ConfirmDialog
from pgplay.app.widgets.plots.curve import Plot
from pgplay.app.widgets.samples import Samples
from pgplay.config.run_config import RunConfig, make_config
from pgplay.learning.reports.step_report import Finding, StepReport
from pgplay.runs.store import RunStore
from pgplay.worker.protocol.commands import Pause, Reset, Resume, Save, Start, Step, Stop
from pgplay.worker.protocol.events import Failed, Refused, Saved, StateChanged
from tests.app.fake_worker import Bench, begin, coded, sample, snapshot, until, words


async def test_space_starts_the_run_of_the_setup() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        await pilot.press("space")
        assert bench.sent(Start) == [Start(config=RunConfig())]


async def test_a_start_before_torch_is_loaded_waits_for_it() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot, ready=False)
        assert "starting torch…" in words(bench, "#headline")
        await pilot.press("space")
        assert bench.worker.commands == []
        bench.worker.ready()
        await until(pilot, lambda: bench.sent(Start))


async def test_space_again_cancels_a_waiting_start() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot, ready=False)
        await pilot.press("space", "space")
        bench.worker.ready()
        await until(pilot, lambda: bench.app.state.worker == "ready")
        assert bench.worker.commands == []


async def test_space_pauses_and_resumes() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        bench.worker.build("training")
        await until(pilot, lambda: bench.app.state.run == "training")
        await pilot.press("space")
        bench.worker.tell(StateChanged(state="paused", step=7))
        await until(pilot, lambda: "paused" in words(bench, "#headline"))
        await pilot.press("space")
        assert [type(command) for command in bench.worker.commands] == [Pause, Resume]


async def test_one_step_builds_a_paused_run_and_makes_one_step() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        await pilot.press("s")
        assert bench.worker.commands == [Start(config=RunConfig(), paused=True)]
        bench.worker.build("paused")
        await until(pilot, lambda: bench.worker.commands[1:] == [Step()])
        await pilot.press("s")
        assert bench.worker.commands[2:] == [Step()]


async def test_while_a_run_is_prepared_the_page_does_not_say_to_start_one() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        await pilot.press("s")
        await until(pilot, lambda: "Preparing the first step" in words(bench, "#plot-1"))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: told(bench, "no policy to save yet: it is being created"))
        assert not told(bench, "Press space")
        bench.worker.build("paused")
        await until(pilot, lambda: "Press space to start." in words(bench, "#plot-1"))


async def test_the_samples_are_the_newest_also_if_a_report_was_never_shown() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        samples, state = bench.app.main.query_one(Samples), bench.app.state
        for step in range(1, 40):
            # Only the second of two reports is drawn; it may have the address of the report drawn before.
            for text in (f"unseen {step}", f"seen {step}"):
                state.report = StepReport(step, 0.1, 64, {}, (sample("greedy", text, 0.5, step),), solved=False)
            samples.show(state, "hello world")
            assert f"seen {step}" in str(samples.render()).replace("␣", " ").replace("·", "")


async def test_snapshots_reach_headline_plots_samples_and_status() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        assert "Press space to start." in words(bench, "#plot-1")
        bench.worker.build("training")
        bench.worker.train(100)
        await until(pilot, lambda: "hello w·rld" in words(bench, "#samples"))
        assert "step 100" in words(bench, "#headline")
        assert "6.4k completions" in words(bench, "#headline")
        assert "107k" in words(bench, "#headline")
        for plot in bench.app.main.query(Plot):
            assert "┤" in str(plot.render())
        assert "▪" in words(bench, "#plot-1")
        samples = words(bench, "#samples")
        assert "greedy" in samples
        assert "hello w·rld" in samples
        assert "about 5 s to go (2 to 10 s)" in words(bench, "#status")


async def test_plots_are_redrawn_only_when_their_numbers_change() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        bench.worker.build("training")
        bench.worker.train(10)
        plot = bench.app.main.query_one("#plot-2", Plot)
        await until(pilot, lambda: "┤" in str(plot.render()))
        drawn = plot.render()
        bench.app.redraw()
        await until(pilot, lambda: not bench.app.redraw_is_due)
        assert plot.render() is drawn
        bench.worker.train(20, after=10)
        await until(pilot, lambda: plot.render() is not drawn)


async def test_the_first_frame_of_a_plot_has_its_legend() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        plot = bench.app.main.query_one("#plot-1", Plot)
        assert plot.border_subtitle == ""
        bench.worker.build("training")
        bench.worker.train(1)
        await until(pilot, lambda: "lowest to highest" in shown(bench, plot))
        await pilot.resize_terminal(60, 18)
        await until(pilot, lambda: "lowest to highest" not in shown(bench, plot))


async def test_a_new_run_starts_with_empty_plots() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        bench.worker.build("training", run="one")
        bench.worker.train(50)
        await until(pilot, lambda: bench.app.state.step == 50)
        bench.worker.build("training", run="two")
        await until(pilot, lambda: bench.app.state.step == 0)
        assert bench.app.state.history.last_step == 0
        assert bench.app.state.report is None


async def test_the_headline_of_a_solved_run_has_its_time() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        bench.worker.build("training")
        bench.worker.train(155, solved=True)
        bench.worker.tell(StateChanged(state="solved", step=155))
        await until(pilot, lambda: "solved in 3.1 s" in words(bench, "#headline"))
        await pilot.press("space")
        assert len(bench.sent(Start)) == 1


async def test_a_finding_is_shown_above_the_last_line() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        bench.worker.build("training")
        bench.worker.train(30, findings=(Finding("never-stops", {"cut": 1.0}),))
        await until(pilot, lambda: "run into the length limit.  Choose a reward" in words(bench, "#finding"))
        bench.worker.train(31, after=30)
        await until(pilot, lambda: not bench.app.main.query_one("#finding").display)


async def test_a_long_finding_is_cut_before_its_keys() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(80, 24)) as pilot:
        await begin(bench, pilot)
        bench.worker.build("training")
        bench.worker.train(30, findings=(Finding("collapsed-entropy", {"entropy": 0.001}, {"entropy": 0.05}),))
        await until(pilot, lambda: words(bench, "#finding").endswith("…  !: entropy 0.05  i: full text"))
        assert len(words(bench, "#finding")) <= 2 * 78


async def test_stop_and_reset_send_their_commands_and_reset_asks_first() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        bench.worker.build("training")
        bench.worker.train(10)
        await until(pilot, lambda: bench.app.state.step == 10)
        await pilot.press("x")
        assert len(bench.sent(Stop)) == 1
        await pilot.press("r")
        await until(pilot, lambda: isinstance(bench.app.screen, ConfirmDialog))
        await pilot.press("escape")
        assert bench.sent(Reset) == []
        await pilot.press("r")
        await until(pilot, lambda: isinstance(bench.app.screen, ConfirmDialog))
        await pilot.click("#yes")
        await until(pilot, lambda: bench.sent(Reset))
        bench.worker.tell(StateChanged(state="idle"))
        await until(pilot, lambda: "Press space to start." in words(bench, "#plot-1"))


async def test_save_asks_for_a_name_and_refuses_a_bad_one() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        await pilot.press("ctrl+s")
        assert not isinstance(bench.app.screen, AskDialog)
        bench.worker.build("training")
        bench.worker.train(10)
        await until(pilot, lambda: bench.app.state.step == 10)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(bench.app.screen, AskDialog))
        await pilot.press("home", ".", "enter")
        assert bench.sent(Save) == []
        assert bench.app.screen.query_one(".problem").has_class("-shown")
        bench.app.screen.query_one("#answer", Input).value = "English"
        await pilot.press("enter")
        assert "ships with pgplay" in str(bench.app.screen.query_one(".problem", Static).render())
        assert bench.sent(Save) == []
        bench.app.screen.query_one("#answer", Input).value = "my-hello-world"
        await pilot.press("enter")
        await until(pilot, lambda: bench.sent(Save))
        assert bench.sent(Save) == [Save(name="my-hello-world")]
        bench.worker.tell(Saved(name="my-hello-world"))
        await until(pilot, lambda: not bench.app.state.unsaved)


async def test_a_refused_command_is_reported_and_changes_nothing() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36), notifications=True) as pilot:
        await begin(bench, pilot)
        await pilot.press("space")
        problem, remedy = "There is no model called '[/x]'.", "Did you mean 'gru-nano'?"
        bench.worker.tell(Refused(*coded(problem, remedy), request=bench.worker.request(Start)))
        await until(pilot, lambda: not bench.app.state.waiting)
        assert bench.app.state.run == "idle"
        assert told(bench, "[/x]")


async def test_a_failed_run_shows_why_and_can_be_resumed() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        bench.worker.build("training")
        bench.worker.tell(
            Failed(*coded("The reward raised [/ValueError].", "Mend it."),
                details="Traceback\n  [b]line 3[/b]",
                run="a-run",
                step=12,
                checkpoint_step=10,
            )
        )
        await until(pilot, lambda: bench.app.screen.query("#resume") and bench.app.screen.query_one("#resume").region)
        assert str(bench.app.screen.query_one("#resume").render()).strip() == "Resume from step 10"
        await pilot.click("#resume")
        await until(pilot, lambda: bench.sent(Resume))
        assert bench.sent(Resume) == [Resume(run="a-run")]


async def test_a_killed_worker_is_shown_as_a_card_and_the_run_resumes_in_a_new_one() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        bench.worker.build("training")
        bench.worker.train(40)
        await until(pilot, lambda: bench.app.state.step == 40)
        bench.worker.die(-9, "[@click=app.quit]boo[/]")
        await until(pilot, lambda: bench.app.screen.query("#resume") and bench.app.screen.query_one("#resume").region)
        shown = " ".join(str(widget.render()) for widget in bench.app.screen.query("Static"))
        assert "SIGKILL" in shown
        assert "[@click=app.quit]boo[/]" in shown
        await pilot.click("#resume")
        await until(pilot, lambda: len(bench.workers) == 2 and bench.worker.alive)
        bench.worker.ready()
        await until(pilot, lambda: bench.sent(Resume))
        assert bench.sent(Resume) == [Resume(run="a-run")]


async def test_a_resumed_run_shows_its_curves_from_the_start() -> None:
    with RunStore.create(make_config({}), "kept") as store:
        for step in range(1, 31):
            store.record(snapshot(step).report)
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        bench.worker.build("training", run="kept", step=20)
        await until(pilot, lambda: bench.app.state.history.last_step == 20)
        assert len(bench.app.state.history.series["entropy"].buckets) == 20
        bench.worker.train(40, after=20)
        await until(pilot, lambda: bench.app.state.step == 40)
        bench.worker.build("training", run="kept", step=35)
        await until(pilot, lambda: bench.app.state.history.last_step == 35)


async def test_quitting_closes_the_worker_within_a_second() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        await pilot.press("ctrl+q")
        await until(pilot, lambda: bench.worker.closed_with is not None)
    assert bench.worker.closed_with is not None
    assert bench.worker.closed_with < 1
    assert bench.app.return_code == 0


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such signals")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
async def test_a_termination_signal_closes_the_worker_and_the_app(name: str) -> None:
    number = getattr(signal, name)
    former = signal.signal(number, signal.SIG_IGN)
    try:
        bench = Bench()
        async with bench.app.run_test(size=(120, 36)) as pilot:
            await begin(bench, pilot)
            os.kill(os.getpid(), number)
            await until(pilot, lambda: bench.worker.closed_with is not None)
    finally:
        signal.signal(number, former)


def shown(bench: Bench, plot: Plot) -> str:
    """The characters of the screen where `plot` is, with its border."""
    rows = bench.app.screen._compositor.render_strips()
    area = plot.region
    return "\n".join(rows[y].text[area.x : area.right] for y in range(area.y, min(area.bottom, len(rows))))


def told(bench: Bench, words: str) -> bool:
    """Whether a message over the screen contains `words`."""
    return any(words in notification.message for notification in bench.app._notifications)


async def test_the_reason_of_an_ended_run_is_shown_unless_the_user_stopped_it() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        bench.worker.build("training")
        bench.worker.train(30)
        made = ("ending.steps", {"steps": 30})
        bench.worker.tell(StateChanged(state="finished", reason=made, step=30, cause="steps"))
        await until(pilot, lambda: "30 steps done" in words(bench, "#finding"))
        bench.worker.tell(StateChanged(state="finished", reason=("ending.stopped", {}), step=30, cause="stopped"))
        await until(pilot, lambda: not bench.app.main.query_one("#finding").display)
        full = ("ending.unsaved", {"reason": ("ending.stopped", {}), "cause": ("run.disk_full", {})})
        bench.worker.tell(StateChanged(state="finished", reason=full, step=30))
        await until(pilot, lambda: "The disk is full." in words(bench, "#finding"))


async def test_the_steps_of_a_refused_start_are_dropped_with_it() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36), notifications=True) as pilot:
        await begin(bench, pilot)
        bench.worker.build("failed")
        await until(pilot, lambda: bench.app.state.run == "failed")
        await pilot.press("s", "S")
        bench.worker.tell(Refused(*coded("There is no such device."), request=bench.worker.request(Start)))
        await until(pilot, lambda: told(bench, "There is no such device."))
        bench.worker.tell(StateChanged(state="paused"))
        await until(pilot, lambda: bench.app.state.run == "paused")
        assert [type(command) for command in bench.worker.commands] == [Start]
        await pilot.press("s")
        assert bench.worker.commands[1:] == [Step()]


async def test_a_refusal_of_another_command_does_not_end_the_wait_for_a_start() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36), notifications=True) as pilot:
        await begin(bench, pilot)
        await pilot.press("space")
        bench.worker.tell(Refused(*coded("Something else."), request=bench.worker.request(Start) + 7))
        await until(pilot, lambda: told(bench, "Something else."))
        assert bench.app.state.waiting
        await pilot.press("space")
        assert len(bench.sent(Start)) == 1


async def test_steps_requested_before_torch_is_loaded_follow_the_start() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot, ready=False)
        await pilot.press("S", "s")
        bench.worker.ready()
        await until(pilot, lambda: bench.sent(Start))
        bench.worker.build("paused")
        await until(pilot, lambda: len(bench.sent(Step)) == 2)
        assert bench.worker.commands == [Start(config=RunConfig(), paused=True), Step(count=10), Step()]


async def test_the_reward_on_held_out_prompts_is_plotted_by_default() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        bench.worker.build("training", task="copy", held_out=0.2, measure=["prefix"])
        await until(pilot, lambda: "held_out_reward" in {plot.metric for plot in bench.app.main.query(Plot)})
        metrics = [plot.metric for plot in bench.app.main.query(Plot)]
        assert metrics == ["reward_mean", "held_out_reward", "measure:prefix", "entropy"]


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("reward", ["distinct", "1 - regex('[A-Za-z]*[eE][A-Za-z]*') - 0.02*max(0, 30 - text_length)"])
async def test_the_headline_of_a_run_without_a_target_begins_with_its_reward(reward: str) -> None:
    bench = Bench()
    async with bench.app.run_test(size=(80, 24)) as pilot:
        await begin(bench, pilot)
        bench.worker.build("training", target="", reward=reward)
        await until(pilot, lambda: f"pgplay  {reward[:8]}" in words(bench, "#headline"))
        assert "training" in words(bench, "#headline")
        assert "grpo" in words(bench, "#headline")
