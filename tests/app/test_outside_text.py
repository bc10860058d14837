"""Other people's text on every page: it is never read as markup, never steers the terminal, and keeps its brackets.

Titles and messages are checked by reading the code; everything else by opening every page on data whose every text is
hostile.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rich.text
from msgspec.structs import replace
from textual.content import Content
from textual.pilot import Pilot
from textual.widgets import Button, Input, TextArea

from pgplay.app.drawing.steering import WithoutSteering
from pgplay.app.screens.main import MainScreen
from pgplay.config.run_config import make_config
from pgplay.learning.reports.step_report import Finding, PromptSheet
from pgplay.rewards.spec import Origin
from pgplay.worker.protocol.events import (
    Failed,
    Log,
    Mapped,
    Probed,
    PromptsListed,
    Refused,
    StateChanged,
    StepInspected,
    Written,
)
from tests.app.fake_worker import TEXTS, Bench, begin, coded, sample, snapshot, until
from tests.app.screens import OPENINGS, PROBE, VERDICT, go_to, prepare
from tests.app.step_details import policy_map, step_detail
from tests.hostile import HOSTILE, STEERS, keep_policy, keep_preset, keep_run

APP = Path(__file__).parents[2] / "pgplay" / "app"


def is_fixed(value: ast.expr) -> bool:
    """Whether `value` is fixed in the code: a constant, a name in capitals, or a choice between such."""
    match value:
        case ast.Constant():
            return True
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.isupper()
        case ast.IfExp(body=body, orelse=orelse):
            return is_fixed(body) and is_fixed(orelse)
        case ast.JoinedStr(values=parts):
            return all(is_fixed(part.value) if isinstance(part, ast.FormattedValue) else True for part in parts)
        case ast.BinOp(left=left, right=right):
            return is_fixed(left) and is_fixed(right)
    return False


def is_safe(value: ast.expr) -> bool:
    """Whether `value` went through the one function that makes a title of outside text."""
    match value:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name == "as_title"
        case ast.IfExp(body=body, orelse=orelse):
            return all(is_fixed(one) or is_safe(one) for one in (body, orelse))
    return False


def titles(tree: ast.AST) -> list[ast.expr]:
    """The values assigned to a border's title or subtitle."""
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Attribute)
        and node.targets[0].attr in ("border_title", "border_subtitle")
    ]


def unsafe_notifications(tree: ast.AST) -> list[ast.expr]:
    """Calls of `notify` that may contain outside text and read markup."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [
        call.args[0]
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr == "notify" and call.args
        if not is_fixed(call.args[0])
        if not any(word.arg == "markup" and ast.unparse(word.value) == "False" for word in call.keywords)
    ]


def parsed() -> list[tuple[str, ast.AST]]:
    return [(str(path.relative_to(APP)), ast.parse(path.read_text(encoding="utf-8"))) for path in APP.rglob("*.py")]


def test_every_title_is_fixed_or_made_safe() -> None:
    found = [(path, title) for path, tree in parsed() for title in titles(tree)]
    assert len(found) > 20
    unsafe = [(path, ast.unparse(title)) for path, title in found if not (is_fixed(title) or is_safe(title))]
    assert unsafe == []


def test_every_notification_is_fixed_or_read_without_markup() -> None:
    wrong = [(path, ast.unparse(words)) for path, tree in parsed() for words in unsafe_notifications(tree)]
    assert wrong == []


BRACKETED = 'contains("[/INST]") + regex("[aeiou]") + contains("[@click=app.quit]x[/]")'
REWARD = f'contains("{HOSTILE}")'


def shown(bench: Bench) -> str:
    """Return all text on the screen, with the titles of its borders."""
    strips = bench.app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


@pytest.mark.exhaustive
@pytest.mark.matrix
@pytest.mark.parametrize("name", ["main", "bench", "editor", "phases", "details", "runs"])
async def test_every_page_shows_a_reward_with_brackets_as_typed(name: str) -> None:
    bench = Bench(make_config({"target": "[b]hello[/b] [x", "reward": BRACKETED}))
    async with bench.app.run_test(size=(200, 50)) as pilot:
        await prepare(bench, pilot)
        await go_to(name, bench, pilot)
        assert "regex(\"\")" not in shown(bench)
        assert "contains(\"\")" not in shown(bench)


@pytest.fixture
def markup(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """All texts that are read as markup from now on."""
    read: list[str] = []

    def noting(reads: Callable[..., Any]) -> Callable[..., Any]:
        def note(text: object, *arguments: Any, **options: Any) -> Any:
            read.append(str(text))
            return reads(text, *arguments, **options)

        return note

    for kind in (Content, rich.text.Text):
        monkeypatch.setattr(kind, "from_markup", staticmethod(noting(kind.from_markup)))
    return read


@pytest.fixture
def no_net(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the last filter before drawing, which would hide a page that lets something through."""
    monkeypatch.setattr(WithoutSteering, "apply", lambda self, segments, background: segments)


def hostile_events(bench: Bench) -> None:
    """Have the worker report, in hostile words, everything that a page may wait for."""
    one = sample("greedy", HOSTILE, 0.5, 40, HOSTILE)
    spoken = replace(one, prompt=HOSTILE, tokens=tuple(HOSTILE))
    tell = bench.worker.tell
    tell(PromptsListed(sheet=PromptSheet(40, (spoken,), (spoken,))))
    tell(Written(samples=(spoken,), policy=HOSTILE, scored_by=HOSTILE))
    tell(Probed(probe=replace(PROBE, reward=HOSTILE), verdict=replace(VERDICT, evidence=(HOSTILE,))))
    tell(Log(line=HOSTILE))


async def prepare_hostile(bench: Bench, pilot: Pilot[int]) -> None:
    """Store hostile policies and runs, and pause a run in which every text is hostile."""
    await begin(bench, pilot)
    bench.worker.build("paused", run=HOSTILE, target=HOSTILE, reward=REWARD)
    texts = {role: f"{HOSTILE}{role}" for role in TEXTS}
    findings = (Finding(HOSTILE),)  # as from a newer pgplay: only the code can be shown
    bench.worker.tell(snapshot(40, texts=texts, target=HOSTILE, findings=findings, metrics=lambda step: {
        "reward_mean": 0.5, "entropy": 1.0, "greedy_reward": 0.5, f"part:{HOSTILE}": 0.5, "seconds_sample": 0.1,
    }))  # fmt: skip
    bench.worker.tell(StateChanged(state="paused", step=40, reason=("error.text", {"text": HOSTILE})))
    step, mapped = step_detail(), policy_map()
    samples = tuple(
        replace(
            sample,
            prompt=HOSTILE,
            target=HOSTILE,
            text=HOSTILE,
            parts={HOSTILE: 0.5},
            tokens=tuple(
                replace(token, text=text, alternatives=((text, 0.5),))
                for token, text in zip(sample.tokens, HOSTILE, strict=False)
            ),
        )
        for sample in step.samples
    )
    bench.worker.tell(StepInspected(detail=replace(step, samples=samples)))
    rows, written = tuple(HOSTILE[: len(mapped.rows)]), tuple(HOSTILE[: len(mapped.written)])
    target = tuple(HOSTILE[: len(mapped.target)])
    bench.worker.tell(Mapped(map=replace(mapped, prompt=HOSTILE, target=target, rows=rows, written=written)))
    hostile_events(bench)
    await until(pilot, lambda: bench.app.state.map is not None and not bench.app.redraw_is_due)


@pytest.mark.matrix
@pytest.mark.parametrize("name", OPENINGS)
async def test_pages_of_hostile_texts_read_no_markup_and_steer_nothing(
    name: str, home: Path, markup: list[str], no_net: None
) -> None:
    """Open each page as a user does, with hostile names, targets, samples and rewards."""
    keep_run(HOSTILE)
    keep_policy("name")
    keep_preset(home)
    bench = Bench(make_config({"target": "a [/b] [red]", "reward": REWARD}))
    async with bench.app.run_test(size=(140, 45)) as pilot:
        await prepare_hostile(bench, pilot)
        opening = OPENINGS[name]
        for key in opening.keys:
            await pilot.press(key)
            await pilot.pause()
        opening.meanwhile(bench)
        hostile_events(bench)
        for _ in range(3):
            await pilot.pause(0.02)
            assert not STEERS.search(shown(bench).replace("\n", ""))
        assert [text for text in markup if "[@click=app.quit]" in text.replace("\\[@", "")] == []
        assert bench.app.is_running
        for widget in bench.app.screen.query("*"):
            assert not STEERS.search(str(widget.tooltip or "").replace("\n", ""))


async def test_messages_of_the_worker_steer_nothing(markup: list[str], no_net: None) -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        bench.worker.tell(Refused(*coded(HOSTILE, HOSTILE)))
        await pilot.pause(0.05)
        assert not STEERS.search(shown(bench).replace("\n", ""))
        bench.worker.tell(Failed(*coded(HOSTILE, HOSTILE), run=HOSTILE, step=1))
        await until(pilot, lambda: bench.app.screen is not bench.app.main)
        await pilot.pause(0.05)
        assert not STEERS.search(shown(bench).replace("\n", ""))
        assert [text for text in markup if "[@click=app.quit]" in text.replace("\\[@", "")] == []


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("reward", ['contains("[/INST]")', 'regex("[aeiou]")', 'contains("[@click=x]")'])
async def test_the_bench_shows_the_reward_as_typed(reward: str) -> None:
    bench = Bench(make_config({"target": "aaaa", "reward": reward}))
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        await pilot.press("j")
        await until(pilot, lambda: not isinstance(bench.app.screen, MainScreen) and reward in shown(bench))


async def test_a_loaded_reward_shows_symbols_and_keeps_its_text() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        setup = bench.app.main.setup
        setup.load(make_config({"reward": REWARD}), origin=Origin("recipe"))
        await pilot.pause()
        field = setup.query_one("#own-reward", Input)
        assert "␛]0;owned␇" in field.value
        assert not STEERS.search(field.value)
        assert setup.typed["reward"] == REWARD


@pytest.mark.exhaustive
async def test_text_typed_or_loaded_into_a_field_is_drawn_as_symbols_and_kept(no_net: None) -> None:
    bench = Bench()
    async with bench.app.run_test(size=(140, 45)) as pilot:
        await begin(bench, pilot)
        bench.app.main.setup.set_target(HOSTILE)
        await until(pilot, lambda: "a␛]0;owned␇" in shown(bench))
        assert bench.app.main.setup.query_one("#target", TextArea).text == HOSTILE.rstrip("\x85")
        assert not STEERS.search(shown(bench).replace("\n", ""))
        for key in ("j", "y", "m", "w", "e", "g"):
            await pilot.press(key)
            await pilot.pause(0.02)
            for field in bench.app.screen.query(Input):
                field.value = HOSTILE
            for area in bench.app.screen.query(TextArea):
                area.text = f"typed {HOSTILE}\n{HOSTILE}"
            await pilot.pause(0.02)
            assert not STEERS.search(shown(bench).replace("\n", "")), key
            while bench.app.screen is not bench.app.main:
                bench.app.pop_screen()
                await pilot.pause()


async def test_the_last_filter_removes_what_a_page_lets_through() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        await until(pilot, lambda: not bench.app.redraw_is_due)  # which would give the button its own label again
        bench.app.main.query_one("#start", Button).label = rich.text.Text("raw \x1b]0;owned\x07\u202e👩\u200d🚀")
        await until(pilot, lambda: "raw ]0;owned👩\u200d🚀" in shown(bench))
        assert not STEERS.search(shown(bench).replace("\n", ""))
