"""The stored runs and sweeps: their results, resuming one, comparison and time travel."""

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
from pgplay.app.messages import CompareRuns, OpenSweep, OpenTimeTravel, ResumeRun
from pgplay.app.screens.dialogs.base import FILTER, LEAVE
from pgplay.app.screens.dialogs.export import export_stored_run, export_sweep
from pgplay.app.screens.dialogs.questions import AskDialog, ConfirmDialog
from pgplay.app.screens.library.listing import Listing
from pgplay.app.stored_runs.background_reading import read_in_background
from pgplay.experiments.sweep_library import SweepLibrary
from pgplay.experiments.sweep_list import SweepSummary, in_no_sweep
from pgplay.runs.run_library import RunLibrary
from pgplay.runs.summaries import RunSummary, what_differs

ListedRun = RunSummary | SweepSummary
"""One line of the list."""

ORDERS: dict[str, Callable[[ListedRun], Any]] = {
    "newest first": lambda entry: 0,  # the order of the list
    "best reward first": lambda entry: math.inf if entry.best_reward is None else -entry.best_reward,
    "by name": lambda entry: entry.name,
    "by algorithm": lambda entry: (entry.algorithm, _seed_of(entry)),
    "by reward": lambda entry: (entry.reward, entry.algorithm, _seed_of(entry)),
    "by target": lambda entry: (_target_of(entry), entry.algorithm, _seed_of(entry)),
}


def _seed_of(entry: ListedRun) -> int:
    return -1 if isinstance(entry, SweepSummary) else entry.seed


def _target_of(entry: ListedRun) -> str:
    return entry.target if isinstance(entry, SweepSummary) else entry.task or entry.target


class Runs(Listing):
    """Lists the runs and the sweeps, each of which is one line; the app resumes, opens and compares them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,r", "resume", "resume", key_display="enter", tooltip="Resume the run, or open the sweep."),
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

    def __init__(self, library: RunLibrary, sweeps: SweepLibrary) -> None:
        super().__init__()
        self._library, self._sweep_library = library, sweeps
        self._runs: dict[str, RunSummary] = {}
        self._sweeps: dict[str, SweepSummary] = {}
        self._differs: dict[str, str] = {}
        self._marked: list[str] = []
        self._order = next(iter(ORDERS))

    @property
    def heading(self) -> str:
        """The runs, and the machine that keeps them if it is another."""
        return f"{self.HEADING} on {self._library.host}" if self._library.host else self.HEADING

    def rows(self) -> Sequence[tuple[str, Sequence[str]]]:
        """Return every sweep, and every run that belongs to none, newest first."""
        every_run = self._library.summaries()
        sweeps = self._sweep_library.summaries(every_run)
        runs = in_no_sweep(every_run, sweeps)
        self._differs = {run.name: differs for run, differs in zip(runs, what_differs(runs), strict=True)}
        self._runs = {run.name: run for run in runs}
        self._sweeps = {sweep.name: sweep for sweep in sweeps}
        newest_first: list[ListedRun] = sorted([*sweeps, *runs], key=lambda entry: entry.created, reverse=True)
        return [(entry.name, self._cells_of(entry)) for entry in sorted(newest_first, key=ORDERS[self._order])]

    def _cells_of(self, entry: ListedRun) -> list[str]:
        return _cells_of_sweep(entry) if isinstance(entry, SweepSummary) else self._cells_of_run(entry)

    def _cells_of_run(self, run: RunSummary) -> list[str]:
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
        self.query_one("#listing-title", Static).update(f"{self.heading} · {self._order}")
        self.reload(select=self.selected or "")

    def keywords(self, name: str) -> str:
        """Return the run's settings, as in its recipe."""
        if name in self._sweeps:
            return "sweep"
        return " ".join(f"{setting}={value}" for setting, value in self._runs[name].settings.items())

    def hint(self, name: str) -> str:
        """Return the problem of a run or sweep, or its details and the step to resume from."""
        if name in self._sweeps:
            return _hint_of_sweep(self._sweeps[name])
        run = self._runs[name]
        if run.problem:
            return f"✗ {plain(run.problem)}"
        details = (run.task or run.target, run.reward, run.algorithm, run.model, self._differs[name])
        summary = plain(" · ".join(filter(None, details))) + ". " + (plain(f"“{run.note}” ") if run.note else "")
        branch = f"A branch of {plain(run.parent)} from step {run.parent_step}. " if run.parent else ""
        if run.trainer:
            return f"{summary}Trained by {plain(run.trainer)}; it can't be resumed or changed here. Enter shows it."
        if run.state == "training":
            done = "takes it over" if self._library.host else "watches it"
            return f"{summary}{branch}It is being trained. Enter {done}."
        if run.checkpoint_step is None:
            return f"{summary}{branch}It has no checkpoint to resume from."
        return f"{summary}{branch}Enter resumes it from step {run.checkpoint_step}. {plain(run.message)}"

    def on_data_table_row_selected(self) -> None:
        """Resume the run or open the sweep: enter on its row."""
        self.action_resume()

    def action_resume(self) -> None:
        """Resume the run under the cursor if it has a checkpoint; open a sweep.

        A run that TRL trains, or another process that can't be asked to let it go, is shown.
        """
        if self._selected_sweep is not None:
            self.action_travel()
            return
        run = self._runs.get(self.selected or "")
        if run is not None and (run.trainer or (run.state == "training" and not self._library.host)):
            self.action_travel()
        elif run is not None and run.checkpoint_step is not None:
            self.post_message(ResumeRun(run.name))
            self.dismiss()

    def action_travel(self) -> None:
        """Show the run under the cursor at any earlier step, or the sweep."""
        sweep = self._selected_sweep
        if sweep is not None and not sweep.problem:
            self.post_message(OpenSweep(sweep.name))
            self.dismiss()
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
        """Overlay the marked runs, or the one under the cursor with similar runs, or those of the sweep."""
        names = [name for name in self._marked if name in self._runs] or [self.selected or ""]
        sweep = self._sweeps.get(names[0])
        if sweep is not None and sweep.runs:
            self.post_message(CompareRuns(sweep.runs))
            self.dismiss()
        elif names[0] in self._runs and not self._runs[names[0]].problem:
            self.post_message(CompareRuns(tuple(names)))
            self.dismiss()

    def action_export(self) -> None:
        """Export the run or the sweep under the cursor in the format of the file's ending."""
        sweep = self._selected_sweep
        if sweep is not None and not sweep.problem:
            self.app.run_worker(export_sweep(self.app, self._sweep_library, sweep.name), group="reading")
        run = self._runs.get(self.selected or "")
        if run is not None and not run.problem:
            self.app.run_worker(export_stored_run(self.app, self._library, run.name), group="reading")

    @work
    async def action_rename(self) -> None:
        """Ask for a new name."""
        name = self.selected
        if name is None:
            return
        check = partial((self._sweep_library if name in self._sweeps else self._library).rename, name)
        answer = await self.app.push_screen_wait(
            AskDialog("Rename", f"New name for {name}:", name, yes="Rename", check=check)
        )
        if answer is not None:
            self._marked = [answer if marked == name else marked for marked in self._marked]
            self.reload(select=answer)

    @work
    async def action_note(self) -> None:
        """Ask for a note on the run or the sweep under the cursor."""
        entry = self._selected_sweep or self._runs.get(self.selected or "")
        if entry is None or entry.problem:
            return
        question = f"A note on {entry.name}, shown in the list:"
        note = await self.app.push_screen_wait(AskDialog("Note", question, entry.note, yes="Keep", may_be_empty=True))
        if note is not None:
            library = self._sweep_library if isinstance(entry, SweepSummary) else self._library
            self.attempt(lambda: library.write_note(entry.name, note))
            self.reload(select=entry.name)

    @work
    async def action_delete(self) -> None:
        """Delete the run or the sweep under the cursor, after a question."""
        name = self.selected
        if name is None:
            return

        question = f"Delete the run {name} with its history and checkpoints? This cannot be undone."
        sweep = self._selected_sweep
        if sweep is not None:
            runs = "1 run" if len(sweep.runs) == 1 else f"all its {len(sweep.runs)} runs"
            question = f"Delete the sweep {name} with {runs}? This cannot be undone."
        if not await self.app.push_screen_wait(ConfirmDialog("Delete", question, "Delete")):
            return
        library = self._library if sweep is None else self._sweep_library

        def delete() -> bool:
            library.delete(name)
            return True

        await read_in_background(self.app, delete, f"Deleting {name}…")
        if self.is_attached:
            self.reload()

    @property
    def _selected_sweep(self) -> SweepSummary | None:
        return self._sweeps.get(self.selected or "")


def _cells_of_sweep(sweep: SweepSummary) -> list[str]:
    best = "" if sweep.best_reward is None else number_format.reward(sweep.best_reward)
    seeds = f"×{sweep.seeds}" if sweep.seeds else ""
    what = " · ".join(filter(None, (sweep.note, sweep.size if sweep.rows else "")))
    signs = {"training": f"◐ {sweep.ended}/{sweep.planned}", "interrupted": f"‖ {sweep.ended}/{sweep.planned}"}
    state = signs.get(sweep.state, sweep.state)
    return [f"▤ {sweep.name}", sweep.target, sweep.algorithm, sweep.reward, seeds, what, "", best, state]


def _hint_of_sweep(sweep: SweepSummary) -> str:
    if sweep.problem:
        return f"✗ {plain(sweep.problem)}"
    what = " · ".join(filter(None, (sweep.target, sweep.reward, sweep.algorithm, sweep.size)))
    note = plain(f"“{sweep.note}” ") if sweep.note else ""
    more = {
        "training": "It is being trained. Enter shows it live.",
        "finished": "Enter opens it: every run, the intervals and the verdicts.",
    }.get(sweep.state, "It was interrupted. Enter opens it, to look at or to resume.")
    return f"{plain(what)}. {note}{sweep.ended:,} of {sweep.planned:,} runs ended. {more}"

