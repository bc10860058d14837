"""The list of prompts: each with its greedy completion, and one to watch."""

from textual.widgets import DataTable

from pgplay.app.screens.dialogs.write import WriteScreen
from pgplay.app.screens.step.prompts import PromptsScreen
from pgplay.learning.reports.step_report import PromptSheet, Sample
from pgplay.worker.protocol.commands import ListPrompts, Start
from pgplay.worker.protocol.events import PromptsListed
from tests.app.fake_worker import Bench, begin, snapshot, until


def sample(prompt: str, text: str, reward: float, step: int) -> Sample:
    return Sample("greedy", prompt, text, prompt[::-1], reward, step, True, tuple(text))


def sheet(step: int, reward: float) -> PromptSheet:
    training = (sample("abc", "cba", 1.0, step), sample("bcd", "d[/]", reward, step))
    return PromptSheet(step, training, (sample("dca", "acx", 0.67, step),))


def cells(bench: Bench) -> list[list[str]]:
    table = bench.app.screen.query_one("#prompts", DataTable)
    return [[str(cell) for cell in table.get_row_at(row)] for row in range(table.row_count)]


def shown(bench: Bench, selector: str) -> str:
    return str(bench.app.screen.query_one(selector).render())


async def test_every_prompt_is_listed_and_the_selected_one_is_watched() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(100, 30)) as pilot:
        await begin(bench, pilot)
        bench.worker.build("training")
        bench.worker.tell(snapshot(40))
        await until(pilot, lambda: bench.app.state.step == 40)
        await pilot.press("P")
        await until(pilot, lambda: isinstance(bench.app.screen, PromptsScreen))
        assert bench.sent(ListPrompts)
        bench.worker.tell(PromptsListed(sheet=sheet(40, 0.0)))
        await until(pilot, lambda: len(cells(bench)) == 3)
        assert cells(bench)[1] == ["training", "  0.00", "bcd", "d[/]"]
        assert cells(bench)[2][0] == "held out"
        assert "2 training, mean reward 0.50 · 1 held out, mean reward 0.67" in shown(bench, "#prompts-title")
        await pilot.press("down")
        await until(pilot, lambda: "right answer  dcb" in shown(bench, "#watched"))
        bench.worker.tell(PromptsListed(sheet=sheet(41, 1.0)))
        await until(pilot, lambda: "▁█" in shown(bench, "#watched"))
        await pilot.press("o")
        await until(pilot, lambda: cells(bench)[0][2] == "dca")
        assert "right answer  dcb" in shown(bench, "#watched")
        await pilot.press("slash", *"BCD")
        await until(pilot, lambda: [row[2] for row in cells(bench)] == ["bcd"])
        await pilot.press("escape")
        await until(pilot, lambda: len(cells(bench)) == 3 and isinstance(bench.app.screen, PromptsScreen))
        await until(pilot, lambda: "right answer  dcb" in shown(bench, "#watched"))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(bench.app.screen, WriteScreen))
        assert bench.app.screen.query_one("#prompt").value == "bcd"  # type: ignore[attr-defined]


async def test_without_a_run_the_page_makes_a_first_step() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(100, 30)) as pilot:
        await begin(bench, pilot)
        await pilot.press("P")
        await until(pilot, lambda: isinstance(bench.app.screen, PromptsScreen))
        assert len(bench.sent(Start)) == 1


async def test_another_run_starts_without_the_prompts_of_the_last_one() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(100, 30)) as pilot:
        await begin(bench, pilot)
        bench.worker.build("training")
        bench.worker.tell(snapshot(40))
        await until(pilot, lambda: bench.app.state.step == 40)
        await pilot.press("P")
        await until(pilot, lambda: isinstance(bench.app.screen, PromptsScreen))
        bench.worker.tell(PromptsListed(sheet=sheet(40, 0.0)))
        await until(pilot, lambda: len(cells(bench)) == 3 and "abc" in shown(bench, "#watched"))
        bench.worker.build("training", run="another")
        await until(pilot, lambda: not cells(bench))
        assert "is writing" in shown(bench, "#prompts-title")
        assert "abc" not in shown(bench, "#watched")
        bench.worker.tell(PromptsListed(sheet=sheet(1, 0.5)))
        await until(pilot, lambda: len(cells(bench)) == 3)
        assert "step 1 " in shown(bench, "#prompts-title")


async def test_the_prompts_page_opens_without_those_of_the_last_run() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(100, 30)) as pilot:
        await begin(bench, pilot)
        bench.worker.build("training")
        bench.worker.tell(PromptsListed(sheet=sheet(40, 0.0)))
        await until(pilot, lambda: bench.app.state.prompts)
        bench.worker.build("training", run="another")
        bench.worker.tell(snapshot(1))
        await until(pilot, lambda: bench.app.state.step == 1)
        await pilot.press("P")
        await until(pilot, lambda: isinstance(bench.app.screen, PromptsScreen))
        assert cells(bench) == []
