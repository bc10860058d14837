"""Inspecting a step: the requests to the worker, and the answers on the screen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from pgplay.app.drawing.formulas import PHASES, lines
from pgplay.app.help.source_code import introduction, places, source_of, sources
from pgplay.app.screens.dialogs.questions import ChooseDialog
from pgplay.app.screens.dialogs.source_code import CodeScreen
from pgplay.app.screens.step.microscope import MicroscopeScreen
from pgplay.app.screens.step.phases import PhaseScreen
from pgplay.app.screens.step.policy_map import MapScreen
from pgplay.app.screens.step.prompts import PromptsScreen
from pgplay.app.state.plot_view import PlotView
from pgplay.app.widgets.completions import COMPLETION_COLUMNS
from pgplay.config.changes import Changes
from pgplay.config.run_config import make_config, to_settings
from pgplay.learning.algorithms.table import ALGORITHMS, COMPARATORS
from pgplay.learning.reports.step_detail import PolicyMap
from pgplay.learning.reports.step_report import Finding
from pgplay.runs.store import RunStore
from pgplay.worker.protocol.commands import Change, InspectStep, Map, Pause, Start
from pgplay.worker.protocol.events import Changed, Mapped, Refused, StateChanged, StepInspected
from pgplay.worker.protocol.records import RunState
from tests.app.fake_worker import Bench, begin, coded, curve, snapshot, until
from tests.app.step_details import BASELINE, DEVIATION, RULES, policy_map, sample, step_detail, traces


def seen(bench: Bench, selector: str) -> str:
    """The text that a widget of the top screen shows."""
    widget = bench.app.screen.query_one(selector)
    return str(widget.render())


def listed(bench: Bench) -> list[str]:
    """The rows of the list of completions."""
    return [str(option.prompt) for option in bench.app.screen.query_one("#completions").options]  # type: ignore[attr-defined]


async def trained(bench: Bench, pilot: Pilot[Any], state: str = "training") -> None:
    await begin(bench, pilot)
    bench.worker.build(state)
    bench.worker.tell(msgspec.structs.replace(snapshot(40), traces=traces(40)))
    await until(pilot, lambda: bench.app.state.step == 40)


async def test_four_stages_lead_from_the_texts_to_the_update() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 40)) as pilot:
        await trained(bench, pilot)
        await pilot.press("n")
        await until(pilot, lambda: isinstance(bench.app.screen, PhaseScreen))
        assert [type(command) for command in bench.worker.commands] == [Pause, InspectStep]
        bench.worker.tell(StepInspected(detail=step_detail()))
        bench.worker.tell(StateChanged(state="paused", step=41))
        await until(pilot, lambda: "step 40" in seen(bench, "#phase-title") and listed(bench))
        await until(pilot, lambda: "tokens, including the stop token" in seen(bench, "#maths-lines"))
        await pilot.press("right")
        await until(pilot, lambda: "R(x) = levenshtein" in seen(bench, "#maths-lines"))
        assert "prefix (measured, not trained on)  0.25" in seen(bench, "#maths-lines")
        await pilot.press("home")
        await until(pilot, lambda: "written  hello world" in seen(bench, "#maths-lines"))
        await pilot.press("right")
        await until(pilot, lambda: "(1.0000 − 0.5000) / 0.4000 = +1.25" in seen(bench, "#maths-lines"))
        await pilot.press("right")
        await until(pilot, lambda: "loss L" in seen(bench, "#maths-lines"))
        assert "|∇L|  1.5000, clipped to 1" in seen(bench, "#maths-lines")
        assert "A > 0: 2 of 2 more likely; A < 0: 4 of 4 less likely" in seen(bench, "#maths-lines")
        await pilot.press("right")
        assert bench.sent(InspectStep) == [InspectStep(), InspectStep()]


@pytest.mark.exhaustive
async def test_the_code_page_shows_the_code_that_runs() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 40)) as pilot:
        await trained(bench, pilot, "paused")
        await pilot.press("n")
        bench.worker.tell(StepInspected(detail=step_detail()))
        await until(pilot, lambda: isinstance(bench.app.screen, PhaseScreen))
        await until(pilot, lambda: bench.app.state.step_detail and listed(bench))
        await pilot.press("right", "right", "c")
        await until(pilot, lambda: isinstance(bench.app.screen, CodeScreen))
        names = [str(part.render()) for part in bench.app.screen.query(".code-name")]
        assert any("group_scaled   pgplay/learning/objective/advantages.py:" in name for name in names)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(bench.app.screen, PhaseScreen))


async def test_the_update_is_shown_first_in_a_few_lines_and_then_with_the_additions_of_the_run() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 40)) as pilot:
        await trained(bench, pilot, "paused")
        bench.app.push_screen(CodeScreen("update", RULES))
        await until(pilot, lambda: bench.app.screen.query(".code-name"))
        words = str(bench.app.screen.query(".words").first().render())
        assert words.startswith("grpo in a few lines")
        assert words.endswith("the functions that run with Adam, an entropy bonus, gradient clipping.")
        first = bench.app.screen.query(".code-name").first()
        assert str(first.render()).startswith("grpo   pgplay/learning/objective/textbook.py:")


def test_no_short_code_is_shown_for_an_algorithm_with_another_choice() -> None:
    for other in ({"baseline": "batch-mean"}, {"updates": 4}, {"algorithm": "dapo"}, {"clip_high": 0.3}):
        rules = msgspec.structs.replace(RULES, **other)
        assert introduction("update", rules) == ""
        assert all("textbook" not in file for file, _ in places("update", rules))


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("credit", ["terminal", "dense", "gae", "none"])
def test_every_quoted_function_exists(credit: str) -> None:
    for name, row in {**ALGORITHMS, **COMPARATORS}.items():
        rules = msgspec.structs.replace(RULES, algorithm=name, credit=credit, baseline=row.choices.baseline)
        for reward in ("levenshtein", "prefix", "0.5*levenshtein + 0.5*prefix"):
            for phase in PHASES:
                found = sources(phase, msgspec.structs.replace(rules, reward=reward, control_variate=True))
                assert found
                for source in found:
                    text = (Path(__file__).parents[2] / source.file).read_text(encoding="utf-8").splitlines()
                    assert source.text.splitlines()[0].strip() == text[source.line - 1].strip()


def test_a_users_own_reward_is_shown_as_in_its_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("def reward(text, target):\n    return 1.0\n", encoding="utf-8")
    found = sources("score", msgspec.structs.replace(RULES, reward=str(file)))
    assert found[-1].text.startswith("def reward")


def test_a_quoted_function_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(LookupError, match="no nowhere"):
        source_of(("learning/objective/losses.py", "nowhere"))
    assert places("update", RULES)


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("name", [*ALGORITHMS, "supervised"])
def test_every_algorithm_has_its_formulas(name: str) -> None:
    choices = {**ALGORITHMS, **COMPARATORS}[name].choices
    rules = msgspec.structs.replace(RULES, algorithm=name, **choices._asdict())
    for credit in {choices.credit, "dense"}:
        told = msgspec.structs.replace(step_detail(), rules=msgspec.structs.replace(rules, credit=credit))
        for phase in PHASES:
            for one in told.samples:
                assert all(line.formula or line.numbers for line in lines(phase, told, one))


def test_no_number_breaks_the_formulas() -> None:
    certain = msgspec.structs.replace(sample("a", 0.0), tokens=())
    far = sample("a" * 3000, 1.0)
    for one in (certain, far):
        for phase in PHASES:
            assert lines(phase, step_detail(), one)


async def test_the_microscope_shows_a_completion_token_by_token_during_a_run() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 40)) as pilot:
        await trained(bench, pilot)
        await pilot.press("k")
        await until(pilot, lambda: isinstance(bench.app.screen, MicroscopeScreen))
        assert [type(command) for command in bench.worker.commands] == [InspectStep]
        assert "samples only" in seen(bench, "#microscope-title")
        bench.worker.tell(StepInspected(detail=step_detail()))
        await until(pilot, lambda: "recorded in full" in seen(bench, "#microscope-title"))
        assert len(listed(bench)) == 5
        assert any("×2" in row and "h" in row for row in listed(bench))
        await until(pilot, lambda: "written  hello world" in seen(bench, "#microscope-sample"))
        assert "reward   1  prefix 0.25  baseline 0.5  deviation 0.4" in seen(bench, "#microscope-sample")
        rows = seen(bench, "#token-rows").splitlines()
        assert len(rows) == 1 + len("hello world") + 1
        assert "0.50" in rows[1]
        assert "1.25" in rows[1]
        assert "h 0.50" in rows[1]
        assert "≡" in rows[1]
        assert "+0.12" in rows[1]


async def test_completions_are_sorted_and_searched() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 40)) as pilot:
        await trained(bench, pilot, "paused")
        await pilot.press("k")
        await until(pilot, lambda: isinstance(bench.app.screen, MicroscopeScreen))
        bench.worker.tell(StepInspected(detail=step_detail()))
        await until(pilot, lambda: "recorded in full" in seen(bench, "#microscope-title"))
        for _ in range(5):
            await pilot.press("o")
        await until(pilot, lambda: "×2" in listed(bench)[0])
        await pilot.press("slash", *"hello", "enter")
        await until(pilot, lambda: len(listed(bench)) == 2)
        assert "2 found" in str(bench.app.screen.query_one("#completions").border_title)
        bench.app.screen.query_one(Input).value = "nothing like it"
        await until(pilot, lambda: not listed(bench))


async def test_recorded_steps_are_shown_as_far_as_the_store_has_them() -> None:
    with RunStore.create(make_config({}), "a-run") as store:
        for step in range(1, 41):
            store.record(snapshot(step).report)
        store.keep_step_detail(step_detail(39))
    bench = Bench()
    async with bench.app.run_test(size=(120, 40)) as pilot:
        await trained(bench, pilot, "paused")
        await pilot.press("k")
        await until(pilot, lambda: isinstance(bench.app.screen, MicroscopeScreen))
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: "step 39 · recorded in full" in seen(bench, "#microscope-title"))
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: "step 38 · samples only" in seen(bench, "#microscope-title"))
        assert "not recorded in full" in seen(bench, "#token-rows")
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: "step 39 · recorded in full" in seen(bench, "#microscope-title"))


async def test_the_map_shows_the_completion_and_when_each_letter_was_learned() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 50)) as pilot:
        await trained(bench, pilot)
        await pilot.press("a")
        await until(pilot, lambda: isinstance(bench.app.screen, MapScreen))
        assert bench.sent(Map)
        bench.worker.tell(Mapped(map=policy_map()))
        await until(pilot, lambda: "step 40" in str(bench.app.screen.query_one("#next-tokens").border_title))
        writing = seen(bench, "#next-tokens").splitlines()
        assert writing[0].replace(" ", "") == "greedy│hello␣wrld■"
        row = next(line for line in writing[3:] if line.strip().startswith("l "))
        cells = row.split("│")[1]
        assert [cells[4 * position] for position in range(11)] == [*"  ██    █  "]
        rows = seen(bench, "#target-tokens").splitlines()[:12]
        first_full = [row.index("█") for row in rows if "█" in row]
        assert first_full == sorted(set(first_full))
        assert [row.split("│")[0].strip() for row in rows] == [*"hello␣world", "■"]


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("width", [80, 120])
async def test_the_map_of_a_pretrained_model_shows_whole_tokens_and_scrolls(width: int) -> None:
    written = (*("Once", " upon", " a", " time", ",", " there", " was", " an", " extraordinarily") * 2, "")
    rows = tuple(dict.fromkeys(written))
    shares = tuple(tuple(0.95 if text == row else 0.0 for text in written) for row in rows)
    told = PolicyMap(40, "", ("",), (0.1,), written, (0.4,) * len(written), rows, shares)
    bench = Bench()
    async with bench.app.run_test(size=(width, 50)) as pilot:
        await trained(bench, pilot)
        await pilot.press("a")
        await until(pilot, lambda: isinstance(bench.app.screen, MapScreen))
        bench.worker.tell(Mapped(map=told))
        await until(pilot, lambda: "step 40" in str(bench.app.screen.query_one("#next-tokens").border_title))
        await until(pilot, lambda: not bench.app.screen.query_one("#target-tokens").display)

        def writing() -> list[str]:
            return seen(bench, "#next-tokens").splitlines()

        greedy, entropies, *likely = writing()
        assert "Once ␣upon ␣a  ␣time ,   ␣there ␣was ␣an ␣extraordina…" in greedy
        assert "target" not in entropies
        for row in likely:
            label = row.split("│")[0].strip()
            assert row.index("█") == greedy.index(label[:8].rstrip("…"), greedy.index("│"))
        for _ in range(9):
            await pilot.press("right")
        assert writing()[0].rstrip().endswith("■")


async def test_the_rewards_fill_their_column_of_a_map_without_a_target() -> None:
    told = PolicyMap(40, "", ("",), (0.1,), ("Once", ""), (0.4, 0.4), ("Once",), ((0.9, 0.0),))
    bench = Bench()
    async with bench.app.run_test(size=(200, 50)) as pilot:
        await trained(bench, pilot)
        await pilot.press("a")
        await until(pilot, lambda: isinstance(bench.app.screen, MapScreen))
        bench.worker.tell(Mapped(map=told))
        tokens, rewards = (bench.app.screen.query_one(name) for name in ("#next-tokens", "#rewards"))
        await until(pilot, lambda: tokens.region.height == rewards.region.height > 40)


async def test_the_distribution_of_rewards_is_shown_for_every_step() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 50)) as pilot:
        await trained(bench, pilot)
        await pilot.press("a")
        await until(pilot, lambda: isinstance(bench.app.screen, MapScreen) and "█" in seen(bench, "#rewards"))
        places = [row.index("█") for row in reversed(seen(bench, "#rewards").splitlines()[:-2]) if "█" in row]
        assert places == sorted(set(places))


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize(("key", "screen"), [("n", PhaseScreen), ("k", MicroscopeScreen), ("a", MapScreen)])
async def test_without_a_run_a_first_step_is_made_for_inspection(key: str, screen: type) -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 40)) as pilot:
        await begin(bench, pilot)
        await pilot.press(key)
        await until(pilot, lambda: isinstance(bench.app.screen, screen))
        assert bench.sent(Start)[0].paused
        bench.worker.build("paused")
        await until(pilot, lambda: bench.sent(InspectStep))


@pytest.mark.matrix
@pytest.mark.parametrize("state", ["training", "paused", "solved", "finished"])
@pytest.mark.parametrize(("key", "screen"), [("n", PhaseScreen), ("k", MicroscopeScreen), ("a", MapScreen)])
async def test_the_page_opens_at_any_time_of_a_run(state: str, key: str, screen: type) -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 40)) as pilot:
        await trained(bench, pilot, state)
        await pilot.press(key)
        await until(pilot, lambda: isinstance(bench.app.screen, screen))
        assert not bench.sent(Start)


@pytest.mark.matrix
@pytest.mark.parametrize("state", ["training", "solved"])
@pytest.mark.parametrize(
    ("key", "screen"), [("n", PhaseScreen), ("k", MicroscopeScreen), ("a", MapScreen), ("P", PromptsScreen)]
)
async def test_after_a_search_pages_about_a_policy_offer_to_train_one(state: RunState, key: str, screen: type) -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 40), notifications=True) as pilot:
        await begin(bench, pilot)
        bench.worker.build("training", algorithm="hill-climb", target="good day", seed=3)
        bench.worker.tell(StateChanged(state=state, step=5))
        await until(pilot, lambda: bench.app.state.run == state)
        await pilot.press(key)
        await until(pilot, lambda: isinstance(bench.app.screen, ChooseDialog))
        await pilot.press("escape", key)
        await until(pilot, lambda: isinstance(bench.app.screen, ChooseDialog))
        assert not bench.sent(Start)
        await pilot.press("1")
        await until(pilot, lambda: isinstance(bench.app.screen, screen))
        (start,) = bench.sent(Start)
        assert start.paused
        assert to_settings(start.config) == {"target": "good day", "seed": 3}
        bench.worker.build("paused", run="new", target="good day", seed=3)
        await until(pilot, lambda: len(bench.sent(InspectStep)) == 1)


async def follow_advice(bench: Bench, pilot: Pilot[int], entropy: float) -> None:
    """Train until a finding suggests this weight of `entropy`, and press its key."""
    await trained(bench, pilot)
    advice = Finding("collapsed-entropy", {"entropy": 0.001}, {"entropy": entropy})
    bench.worker.train(41, after=40, findings=(advice,))
    await until(pilot, lambda: f"!: entropy {entropy:g}" in str(bench.app.main.query_one("#finding").render()))
    await pilot.press("exclamation_mark")


async def test_a_key_applies_the_suggestion_of_a_finding() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 40)) as pilot:
        await follow_advice(bench, pilot, 0.16)
        await until(pilot, lambda: bench.sent(Change))
        assert bench.sent(Change) == [Change(settings=Changes(entropy=0.16))]


async def test_a_suggestion_that_the_settings_do_not_allow_is_refused_with_a_reason() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 40)) as pilot:
        await follow_advice(bench, pilot, 120.0)
        await until(pilot, lambda: any("from 0 to 10" in told.message for told in bench.app._notifications))
        assert not bench.sent(Change)
        assert bench.app.state.settings == {}


async def test_the_diagnosis_is_in_plain_words_and_a_number_applies_its_suggestion() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 40)) as pilot:
        await trained(bench, pilot)
        sick = {"clip_share": 0.8, "lr": 0.005, "tied_groups": 0.0, "entropy": 1.0}
        bench.worker.train(80, after=40, metrics=lambda step: {**curve(step), **sick})
        await until(pilot, lambda: bench.app.state.step == 80)
        await pilot.press("d")
        await until(pilot, lambda: bench.app.screen.query("#health-signals"))
        await until(pilot, lambda: "80% of tokens were clipped" in seen(bench, "#health-signals"))
        assert "1: lr 0.0025" in seen(bench, "#health-signals")
        assert "● Tied groups" in seen(bench, "#health-signals")
        await pilot.press("1")
        await until(pilot, lambda: bench.sent(Change))
        assert bench.sent(Change) == [Change(settings=Changes(lr=0.0025))]


async def test_the_histogram_can_be_plotted_like_a_metric() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 50)) as pilot:
        await trained(bench, pilot)
        bench.app.state.view = PlotView(shown=("rewards", "entropy"), cursor=20)
        bench.app.redraw()
        await until(pilot, lambda: bench.app.main.query("#plot-2") and not bench.app.main.query("#plot-3"))
        await until(pilot, lambda: "█" in str(bench.app.main.query_one("#plot-1").render()))
        panel = bench.app.main.query_one("#plot-1")
        await until(pilot, lambda: "step 20: 100% from 0.50 to 0.55" in str(panel.border_subtitle))


async def test_the_reward_is_plotted_over_kl_with_the_newest_point_and_the_one_at_the_cursor() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 50)) as pilot:
        await trained(bench, pilot)
        bench.app.state.view = PlotView(shown=("reward_by_kl", "entropy"))
        bench.app.redraw()
        await until(pilot, lambda: "There is no KL without a reference" in seen(bench, "#plot-1"))
        rows = tuple((step, {"reward_mean": step / 100, "kl_reference": (80 - step) / 100}) for step in range(41, 61))
        bench.worker.tell(msgspec.structs.replace(snapshot(60), rows=rows))
        panel = bench.app.main.query_one("#plot-1")
        await until(pilot, lambda: "● step 60: 0.6 at 0.2 nats" in str(panel.border_subtitle))
        assert "●" in seen(bench, "#plot-1")
        lines = seen(bench, "#plot-1").split("\n")
        (place,) = [(row, line.index("●")) for row, line in enumerate(lines) if "●" in line]
        assert "◆" not in seen(bench, "#plot-1")
        bench.app.state.view = replace(bench.app.state.view, cursor=42)
        bench.app.redraw()
        await until(pilot, lambda: "◆ step 42: 0.42 at 0.38" in str(panel.border_subtitle))
        lines = seen(bench, "#plot-1").split("\n")
        (read,) = [(row, line.index("◆")) for row, line in enumerate(lines) if "◆" in line]
        assert read[0] > place[0]
        assert read[1] > place[1]


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize(
    ("key", "screen", "panel"),
    [("a", MapScreen, "#target-tokens"), ("n", PhaseScreen, "#tokens"), ("k", MicroscopeScreen, "#tokens")],
)
async def test_any_step_panel_can_fill_the_screen(key: str, screen: type, panel: str) -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 40)) as pilot:
        await trained(bench, pilot, "paused")
        bench.worker.tell(StepInspected(detail=step_detail()))
        await pilot.press(key)
        await until(pilot, lambda: isinstance(bench.app.screen, screen) and bench.app.screen.query(panel))
        bench.app.screen.query_one(panel).focus()
        await pilot.press("b")
        await until(pilot, lambda: bench.app.screen.query_one(panel).size.height > 34)
        await pilot.press("escape")
        await until(pilot, lambda: bench.app.screen.query_one(panel).size.height < 32)
        await pilot.press("escape")
        await until(pilot, lambda: bench.app.screen is bench.app.main)


async def test_every_stage_shows_formulas_and_tokens_also_in_a_small_terminal() -> None:
    parts = ("#completions", "#phase-maths", "#tokens")
    bench = Bench()
    async with bench.app.run_test(size=(80, 24)) as pilot:
        await trained(bench, pilot, "paused")
        bench.worker.tell(StepInspected(detail=step_detail()))
        await pilot.press("n")
        await until(pilot, lambda: isinstance(bench.app.screen, PhaseScreen) and listed(bench))
        for _ in PHASES:
            await until(pilot, lambda: all(bench.app.screen.query_one(part).size.height >= 3 for part in parts))
            await pilot.press("right")


async def open_signals(bench: Bench, pilot: Pilot[int]) -> None:
    """Train with updates that are too large, and open the page whose first suggestion is to halve lr."""
    await trained(bench, pilot)
    sick = {"clip_share": 0.8, "lr": 0.005, "tied_groups": 0.0, "entropy": 1.0}
    bench.worker.train(80, after=40, metrics=lambda step: {**curve(step), **sick})
    await until(pilot, lambda: bench.app.state.step == 80)
    await pilot.press("d")
    await until(pilot, lambda: bench.app.screen.query("#health-signals"))
    await until(pilot, lambda: "1: lr 0.0025" in seen(bench, "#health-signals"))


async def test_an_applied_suggestion_is_reported_once_and_only_when_applied() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 40), notifications=True) as pilot:
        await open_signals(bench, pilot)
        await pilot.press("1")
        await until(pilot, lambda: bench.sent(Change))
        assert told(bench) == []
        bench.worker.tell(Changed(settings=Changes(lr=0.0025), step=80, request=bench.worker.request(Change)))
        await until(pilot, lambda: told(bench))
        assert told(bench) == ["Changed: lr 0.0025"]


async def test_a_suggestion_that_the_worker_refuses_is_not_reported_as_changed() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 40), notifications=True) as pilot:
        await open_signals(bench, pilot)
        await pilot.press("1")
        await until(pilot, lambda: bench.sent(Change))
        bench.worker.tell(Refused(*coded("It cannot be."), request=bench.worker.request(Change)))
        bench.worker.tell(Changed(settings=Changes(lr=0.1), step=81))
        await until(pilot, lambda: bench.app.state.info and bench.app.state.info.config.lr == 0.1)
        assert told(bench) == ["It cannot be."]


async def test_a_suggestion_that_does_not_fit_the_setup_changes_nothing_and_says_why() -> None:
    bench = Bench(make_config({"group_size": 64}))
    async with bench.app.run_test(size=(120, 40), notifications=True) as pilot:
        await trained(bench, pilot)
        bench.app.controllers.inspection.change({"batch_size": 162})
        await until(pilot, lambda: told(bench))
        assert len(told(bench)) == 1
        assert told(bench)[0].startswith("This suggestion cannot be applied: ")
        assert not any("batch_size" in change.settings.by_name() for change in bench.sent(Change))
        assert bench.app.main.setup.typed["batch_size"] == ""


async def test_a_suggestion_without_a_training_run_is_only_described() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 40), notifications=True) as pilot:
        await trained(bench, pilot, "finished")
        bench.app.controllers.inspection.change({"lr": 0.002})
        await until(pilot, lambda: told(bench))
        bench.app.controllers.inspection.change({"lr": 0.002})
        await until(pilot, lambda: len(told(bench)) == 2)
        assert told(bench) == ["Set for the next start: lr 0.002", "Already set: lr 0.002"]
        assert not bench.sent(Change)


async def test_a_step_requested_of_a_worker_that_is_gone_is_refused_with_a_message() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 40), notifications=True) as pilot:
        await trained(bench, pilot)
        bench.worker.die()
        await until(pilot, lambda: bench.app.screen.query("#resume"))
        await pilot.press("escape", "k", "n")
        await until(pilot, lambda: any("The worker is gone" in words for words in told(bench)))
        assert len(bench.workers) == 1


def told(bench: Bench) -> list[str]:
    """The messages shown over the screen."""
    return [notification.message for notification in bench.app._notifications]


def test_a_small_advantage_keeps_its_sign_as_the_result_counts_by_it() -> None:
    shown = COMPLETION_COLUMNS["advantage"].shown
    texts = [shown(sample("hello", BASELINE + DEVIATION * advantage)) for advantage in (0.02, 0.003, -0.001, 1e-9)]
    assert texts == ["+0.02", "+0.003", "−0.001", "0.00"]
