"""The reward bench: score typed texts with several rewards; probe one reward before training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Horizontal, Vertical, VerticalScroll
from textual.screen import Screen
from textual.widgets import Input, Label, Static, TextArea

from pgplay.app.actions import BENCH_ACTIONS, bindings
from pgplay.app.drawing.terminal_text import as_title, terminal_text
from pgplay.app.messages import LooksChanged, WorkerEvent
from pgplay.app.rewards.background_scorer import Asked, BackgroundScorer
from pgplay.app.rewards.draft import kept_rewards, near
from pgplay.app.screens.dialogs.base import Keys
from pgplay.app.screens.rewards import bench_text
from pgplay.app.state.app_state import AppState
from pgplay.app.widgets.places import Places
from pgplay.app.widgets.reward_picker import RewardList
from pgplay.app.widgets.samples import Samples, component_styles
from pgplay.app.widgets.text_fields import LineField, TextField
from pgplay.errors import PgplayError
from pgplay.rewards.records import Triple
from pgplay.rewards.spec import RewardSpec
from pgplay.worker.protocol.events import Probed, Refused
from pgplay.worker.protocol.reported_errors import reported_reward_error

CHOSEN = ("levenshtein", "prefix", "exact")
"""The built-in rewards that are selected at first, besides the current one."""

SHOWN_TEXTS = 5
REWARD_STYLES = ("better", "worse", "bar")

UNPROBED = (
    "ctrl+r probes the reward under the cursor before training: its values for the texts of an untrained policy, "
    "whether it rises towards the target, and where hill climbing by single edits ends."
)


class RewardBench(Screen[None]):
    """Scores while the person types; `probe` sends a request and returns its number, or raises PgplayError."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(BENCH_ACTIONS, priority=True)]
    AUTO_FOCUS = "#texts-typed"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *Samples.COMPONENT_CLASSES,
        *(f"reward--{name}" for name in REWARD_STYLES),
    }

    def __init__(
        self, present: RewardSpec, state: AppState, target: str, prompt: str, probe: Callable[[Asked], int]
    ) -> None:
        super().__init__()
        self._present, self._state, self._probe = present, state, probe
        self._target, self._prompt = target, prompt
        self._scorer = BackgroundScorer(self)
        self._answer: BackgroundScorer.Answered | None = None
        self._probed: Probed | None = None
        self._request: int | None = None

    def compose(self) -> ComposeResult:
        """Compose the screen."""
        yield Places("place_run")
        yield Static("Reward bench", id="bench-title", classes="page-title")
        with Container(id="bench"):
            with Vertical(id="bench-rewards", classes="panel") as panel:
                panel.border_title = "Rewards"
                panel.border_subtitle = " space selects "
                yield self._reward_list()
                yield LineField(placeholder="a formula or file.py", id="own")
            with Vertical(id="bench-texts"):
                with Horizontal(classes="row"):
                    yield Label("Target", classes="name")
                    yield LineField(self._target, id="bench-target")
                with Horizontal(classes="row"):
                    yield Label("Prompt", classes="name")
                    yield LineField(self._prompt, id="bench-prompt", placeholder="none")
                yield TextField(
                    "\n".join(self._first_texts()),
                    id="texts-typed",
                    compact=True,
                    show_line_numbers=True,
                    classes="panel",
                )
                with VerticalScroll(id="side-by-side", classes="panel", can_focus=False) as panel:
                    panel.border_title = "Side by side"
                    yield Static(id="scores", markup=False)
                with VerticalScroll(id="probe", classes="panel", can_focus=False) as panel:
                    panel.border_title = "Before training"
                    yield Static(UNPROBED, id="probed", markup=False)
        yield Keys()

    def on_mount(self) -> None:
        """Score the initial texts."""
        self.query_one("#texts-typed").border_title = "Texts, one per line"
        self._score()

    def on_unmount(self) -> None:
        """Stop the background scorer."""
        self._scorer.close()

    def _first_texts(self) -> Sequence[str]:
        report = self._state.report
        samples = [sample.text for sample in report.samples] if report is not None else []
        texts = [text for text in samples or near(self._target) if "\n" not in text]
        return list(dict.fromkeys(texts))[:SHOWN_TEXTS]

    def _reward_list(self) -> RewardList:
        from pgplay.rewards.catalogue import EVERY_REWARD

        built_in = [reward.spec for reward in EVERY_REWARD.values()]
        specs = list(dict.fromkeys([self._present.text, *kept_rewards(), *built_in]))
        return RewardList(specs, {self._present.text, *CHOSEN}, id="reward-list")

    # The person's actions

    @on(TextArea.Changed)
    @on(Input.Changed)
    @on(RewardList.Chosen)
    def _score(self) -> None:
        """Score everything again in the background."""
        selected = self.query_one(RewardList).chosen
        typed = self.query_one("#own", Input).value.strip()
        target, prompt = self.query_one("#bench-target", Input).value, self.query_one("#bench-prompt", Input).value
        lines = self.query_one("#texts-typed", TextArea).text.split("\n")
        rewards = [self._reward(spec) for spec in [*selected, *([typed] if typed else [])]]
        triples = [Triple(line, target, prompt) for line in lines]
        self.remove_class("-probing")
        self._scorer.ask("score", rewards, triples)

    def _reward(self, spec: str) -> Asked:
        return self._present if spec == self._present.text else spec

    def action_probe(self) -> None:
        """Probe the reward under the cursor, or the typed one, before training."""
        field = self.query_one("#own", Input)
        rewards = self.query_one(RewardList)
        spec = self._present.text
        if field.has_focus and field.value.strip():
            spec = field.value.strip()
        elif rewards.under_cursor is not None:
            spec = rewards.under_cursor
        self._probed = None
        self.query_one("#probed", Static).update(terminal_text(f"Probing {spec}…"))
        self.add_class("-probing")
        try:
            self._request = self._probe(self._reward(spec))
        except PgplayError as error:
            self._show_refusal(error)

    @on(RewardList.OptionHighlighted)
    def _describe(self) -> None:
        """Say what the reward under the cursor is."""
        from pgplay.rewards.catalogue import EVERY_REWARD

        spec = self.query_one(RewardList).under_cursor
        described = [f" · {spec}: {reward.description}" for reward in EVERY_REWARD.values() if reward.spec == spec]
        self.query_one("#bench-title", Static).update(terminal_text("".join(["Reward bench", *described])))

    def action_leave(self) -> None:
        """Go back."""
        self.dismiss()

    # Results

    @on(BackgroundScorer.Answered)
    def _answered(self, event: BackgroundScorer.Answered) -> None:
        self._answer = event
        self._show_answer(event)

    @on(LooksChanged)
    def _looks_changed(self) -> None:
        if self._answer is not None:
            self._show_answer(self._answer)
        if self._probed is not None:
            self._show_probe(self._probed)

    def _show_answer(self, event: BackgroundScorer.Answered) -> None:
        styles = self._styles()
        names = [reward if isinstance(reward, str) else reward.text for reward in event.asked]
        sections = [
            bench_text.alignments(event.triples, styles),
            bench_text.table(names, event.outcomes, styles),
        ]
        self.query_one("#scores", Static).update(Text("\n\n").join(sections))

    @on(BackgroundScorer.Printed)
    def _printed(self, event: BackgroundScorer.Printed) -> None:
        self._state.note(event.line)

    def _styles(self) -> dict[str, Style]:
        named = {name: self.get_component_rich_style(f"reward--{name}", partial=True) for name in REWARD_STYLES}
        return {**component_styles(self), **named}

    @on(WorkerEvent)
    def _worker_event(self, message: WorkerEvent) -> None:
        match message.event:
            case Probed(request=self._request) as probed:
                self._show_probe(probed)
            case Refused(request=self._request) as refused:
                self._show_refusal(reported_reward_error(refused))
            case _:
                return
        message.stop()

    def _show_probe(self, probed: Probed) -> None:
        """Show a probe's result and its verdict."""
        self._probed = probed
        self.query_one("#probe").border_title = as_title(f"Before training · {probed.probe.reward}")
        self.query_one("#probed", Static).update(bench_text.findings(probed.probe, probed.verdict, self._styles()))

    def _show_refusal(self, error: PgplayError) -> None:
        """Show why a reward could not be probed."""
        self._probed = None
        self.query_one("#probed", Static).update(terminal_text(f"✗ {error}", self._styles()["worse"], lines=True))
