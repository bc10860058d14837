"""The stored runs: their results, resuming one, comparison and time travel."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.widgets import Static

from pgplay.app.drawing import number_format
from pgplay.app.drawing.terminal_text import plain
from pgplay.app.messages import CompareRuns, OpenTimeTravel, ResumeRun
from pgplay.app.screens.dialogs.base import FILTER, LEAVE
from pgplay.app.screens.dialogs.export import export_stored_run
from pgplay.app.screens.dialogs.questions import AskDialog, ConfirmDialog
from pgplay.app.screens.library.listing import Listing
from pgplay.runs.run_library import RunLibrary
from pgplay.runs.summaries import RunSummary, what_differs

ORDERS: dict[str, Callable[[RunSummary], Any]] = {
    "newest first": lambda run: 0,  # the order of the library
    "best reward first": lambda run: math.inf if run.best_reward is None else -run.best_reward,
    "by name": lambda run: run.name,
    "by algorithm": lambda run: (run.algorithm, run.seed),
    "by reward": lambda run: (run.reward, run.algorithm, run.seed),
    "by target": lambda run: (run.task or run.target, run.algorithm, run.seed),
}


class Runs(Listing):
    """Lists the runs; the app resumes and compares them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,r", "resume", "resume", key_display="enter"),
        FILTER,
        Binding("space", "mark", "mark", key_display="space", tooltip="Choose the runs that p compares."),
        Binding("delete,backspace", "delete", "delete", key_display="del"),
        Binding("p", "side_by_side", "beside", tooltip="Overlay the marked runs, or this one with similar runs."),
        Binding("s", "sort", "sort", tooltip="Newest first, best reward first, by name, algorithm, reward or target."),
        Binding("n", "rename", "rename", tooltip="Give the run another name."),
        Binding("o", "note", "note", tooltip="Write a line about the run."),
        Binding("h", "travel", "time", tooltip="The run at any earlier step; continue from there as a branch."),
        Binding("x", "export", "export", tooltip="A page, the curves or the numbers, as the file's ending says."),
        LEAVE,
    ]
    HEADING = "Runs"
    COLUMNS = (
        *(("Run", 21), ("Target", 14), ("Algorithm", 10), ("Reward", 12), ("Seed", 4)),
        *(("Differs", 18), ("Steps", 6), ("Best", 6), ("State", 8)),
    )
    GIVE_WAY = ("Steps", "Target", "Best")
    GROW = ("Run", "Differs", "Target", "Reward")
    NONE_YET = "No runs yet. Press Escape, then Space to start one."

    def __init__(self, library: RunLibrary) -> None:
        super().__init__()
        self._library = library
        self._runs: dict[str, RunSummary] = {}
        self._differs: dict[str, str] = {}
        self._marked: list[str] = []
        self._order = next(iter(ORDERS))

    def rows(self) -> Sequence[tuple[str, Sequence[str]]]:
        """Return every run, newest first."""
        runs = self._library.summaries()
        self._differs = {run.name: differs for run, differs in zip(runs, what_differs(runs), strict=True)}
        self._runs = {run.name: run for run in sorted(runs, key=ORDERS[self._order])}
        return [(name, self._cells_of(run)) for name, run in self._runs.items()]

    def _cells_of(self, run: RunSummary) -> list[str]:
        best = "" if run.best_reward is None else number_format.reward(run.best_reward)
        name = f"● {run.name}" if run.name in self._marked else run.name
        note = " · ".join(filter(None, (run.note, self._differs.get(run.name, ""))))
        target = run.task or run.target
        return [
            *(name, target, run.algorithm, run.reward, "" if run.problem else str(run.seed)),
            *(note, number_format.count(run.steps), best, run.state),
        ]

    def action_sort(self) -> None:
        """Take the next order, and show its name."""
        orders = list(ORDERS)
        self._order = orders[(orders.index(self._order) + 1) % len(orders)]
        self.query_one("#listing-title", Static).update(f"{self.HEADING} · {self._order}")
        self.reload(select=self.selected or "")

    def keywords(self, name: str) -> str:
        """Return the run's settings, as in its recipe."""
        return " ".join(f"{setting}={value}" for setting, value in self._runs[name].settings.items())

    def hint(self, name: str) -> str:
        """Return the problem of a run, or its details and the step to resume from."""
        run = self._runs[name]
        if run.problem:
            return f"✗ {plain(run.problem)}"
        details = (run.task or run.target, run.reward, run.algorithm, run.model, self._differs[name])
        summary = plain(" · ".join(filter(None, details))) + ". " + (plain(f"“{run.note}” ") if run.note else "")
        branch = f"A branch of {plain(run.parent)} from step {run.parent_step}. " if run.parent else ""
        if run.state == "training":
            return f"{summary}{branch}It is being trained. Enter watches it."
        if run.checkpoint_step is None:
            return f"{summary}{branch}It has no checkpoint to resume from."
        return f"{summary}{branch}Enter resumes it from step {run.checkpoint_step}. {plain(run.message)}"

    def on_data_table_row_selected(self) -> None:
        """Resume the run: enter on its row."""
        self.action_resume()

    def action_resume(self) -> None:
        """Resume the run under the cursor if it has a checkpoint; watch one that another process trains."""
        run = self._runs.get(self.selected or "")
        if run is not None and run.state == "training":
            self.action_travel()
        elif run is not None and run.checkpoint_step is not None:
            self.post_message(ResumeRun(run.name))
            self.dismiss()

    def action_travel(self) -> None:
        """Show the run under the cursor at any earlier step."""
        run = self._runs.get(self.selected or "")
        if run is not None and not run.problem:
            self.post_message(OpenTimeTravel(run.name))
            self.dismiss()

    def action_mark(self) -> None:
        """Mark or unmark the run under the cursor for comparison."""
        run = self._runs.get(self.selected or "")
        if run is not None and not run.problem:
            if run.name in self._marked:
                self._marked.remove(run.name)
            else:
                self._marked.append(run.name)
            self.show_row(run.name, self._cells_of(run))

    def action_side_by_side(self) -> None:
        """Overlay the marked runs, or the one under the cursor with similar runs."""
        names = [name for name in self._marked if name in self._runs] or [self.selected or ""]
        if names[0] in self._runs and not self._runs[names[0]].problem:
            self.post_message(CompareRuns(tuple(names)))
            self.dismiss()

    def action_export(self) -> None:
        """Export the run under the cursor in the format of the file's ending."""
        run = self._runs.get(self.selected or "")
        if run is not None and not run.problem:
            self.app.run_worker(export_stored_run(self.app, self._library, run.name), group="reading")

    @work
    async def action_rename(self) -> None:
        """Ask for a new name."""
        name = self.selected
        if name is None:
            return
        check = partial(self._library.rename, name)
        answer = await self.app.push_screen_wait(
            AskDialog("Rename", f"New name for {name}:", name, yes="Rename", check=check)
        )
        if answer is not None:
            self._marked = [answer if marked == name else marked for marked in self._marked]
            self.reload(select=answer)

    @work
    async def action_note(self) -> None:
        """Ask for a note on the run under the cursor."""
        run = self._runs.get(self.selected or "")
        if run is None or run.problem:
            return
        question = f"A note on {run.name}, shown in the list:"
        note = await self.app.push_screen_wait(AskDialog("Note", question, run.note, yes="Keep", may_be_empty=True))
        if note is not None:
            self.attempt(lambda: self._library.write_note(run.name, note))
            self.reload(select=run.name)

    @work
    async def action_delete(self) -> None:
        """Delete the run under the cursor, after a question."""
        name = self.selected
        if name is None:
            return

        question = f"Delete the run {name} with its history and checkpoints? This cannot be undone."
        if await self.app.push_screen_wait(ConfirmDialog("Delete", question, "Delete")):
            self.attempt(lambda: self._library.delete(name))
            self.reload()
