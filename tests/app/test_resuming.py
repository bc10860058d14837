"""How a resumed run and the setup affect each other."""

from __future__ import annotations

from pathlib import Path

from pgplay.config.changes import Changes
from pgplay.config.run_config import make_config
from pgplay.worker.protocol.commands import Change, Resume, Start
from pgplay.worker.protocol.events import StateChanged
from tests.app.fake_worker import Bench, begin, until, words


async def test_a_resumed_run_keeps_its_settings_and_the_setup_shows_them() -> None:
    bench = Bench(make_config({"target": "another text", "lr": 0.5}))
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        bench.app.perform(bench.app.controllers.run.resume_run("kept"))
        await until(pilot, lambda: bench.sent(Resume))
        bench.worker.tell(StateChanged(state="preparing"))
        bench.worker.build("training", run="kept", step=20, target="kept text", model="gru-nano")
        bench.worker.tell(StateChanged(state="paused", step=20))
        await until(pilot, lambda: "kept text" in words(bench, "#headline"))
        assert bench.sent(Change) == []
        assert bench.app.main.setup.typed["model"] == "gru-nano"
        assert bench.app.main.setup.typed["lr"] == ""


async def test_a_run_that_continues_after_a_failure_takes_the_present_setup() -> None:
    bench = Bench(make_config({"target": "some text"}))
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        bench.worker.build("training", target="some text")
        await until(pilot, lambda: bench.app.state.run == "training")
        bench.worker.die()
        await until(pilot, lambda: bench.app.screen.query("#resume"))
        await pilot.press("escape")
        bench.app.main.setup.set_target("some text, mended")
        bench.app.perform(bench.app.controllers.run.resume_run("a-run"))
        await until(pilot, lambda: len(bench.workers) == 2 and bench.worker.alive)
        bench.worker.ready()
        await until(pilot, lambda: bench.sent(Resume))
        bench.worker.build("training", target="some text", step=10)
        await until(pilot, lambda: bench.sent(Change))
        assert bench.sent(Change) == [Change(settings=Changes(target="some text, mended"))]


async def test_a_run_in_preparation_is_not_sent_its_own_settings_again() -> None:
    bench = Bench(make_config({"target": "some text"}))
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        await pilot.press("space")
        await until(pilot, lambda: bench.sent(Start))
        bench.worker.tell(StateChanged(state="preparing"))
        bench.worker.build("training", target="some text")
        await until(pilot, lambda: bench.app.state.run == "training")
        assert bench.sent(Change) == []


async def test_a_reward_edited_before_its_run_resumes_is_marked_in_the_plots(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("def reward(text, target, prompt):\n    return 1.0\n")
    bench = Bench(make_config({"reward": str(file)}))
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        bench.worker.build("training", reward=str(file))
        bench.worker.train(40)
        await until(pilot, lambda: bench.app.state.step == 40)
        bench.worker.build("training", reward=str(file), step=40)
        await until(pilot, lambda: [mark.words for mark in bench.app.state.history.marks] == ["resumed"])
        file.write_text("def reward(text, target, prompt):\n    return 0.5\n")
        bench.worker.build("training", reward=str(file), step=40)
        await until(pilot, lambda: f"reward {file}" in [mark.words for mark in bench.app.state.history.marks])
