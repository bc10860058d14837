"""Sweeps: starting one from the setup, opening a stored one, and the processes that train them."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pgplay.app.background import in_daemon_thread
from pgplay.app.controllers.checked_setup import checked_setup
from pgplay.app.controllers.consent import Consent
from pgplay.app.drawing import number_format
from pgplay.app.host import AppHost
from pgplay.config.run_config import RunConfig, make_config
from pgplay.errors import InputError, PgplayError
from pgplay.rewards.spec import RewardSpec

if TYPE_CHECKING:
    from pgplay.experiments.summary import Summary
    from pgplay.experiments.sweep_view import SweepView
    from pgplay.worker.client.helper_process import HelperProcess

_MOST_MORE = 1000
_USUAL_MORE = 10


class SweepController:
    """Opens the pages about sweeps, and owns the processes that train them; they end with the app."""

    def __init__(self, host: AppHost, consent: Consent) -> None:
        self._host, self._consent = host, consent
        self._processes: dict[str, HelperProcess] = {}

    # Opening and starting

    async def open(self, name: str) -> None:
        """Show the stored sweep `name`."""
        from pgplay.app.screens.library.sweep import SweepScreen

        library = self._host.sweep_library
        reader = await self._host.read(lambda: library.reader(name), f"Reading the sweep {name}…")
        if reader is None:
            return
        view = await self._host.read(reader.look, f"Reading the sweep {name}…")
        if view is not None:
            self._host.push_screen(SweepScreen(library, reader, view, self, self.more_seeds))

    async def sweep(self) -> None:
        """Ask what to vary of the setup, and train it with several seeds."""
        checked = await checked_setup(self._host)
        if checked is None:
            return
        if checked.config is None:
            problem = checked.problem.message if checked.problem else ""
            self._host.notify_user(f"This cannot be swept: {problem}", severe=True)
            return
        await self._begin(checked.config, ())

    async def sweep_of(self, settings: dict[str, Any], run: str) -> None:
        """Ask what to vary of the `settings` of a stored run, and train it with several seeds."""
        specs = await self._consent.for_run(run)
        if specs is not None:
            await self._begin(make_config(settings), specs)

    async def _begin(self, config: RunConfig, known: Iterable[RewardSpec]) -> None:
        """Ask what to vary, store the sweep, open it and train it; `known` are rewards that have consent."""
        if not self._host.sweep_library.trains:
            self._host.notify_user("Sweeps train on this machine: start pgplay without --engine for one.", severe=True)
            return
        from pgplay.app.screens.dialogs.new_sweep import SweepDialog
        from pgplay.experiments.recipes import named_entries
        from pgplay.experiments.stored import usual_seconds
        from pgplay.experiments.yardstick import choose_yardstick

        runs = self._host.run_library
        choice = await self._host.push_screen_wait(SweepDialog(config, lambda: usual_seconds(runs.summaries())))
        if choice is None:
            return
        specs = {spec.text: spec for spec in known}
        texts = [text for config in choice.configs for text in (config.reward, *config.measure)]
        others = await self._consent.for_setup(dict.fromkeys(text for text in texts if text not in specs))
        if others is None:
            return
        specs |= {spec.text: spec for spec in others}
        rewards = [tuple(specs[text] for text in (config.reward, *config.measure)) for config in choice.configs]
        entries = named_entries([""] * len(rewards), choice.configs, rewards)

        def store() -> str:
            ranked_by = choose_yardstick(entries).name
            return self._host.sweep_library.create(entries, choice.seeds, ranked_by)

        name = await self._host.read(store, "Storing the sweep…")
        if name is not None:
            self._start(name)
            await self.open(name)

    # Training

    def trains(self, name: str) -> bool:
        """Whether this app trains the sweep `name`."""
        return name in self._processes and self._processes[name].alive

    @property
    def training(self) -> list[str]:
        """The sweeps that this app trains."""
        return [name for name in self._processes if self.trains(name)]

    async def train(self, name: str) -> None:
        """Train what is left of the sweep `name`, once the person consents to its Python."""
        library = self._host.sweep_library
        reader = await self._host.read(lambda: library.reader(name), f"Reading the sweep {name}…")
        if reader is None:
            return
        specs = {spec for entry in reader.entries for spec in entry.rewards if spec.source is not None}
        if await self._consent.ask(specs) is not None:
            self._start(name)

    def _start(self, name: str) -> None:
        try:
            self._processes[name] = self._host.sweep_library.train(name)
        except OSError as error:
            self._host.notify_user(f"The sweep cannot be trained: {error.strerror or error}", severe=True)

    def stop(self, name: str) -> None:
        """End the training of the sweep `name`; every run is kept with a checkpoint."""
        if name in self._processes:
            self._processes[name].end()

    def end(self) -> None:
        """End all training, as the app closes."""
        for process in self._processes.values():
            process.end()

    def take_problem(self, name: str) -> str:
        """Return why the process of the sweep `name` failed, once; else empty."""
        process = self._processes.get(name)
        if process is None or process.alive:
            return ""
        del self._processes[name]
        return process.finish(0.0) or ""

    async def more_seeds(self, view: SweepView, summary: Summary | None) -> None:
        """Ask how many more seeds of every row to train, and train them."""
        from pgplay.app.screens.dialogs.questions import AskDialog

        if summary is not None and summary.comparisons and summary.is_clear:
            self._host.notify_user(str(InputError("sweep.all_clear")))
            return
        name, rows = view.sweep.name, len(view.rows)
        count = await self._host.push_screen_wait(
            AskDialog(
                "More seeds",
                f"How many more seeds for each of the {rows} rows?{_cost(view)} Another look at the differences widens "
                f"the intervals a little: who looks again and again finds more by chance.",
                str(_needed(summary) or _USUAL_MORE),
                yes="Train",
                check=_count,
            )
        )
        if count is None:
            return
        add = functools.partial(self._host.sweep_library.add_seeds, name, _count(count))
        try:
            await in_daemon_thread(add)
        except PgplayError as error:
            self._host.notify_user(str(error), severe=True)
            return
        if view.state != "training" and not self.trains(name):
            await self.train(name)


def _cost(view: SweepView) -> str:
    """Return how many runs a further seed is, and about how long they take if that is known."""
    seconds = view.seconds_for(len(view.rows))
    time = f", about {number_format.duration(seconds)}" if seconds is not None else ""
    return f" A seed is {len(view.rows)} runs{time}."


def _count(text: str) -> int:
    """Return the number in `text`; raises InputError for another text."""
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_MORE:
        raise InputError("command.number_between", name="The number of seeds", word=text, low=1, high=_MOST_MORE)
    return int(text)


def _needed(summary: Summary | None) -> int:
    """Return how many more seeds would tell all rows apart, 0 if that cannot be said."""
    from pgplay.experiments.statistics.looks import pairs_needed

    if summary is None:
        return 0
    more = [
        (pairs_needed(paired.pairs, paired.p, summary.p_to_tell_apart) or 0) - paired.pairs
        for comparison in summary.comparisons
        if (paired := comparison.paired).p is not None and comparison.verdict == "not told apart"
    ]
    return min(100, max([0, *more]))
