"""The reward editor: type a formula or Python, preview its scores of the current samples, and train with it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Static, TextArea

from pgplay.app.actions import EDITOR_ACTIONS, bindings
from pgplay.app.drawing import number_format
from pgplay.app.drawing.alignment_text import coloured
from pgplay.app.drawing.terminal_text import as_title, plain, terminal_text
from pgplay.app.messages import LooksChanged, RewardApplied, RewardSaved, WorkerEvent
from pgplay.app.rewards.background_scorer import BackgroundScorer
from pgplay.app.rewards.draft import TEMPLATE, Draft, near
from pgplay.app.screens.dialogs.base import Keys
from pgplay.app.state.app_state import AppState
from pgplay.app.widgets.code_area import CodeArea
from pgplay.app.widgets.log_pane import LogPane
from pgplay.app.widgets.places import Places
from pgplay.app.widgets.samples import Samples, component_styles
from pgplay.errors import PgplayError, RewardError
from pgplay.rewards.records import Scores, Triple
from pgplay.rewards.spec import RewardSpec
from pgplay.worker.protocol.events import Failed, Refused
from pgplay.worker.protocol.reported_errors import reported_reward_error

_TYPING_PAUSE = 0.1
"""Seconds without typing before a formula is scored; Python runs only on request."""

NOT_CHECKED = "ctrl+r scores the samples by this reward,\nbeside their present rewards.\nTraining is not affected."
_WIDTHS = (6, 7, 8)


class RewardScreen(Screen[None]):
    """Edits a draft; `apply` trains with it and returns the request's number, `leave` keeps the draft.

    The draft is checked on the newest samples beside the `present` reward; without samples, on texts near `target`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(EDITOR_ACTIONS, priority=True)]
    AUTO_FOCUS = "CodeArea"
    COMPONENT_CLASSES: ClassVar[set[str]] = {*Samples.COMPONENT_CLASSES, "reward--better", "reward--worse"}

    def __init__(
        self,
        draft: Draft,
        *,
        present: RewardSpec,
        state: AppState,
        target: str,
        apply: Callable[[Draft], int],
        leave: Callable[[Draft, RewardSpec], None],
    ) -> None:
        super().__init__()
        self._draft, self._present, self._state, self._target = draft, present, state, target
        self._apply, self._leave = apply, leave
        self._checked: dict[Triple, float | None] = {}
        self._pause: Timer | None = None
        self._scorer = BackgroundScorer(self)
        self._failure: PgplayError | None = None
        self._failed_for: Triple | None = None
        self._applying: Draft | None = None
        self._request = 0
        self._table: Callable[[], None] | None = None

    def compose(self) -> ComposeResult:
        """Compose the screen."""
        yield Places("place_run")
        yield Static(id="reward-title", classes="page-title")
        with Container(id="reward-body"):
            with Vertical(id="reward-editor"):
                yield CodeArea(self._draft.text, id="code")
                verdict = Static(id="verdict")
                verdict.display = False
                yield verdict
            with Vertical(id="reward-results"):
                with VerticalScroll(id="check", classes="panel", can_focus=False) as panel:
                    panel.border_title = "Check"
                    yield Static(NOT_CHECKED, id="checked", markup=False)
                yield LogPane(self._state)
        yield Keys()

    def on_mount(self) -> None:
        """Put the cursor at the end of the text, or on the line that failed."""
        self.query_one("#code").add_class("panel")
        self._show_kind()
        if self._failure is not None:
            self.show_refusal(self._failure)
        elif not self._draft.is_python:
            self.code.move_cursor(self.code.document.end)
            self.action_check()

    def on_unmount(self) -> None:
        """Store the draft and stop the background scorer."""
        self._leave(self._draft, self._present)
        self._scorer.close()

    @property
    def code(self) -> CodeArea:
        """The text field."""
        return self.query_one(CodeArea)

    # The person's actions

    @on(TextArea.Changed)
    def _typed(self) -> None:
        """Read the text now: a key may arrive before the message about the change."""
        if self.code.text == self._draft.text:
            return
        self._draft = self._draft._replace(text=self.code.text)
        self._say(Text())
        self.code.mark_failure(0)
        self._show_kind()
        if self._pause is not None:
            self._pause.stop()
        if not self._draft.is_python:
            self._pause = self.set_timer(_TYPING_PAUSE, self.action_check)

    def action_check(self) -> None:
        """Score the samples with the draft, in the background."""
        self._typed()
        self._checked = self._texts()
        rewards = [self._draft.spec]
        if None in self._checked.values():
            rewards.append(self._present)
        self._scorer.ask("check", rewards, list(self._checked))
        if self._draft.is_python:
            self._say(Text("Checking…", self._style("muted")))

    def action_apply(self) -> None:
        """Ask the run to train with the draft."""
        self._typed()
        draft = self._draft._replace(file=self._draft.spec.text if self._draft.is_python else "")
        self._applying, self._checked = draft, self._texts()
        self._scorer.ask("apply", [draft.spec], list(self._checked))
        self._say(Text("Trying it…", self._style("muted")))

    def action_begin_in_python(self) -> None:
        """Replace the text with a Python template; undo brings it back."""
        self.code.replace(TEMPLATE, (0, 0), self.code.document.end)
        self.code.move_cursor((2, 4))

    def action_leave(self) -> None:
        """Go back; the draft is kept."""
        self._typed()
        self.dismiss()

    # Results

    @on(BackgroundScorer.Answered)
    def _answered(self, event: BackgroundScorer.Answered) -> None:
        new, *others = event.outcomes
        if isinstance(new, PgplayError):
            self.show_refusal(new)
            return
        before = [self._checked.get(triple) for triple in event.triples]
        if others and isinstance(others[0], Scores):
            before = [value if old is None else old for old, value in zip(before, others[0].values, strict=True)]
        self._say(Text())
        self._table = partial(self._show_table, event.triples, before, new)
        self._table()
        if event.kind == "apply" and self._applying is not None:
            self._request = self._apply(self._applying)

    @on(WorkerEvent)
    def _worker_event(self, message: WorkerEvent) -> None:
        """Show why the worker refused the reward, or why it failed in training."""
        event = message.event
        if (isinstance(event, Refused) and (event.saved_reward or event.request == self._request)) or (
            isinstance(event, Failed) and event.reward == self._present.text
        ):
            message.stop()
            self.show_refusal(reported_reward_error(event))

    @on(RewardApplied)
    def _applied(self, message: RewardApplied) -> None:
        self._show_applied(message.draft, message.report)

    @on(RewardSaved)
    def _saved(self, message: RewardSaved) -> None:
        """Load a file that another program saved, unless the draft was edited since."""
        message.stop()
        if self._draft.text == self._present.code:
            self._draft = message.draft
            self.code.text = message.draft.text
        self._show_applied(message.draft, message.report)

    @on(LooksChanged)
    def _looks_changed(self) -> None:
        if self._table is not None:
            self._table()

    @on(BackgroundScorer.Printed)
    def _printed(self, event: BackgroundScorer.Printed) -> None:
        self._state.note(event.line)

    def show_refusal(self, error: PgplayError) -> None:
        """Show why the draft was refused, and mark the failing line."""
        self._failure = error
        if isinstance(error, RewardError) and error.given is not None:
            self._failed_for = Triple(*error.given)
        if not self.is_attached:
            return
        if isinstance(error, RewardError):
            self.code.mark_failure(error.line)
        problem = terminal_text(f"✗ {error.problem}", self._style("worse"), lines=True)
        traceback = error.nested_traceback.rstrip() if isinstance(error, RewardError) else ""
        details = [terminal_text(text, lines=True) for text in (error.remedy, traceback) if text]
        self._say(Text("\n").join([problem, *details]))

    def _show_applied(self, draft: Draft, report: str) -> None:
        """Report that the run trains with the draft now."""
        self._draft = self._draft._replace(file=draft.file)
        self._present, self._failure, self._failed_for = draft.spec, None, None
        self._show_kind()
        self._say(Text.assemble(("✓ ", self._style("better")), terminal_text(report)))

    def _texts(self) -> dict[Triple, float | None]:
        """Return the texts to check the draft on, each with its current reward (None: unknown; NaN: it failed)."""
        texts: dict[Triple, float | None] = {} if self._failed_for is None else {self._failed_for: math.nan}
        report = self._state.report
        for sample in report.samples if report is not None else ():
            texts.setdefault(Triple(sample.text, sample.target, sample.prompt, sample.columns), sample.reward)
        if report is None or not report.samples:
            texts |= {Triple(text, self._target, ""): None for text in near(self._target)}
        return texts

    def _say(self, message: Text) -> None:
        verdict = self.query_one("#verdict", Static)
        verdict.update(message)
        verdict.display = bool(message)

    def _show_kind(self) -> None:
        kind = f"Python · {plain(self._draft.spec.text)}" if self._draft.is_python else "Formula of built-in rewards"
        self.code.border_title = as_title(kind)
        self.query_one("#reward-title", Static).update(terminal_text(f"Reward: now {self._present.text}"))

    def _show_table(self, triples: Sequence[Triple], before: Sequence[float | None], new: Scores) -> None:
        muted, styles = self._style("muted"), component_styles(self)
        head = "".join(f"{name:>{width}}" for name, width in zip(("now", "new", "change"), _WIDTHS, strict=True))
        lines = [Text(head + "  text", muted)]
        for index, (triple, old, value) in enumerate(zip(triples, before, new.values, strict=True)):
            line = Text(f"{_shown_reward(old):>{_WIDTHS[0]}}", muted)
            line.append(f"{number_format.reward(value).strip():>{_WIDTHS[1]}}", "bold")
            line.append_text(self._change(old, value)).append("  ")
            line.append_text(coloured(triple.text, triple.target, styles) if triple.text else Text("nothing", muted))
            numbers = {name: number_format.reward(values[index]).strip() for name, values in new.parts.items()}
            parts = "  ".join(f"{name} {number}" for name, number in numbers.items())
            if parts:
                line.append("\n" + " " * (_WIDTHS[0] - 2)).append_text(terminal_text(parts, muted))
            lines.append(line)
        self.query_one("#checked", Static).update(Text("\n", no_wrap=True).join(lines))
        source = "texts near the target" if self._state.report is None else "the samples of the newest step"
        self.query_one("#check").border_title = as_title(f"Check · {source}")

    def _change(self, before: float | None, value: float) -> Text:
        if before is None or math.isnan(before):
            return Text(" " * _WIDTHS[2])
        change = value - before
        if abs(change) < 0.005:
            return Text(f"{'=':>{_WIDTHS[2]}}", self._style("muted"))
        return Text(f"{change:>+{_WIDTHS[2]}.2f}", self._style("better" if change > 0 else "worse"))

    def _style(self, name: str) -> str:
        prefix = "samples" if name == "muted" else "reward"
        return str(self.get_component_rich_style(f"{prefix}--{name}", partial=True))


def _shown_reward(reward: float | None) -> str:
    if reward is None:
        return ""
    return "failed" if math.isnan(reward) else number_format.reward(reward).strip()
