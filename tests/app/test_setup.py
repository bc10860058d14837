"""The setup: choices become settings, and a wrong one is shown beside its field and cannot be started."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot
from textual.widgets import Button, Collapsible, Input, Static, TextArea

from pgplay.app.drawing.number_format import count
from pgplay.app.messages import SetupChanged
from pgplay.app.screens.dialogs.questions import AskDialog, ConfirmDialog
from pgplay.app.screens.dialogs.recipe import RecipeScreen
from pgplay.app.widgets.dropdown import Dropdown
from pgplay.app.widgets.setup import form
from pgplay.app.widgets.setup.choices import HEADING, OWN_TASK
from pgplay.app.widgets.setup.field_row import FieldName, Setting
from pgplay.app.widgets.setup.model_choice import ModelChoice
from pgplay.app.widgets.setup.panel import Setup
from pgplay.cli import main
from pgplay.config.changes import Changes
from pgplay.config.fields import SECTIONS
from pgplay.config.presets import grouped, load_preset, preset_names
from pgplay.config.recipe import to_recipe
from pgplay.config.run_config import fields, make_config, to_settings
from pgplay.learning import inputs
from pgplay.learning.inputs import Inputs
from pgplay.model_places import shipped_models
from pgplay.policies.families.catalogue import MODELS
from pgplay.policies.families.pretrained import PretrainedBase
from pgplay.rewards.catalogue import REWARDS
from pgplay.worker.protocol.commands import Change, Start
from pgplay.worker.protocol.events import Changed, StateChanged
from tests.app.fake_worker import Bench, begin, until, words


def pick(bench: Bench, name: str, value: str) -> None:
    """Choose through the list, as a user does."""
    bench.app.main.query_one(f"#{name}", Dropdown).value = value


def field(bench: Bench, name: str) -> Input:
    return bench.app.main.query_one(f"#setting-{name} Input", Input)


async def unfold(bench: Bench, name: str) -> None:
    """Open the section of a setting, which focuses its field."""
    await bench.app.main.setup.open_setting(name)


async def test_choices_become_the_settings_of_the_start() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        pick(bench, "model", "transformer-nano")
        pick(bench, "reward", "hamming")
        pick(bench, "algorithm", "rloo")
        pick(bench, "device", "cpu")
        bench.app.main.query_one("#target", TextArea).text = "春眠不覺曉\nzwei"
        await unfold(bench, "batch_size")
        field(bench, "batch_size").value = "32"
        await until(pilot, lambda: (bench.app.state.settings or {}).get("batch_size") == 32)
        await pilot.press("escape", "space")
        assert to_settings(bench.sent(Start)[-1].config) == {
            "model": "transformer-nano",
            "reward": "hamming",
            "algorithm": "rloo",
            "device": "cpu",
            "target": "春眠不覺曉\nzwei",
            "batch_size": 32,
        }


async def test_lists_contain_every_reward_model_and_preset_and_say_why_a_device_is_missing() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)

        def entries(name: str) -> dict[str, tuple[str, bool]]:
            choice = bench.app.main.query_one(f"#{name}", Dropdown)
            return {entry.value: (entry.description, entry.disabled) for entry in choice.entries}

        assert set(entries("model")) == {"auto", *MODELS, *shipped_models()}
        assert {reward.spec for reward in REWARDS.values()} < set(entries("reward"))
        headings = {f"{HEADING}{group}" for group, _ in grouped(preset_names())}
        assert set(entries("preset")) == {preset.name for preset in preset_names()} | headings
        assert all(entries("preset")[heading] == ("", True) for heading in headings), "headings cannot be chosen"
        await until(pilot, lambda: "cuda" in entries("device"))
        description, is_disabled = entries("device")["cuda"]
        assert description.startswith("not here: This build of torch has no CUDA;")
        assert is_disabled


async def test_model_sizes_follow_the_alphabet() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)

        def label() -> str:
            return bench.app.main.query_one("#model", Dropdown).entries[1].label

        small = label()
        pick(bench, "reward", "hamming")
        bench.app.main.query_one("#target", TextArea).text = "床前明月光"
        await until(pilot, lambda: label() != small)


async def test_model_sizes_follow_the_alphabet_of_a_task() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        task = {"task": "reverse:length=3,alphabet=ab", "alphabet": "target"}
        bench.app.main.setup.load(make_config(task))
        await until(pilot, lambda: bench.app.state.settings == task)
        labels = {entry.value: entry.label for entry in bench.app.main.query_one("#model", Dropdown).entries}
        for name in ("gru-nano", "transformer-small"):
            parameters = MODELS[name].parameter_count(3)  # a, b and the stop token
            assert labels[name].split() == [name, count(parameters)]
            assert count(parameters) != count(MODELS[name].parameter_count(28))


async def test_samples_show_no_target_where_a_task_has_its_own() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        assert "hello world" in words(bench, "#samples")
        pick(bench, "task", "copy")
        await until(pilot, lambda: "hello world" not in words(bench, "#samples"))
        assert "target  " not in words(bench, "#samples")


async def test_a_preset_fills_the_form() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        pick(bench, "preset", "transformer")
        await until(pilot, lambda: (bench.app.state.settings or {}).get("model", "").startswith("transformer"))
        setup = bench.app.main.query_one(Setup)
        assert setup.typed["model"] == bench.app.main.query_one("#model", Dropdown).value


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("state", ["training", "paused"])
@pytest.mark.parametrize("way", ["setup", "palette", "recipe"])
async def test_a_whole_setup_does_not_change_a_running_run_but_is_offered_as_another_one(state: str, way: str) -> None:
    bench = Bench()

    async def choose(pilot: Pilot[int]) -> None:
        if way == "setup":
            pick(bench, "preset", "rloo")
        elif way == "palette":
            entries = {entry.key: entry for entry in bench.app.palette_entries(bench.app.screen)}
            bench.app.choose_from_palette(entries["preset.rloo"])
        else:
            recipe = to_recipe(make_config(load_preset("rloo").settings))
            await pilot.press("y")
            await until(pilot, lambda: isinstance(bench.app.screen, RecipeScreen))
            bench.app.screen.query_one("#pasted", Input).value = recipe
            bench.app.screen.query_one("#pasted", Input).focus()
            await pilot.press("enter")
        await until(pilot, lambda: isinstance(bench.app.screen, ConfirmDialog))

    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        bench.worker.build("training")
        bench.worker.train(10)
        bench.worker.tell(StateChanged(state=state, step=10))  # type: ignore[arg-type]
        await until(pilot, lambda: bench.app.state.run == state)
        setup = bench.app.main.query_one(Setup)
        before = (dict(setup.typed), setup.query_one("#preset", Dropdown).value)
        await choose(pilot)
        await pilot.press("n")
        await until(pilot, lambda: bench.app.screen is bench.app.main)
        await pilot.pause()
        assert (setup.typed, setup.query_one("#preset", Dropdown).value) == before
        await choose(pilot)
        await pilot.press("y")
        await until(pilot, lambda: bench.sent(Start))
        assert bench.sent(Start)[0].config.algorithm == "rloo"
        assert bench.sent(Change) == []


async def test_a_broken_preset_of_the_user_is_listed_with_its_reason(home: Path) -> None:
    (home / "presets").mkdir(parents=True)
    (home / "presets" / "mine.toml").write_text("title = 3\n[", encoding="utf-8")
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        entries = bench.app.main.query_one("#preset", Dropdown).entries
        broken = [entry for entry in entries if entry.disabled and not entry.value.startswith(HEADING)]
        assert [entry.label for entry in broken] == ["mine"]
        assert broken[0].description
        await pilot.press("space")
        assert len(bench.sent(Start)) == 1


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize(("target", "said"), [("", "The target is empty."), ("\x1b[31m", "control")])
async def test_an_invalid_target_is_reported_and_not_started(target: str, said: str) -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        bench.app.main.query_one("#target", TextArea).text = target
        await until(pilot, lambda: bench.app.main.query_one("#start", Button).disabled)
        shown = " ".join(str(widget.render()) for widget in bench.app.main.query(Static))
        assert said in shown
        await pilot.press("space")
        assert bench.sent(Start) == []


@pytest.mark.exhaustive
async def test_an_invalid_number_is_reported_under_its_field() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        await unfold(bench, "lr")
        problem = bench.app.main.query_one("#setting-lr .problem", Static)
        problems = (("fast", "'fast' is not a number."), ("7", "above 0, at most 1"), ("nan", "lr cannot be nan"))
        for value, said in problems:
            field(bench, "lr").value = value
            await until(pilot, lambda said=said: said in str(problem.render()))
            assert bench.app.main.query_one("#start", Button).disabled
        field(bench, "lr").value = ""
        await until(pilot, lambda: not bench.app.main.query_one("#start", Button).disabled)


async def test_letters_typed_faster_than_they_are_processed_keep_their_order() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        await unfold(bench, "task")
        typed = field(bench, "task")
        await pilot.pause()
        for part in ("p", "airs", ".csv"):  # before the setup has processed the first
            typed.insert_text_at_cursor(part)
        await until(pilot, lambda: bench.app.main.setup.typed["task"] == "pairs.csv")
        await pilot.pause()
        typed.insert_text_at_cursor(":a,b")
        await until(pilot, lambda: bench.app.main.setup.typed["task"] == "pairs.csv:a,b")
        assert typed.value == "pairs.csv:a,b"


async def test_the_list_of_tasks_leads_to_the_field_for_ones_own_file() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        pick(bench, "task", OWN_TASK)
        await until(pilot, lambda: bench.app.main.query("#setting-task Input") and field(bench, "task").has_focus)
        assert bench.app.main.query_one("#task", Dropdown).value == ""
        assert bench.app.main.setup.typed["task"] == ""


async def test_a_formula_is_checked_while_it_is_typed() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        pick(bench, "reward", "")
        own = bench.app.main.query_one("#own-reward", Input)
        await until(pilot, lambda: own.display)
        own.value = "0.8*levenstein + 0.2*prefix"
        problem = bench.app.main.query_one("#reward-problem", Static)
        await until(pilot, lambda: "levenshtein" in str(problem.render()))
        own.value = "0.8*levenshtein + 0.2*prefix"
        await until(pilot, lambda: (bench.app.state.settings or {}).get("reward") == "0.8*levenshtein + 0.2*prefix")


async def test_live_settings_are_sent_while_training_and_the_others_wait() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        bench.worker.build("training")
        bench.worker.train(5)
        await until(pilot, lambda: bench.app.state.step == 5)
        await unfold(bench, "temperature")
        assert bench.sent(Change) == []
        field(bench, "temperature").value = "0.7"
        await until(pilot, lambda: bench.sent(Change))
        assert bench.sent(Change) == [Change(settings=Changes(temperature=0.7))]
        bench.worker.tell(Changed(settings=Changes(temperature=0.7), step=6))
        pick(bench, "model", "gru-nano")
        note = bench.app.main.query_one("#setup-note", Static)
        await until(pilot, lambda: "model: at the next start" in str(note.render()))
        assert len(bench.sent(Change)) == 1


async def test_every_setting_has_a_row_and_opening_them_changes_nothing() -> None:
    bench = Bench(preset="hello")
    async with bench.app.run_test(size=(200, 50)) as pilot:
        await begin(bench, pilot)
        await until(pilot, lambda: bench.app.main.query("#setting-until"))
        shown = {setting.field.name for setting in bench.app.main.query("Setting").results()}  # type: ignore[attr-defined]
        assert shown == set(fields()) - {"target", "reward", "model", "algorithm", "device"}
        assert bench.app.main.setup.preset == "hello"
        assert bench.app.state.settings == {}


async def test_a_target_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "poem.txt"
    file.write_text("two\nlines\n", encoding="utf-8")
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        await pilot.press("f")
        await until(pilot, lambda: isinstance(bench.app.screen, AskDialog))
        answer = bench.app.screen.query_one("#answer", Input)
        answer.value = str(tmp_path / "missing.txt")
        await pilot.press("enter")
        assert "There is no file" in str(bench.app.screen.query_one(".problem", Static).render())
        answer.value = str(file)
        await pilot.press("enter")
        await until(pilot, lambda: (bench.app.state.settings or {}).get("target") == "two\nlines")


async def test_a_task_replaces_the_target_and_restores_it() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        setup = bench.app.main.setup
        pick(bench, "task", "copy")
        await until(pilot, lambda: bench.app.state.settings == {"task": "copy"})
        assert not setup.query_one("#target").display
        assert setup.query_one("#model", Dropdown).value == "auto"
        setup.load(make_config({"task": "reverse:length=3,alphabet=ab", "held_out": 0.5}))
        assert setup.query_one("#task", Dropdown).value == "reverse:length=3,alphabet=ab"
        setup.set_target("good morning")
        await until(pilot, lambda: bench.app.state.settings == {"target": "good morning"})
        assert setup.query_one("#target").display


async def test_a_change_that_arrives_while_the_app_closes_is_dropped() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        settings = bench.app.state.settings
    assert not bench.app.screen_stack
    await bench.app._on_message(SetupChanged({"algorithm": "hill-climb"}))
    assert bench.app.state.settings == settings


class Reader:
    """Holds back each reading of a setup's large file until the test releases it; the app's thread reads none."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
        lines = "".join(f"question {number},{'x' * 10}\n" for number in range(12_000))
        file.write_text(f"prompt,target\n{lines}")
        self.file, self.gate, self.checks = file, threading.Event(), 0
        self._read, self._app_thread = form.read_files, threading.current_thread()
        monkeypatch.setattr(form, "read_files", self)

    def __call__(self, names: form.FileNames) -> Inputs:
        if names.task == str(self.file):
            assert threading.current_thread() is not self._app_thread
            self.checks += 1
            assert self.gate.wait(20)
        return self._read(names)


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Reader:
    return Reader(monkeypatch, tmp_path / "large.csv")


async def test_a_large_data_set_is_read_in_the_background_and_a_start_waits_for_it(reader: Reader) -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        bench.app.main.setup.load(make_config({"task": str(reader.file)}))
        await until(pilot, lambda: reader.checks == 1)
        assert "reading" in words(bench, "#setup-note")
        await pilot.press("space", "space")
        assert not bench.worker.commands
        reader.gate.set()
        await until(pilot, lambda: bench.sent(Start))
        assert bench.sent(Start) == [Start(config=make_config({"task": str(reader.file)}))]
        assert reader.checks == 1
        await until(pilot, lambda: bench.app.state.settings == {"task": str(reader.file)})
        bench.app.main.setup.check_now()
        assert reader.checks == 1


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("name", ["task", "warm_text", "reward", "measure"])
async def test_no_file_is_read_on_the_apps_thread_and_a_saved_one_is_used(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ("mine.py" if name in ("reward", "measure") else "mine.txt")
    app_thread, opened = threading.current_thread(), os.open

    def open_beside(path: str | Path, *rest: Any, **named: Any) -> int:
        assert threading.current_thread() is not app_thread or Path(path) != file
        return opened(path, *rest, **named)

    monkeypatch.setattr(os, "open", open_beside)
    settings = {name: [str(file)] if name == "measure" else str(file)}
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        setup = bench.app.main.setup
        setup.load(make_config({**settings, **({"warm_start": "10"} if name == "warm_text" else {})}))
        await until(pilot, lambda: (found := setup.check_now().problem) is not None and file.name in found.message)
        file.write_text("def reward(text, target, prompt):\n    return 1.0\n")
        await until(pilot, lambda: setup.check_now().config is not None)


async def test_a_models_folder_is_read_in_the_background(monkeypatch: pytest.MonkeyPatch) -> None:
    app_thread, read = threading.current_thread(), inputs.read_base
    readings: list[str] = []

    def read_beside(name: str) -> PretrainedBase:
        assert threading.current_thread() is not app_thread
        readings.append(name)
        return read(name)

    monkeypatch.setattr(inputs, "read_base", read_beside)
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        setup = bench.app.main.setup
        setup.load(make_config({"model": "storybook-1m", "reward": "distinct", "target": "", "max_length": 8}))
        await until(pilot, lambda: setup.check_now().config is not None)
        setup.load(make_config({"model": "storybook-1m", "reward": "distinct", "target": "", "max_length": 9}))
        assert setup.check_now().config is not None
        assert readings == ["storybook-1m"]


async def test_text_typed_while_a_large_data_set_is_read_replaces_it(reader: Reader) -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        bench.app.main.setup.load(make_config({"task": str(reader.file)}))
        await until(pilot, lambda: reader.checks == 1)
        await pilot.press("space")
        bench.app.main.setup.set_target("good morning")
        await until(pilot, lambda: bench.app.state.settings == {"target": "good morning"})
        reader.gate.set()
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert bench.app.state.settings == {"target": "good morning"}
        assert not bench.worker.commands


async def test_a_live_change_updates_the_run_as_the_worker_reports_it() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        bench.worker.build("training")
        bench.worker.train(5)
        await until(pilot, lambda: "64 this step" in str(bench.app.main.query_one("#samples").border_title))
        info = bench.app.state.info
        assert info is not None
        values = {"size": 89, "batch_size": 178, "preferred": 8, "better": [176, 184]}
        config, notes = make_config({"batch_size": 178}), (("note.uneven_groups", values),)
        now = replace(info, config=config, batch_size=178, notes=notes)
        bench.worker.tell(Changed(settings=Changes(batch_size=178), step=5, info=now))
        bench.worker.train(6, after=5)
        await until(pilot, lambda: "178 this step" in str(bench.app.main.query_one("#samples").border_title))
        assert "Each prompt gets 89 completions" in words(bench, "#finding")


async def test_a_click_on_a_name_focuses_its_field() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        for name in ("target", "algorithm"):
            await pilot.click(f"#{name}-row FieldName")
            await until(pilot, lambda name=name: bench.app.main.focused is bench.app.main.query_one(f"#{name}"))
        await unfold(bench, "temperature")
        await pilot.click("#setting-temperature FieldName")
        await until(pilot, lambda: bench.app.main.focused is field(bench, "temperature"))


async def test_a_preset_file_that_was_handed_out_shows_its_title_and_sentence(tmp_path: Path) -> None:
    file = tmp_path / "goat.toml"
    file.write_text('title = "A goat"\nteaches = "Watch the baseline."\n[settings]\ntarget = "goat cheese"\n')
    for path, title, sentence in ((file, "A goat", "Watch the baseline."), (tmp_path / "gone.toml", "your own", "")):
        bench = Bench(make_config({"target": "goat cheese"}), str(path))
        async with bench.app.run_test(size=(120, 36)) as pilot:
            await begin(bench, pilot)
            await until(pilot, lambda bench=bench, sentence=sentence: words(bench, "#preset-note") == sentence)
            await until(pilot, lambda bench=bench, title=title: title in words(bench, "#preset"))


@pytest.mark.exhaustive
@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
async def test_each_name_has_room_before_its_value_and_its_mark(size: tuple[int, int]) -> None:
    bench = Bench()
    async with bench.app.run_test(size=size) as pilot:
        await begin(bench, pilot)
        bench.app.main.show_setup()
        for section in ("algorithm", "learning", "task"):
            await unfold(bench, {"algorithm": "baseline", "learning": "lr", "task": "alphabet"}[section])
        await until(pilot, lambda: field(bench, "alphabet").region.width > 0)
        for name in bench.app.main.query("#algorithm-row FieldName, #device-row FieldName"):
            assert name.region.width > len("Algorithm•")
        rows = bench.app.main.query(Setting)
        assert {row.label for row in rows} >= {"updates per step", "entropy schedule", "control variate"}
        for row in rows:
            assert row.query_one(FieldName).region.width > len(row.label)


@pytest.mark.exhaustive
@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("name", ["baseline", "lr", "kl", "critic", "top_p"])
async def test_opening_a_setting_scrolls_to_its_field(name: str) -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        await unfold(bench, name)
        await pilot.wait_for_scheduled_animations()
        row, fields_shown = bench.app.main.query_one(f"#setting-{name}"), bench.app.main.query_one("#fields")
        await until(pilot, lambda: row.region.height and row.region in fields_shown.region)
        await pilot.wait_for_scheduled_animations()
        assert row.region in fields_shown.region


@pytest.mark.exhaustive
async def test_settings_that_differ_from_their_defaults_are_marked_and_counted() -> None:
    bench = Bench(make_config({"lr": 0.01, "baseline": "none", "model": "gru-nano"}))

    def name_of(selector: str) -> str:
        return str(bench.app.main.query_one(f"{selector} FieldName").render())

    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        await until(pilot, lambda: name_of("#model-row") == "Model •")
        pick(bench, "algorithm", "rloo")
        await until(pilot, lambda: name_of("#algorithm-row") == "Algorithm•")
        pick(bench, "algorithm", "grpo")
        await until(pilot, lambda: name_of("#algorithm-row") == "Algorithm")
        assert name_of("#reward-row") == "Reward"
        more = bench.app.main.query_one("#more", Collapsible)
        assert more.title == "More settings · 2 changed"
        await unfold(bench, "lr")
        await until(pilot, lambda: name_of("#setting-lr") == "lr •")
        assert name_of("#setting-entropy") == "entropy"
        bench.app.main.query_one("#setting-updates_per_step Input", Input).value = "3"
        await until(pilot, lambda: name_of("#setting-updates_per_step") == "updates per step•")
        field(bench, "updates_per_step").value = ""
        await until(pilot, lambda: name_of("#setting-updates_per_step") == "updates per step")
        assert bench.app.main.query_one("#section-learning", Collapsible).title == "Learning · 1 changed"
        field(bench, "lr").value = ""
        await until(pilot, lambda: name_of("#setting-lr") == "lr")
        assert more.title == "More settings · 1 changed"


async def test_a_default_is_shown_with_its_value_and_its_source() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        await unfold(bench, "baseline")
        baseline = bench.app.main.query_one("#setting-baseline Dropdown", Dropdown)
        await until(pilot, lambda: baseline.entries[0].label == "group-mean, grpo's")
        pick(bench, "algorithm", "rloo")
        await until(pilot, lambda: baseline.entries[0].label == "leave-one-out, rloo's")
        assert baseline.value == ""
        await until(pilot, lambda: bench.app.state.settings == {"algorithm": "rloo"})


def test_the_setup_is_grouped_like_the_help_of_train(capsys: pytest.CaptureFixture[str]) -> None:
    main(["train", "--help"])
    page = capsys.readouterr().out.lower()
    places = [page.index(f"\n{title}") for title in SECTIONS.values()]
    assert places == sorted(places)


async def test_models_are_looked_up_when_their_list_is_focused(monkeypatch: pytest.MonkeyPatch) -> None:
    at_hand = ["storybook-1m"]
    looks: list[None] = []

    def look() -> list[str]:
        looks.append(None)
        return list(at_hand)

    monkeypatch.setattr("pgplay.app.widgets.setup.model_choice.models_at_hand", look)
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        setup, models = bench.app.main.setup, bench.app.main.query_one(ModelChoice)
        before = len(looks)
        setup.load(make_config({"target": "another alphabet: äöü"}))
        assert setup.check_now().config is not None
        assert len(looks) == before
        at_hand.append("somebody/new")
        models.focus()
        await until(pilot, lambda: "somebody/new" in [entry.value for entry in models.entries])


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize(("size", "call"), [((80, 24), "t shows it"), ((120, 36), "Fix the marked setting first")])
async def test_the_page_does_not_say_to_start_if_the_setup_is_wrong(size: tuple[int, int], call: str) -> None:
    bench = Bench()
    async with bench.app.run_test(size=size) as pilot:
        await begin(bench, pilot)
        bench.app.main.setup.set_reward("nonsense")
        await until(pilot, lambda: call in " ".join(words(bench, "#plot-1").split()))
        assert "Press space to start" not in words(bench, "#plot-1")
