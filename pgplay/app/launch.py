"""Starting the app in this terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from msgspec.structs import replace

from pgplay.app.app import PgplayApp
from pgplay.app.state.saved_state import Recalled, keep_aside, load_saved_state
from pgplay.app.worker_link import real_worker
from pgplay.config.engine import LOCAL, Engine
from pgplay.config.presets import load_preset
from pgplay.config.run_config import RunConfig, make_config
from pgplay.errors import PgplayError
from pgplay.rewards.spec import Origin, RewardSpec
from pgplay.runs.run_library import LocalRunLibrary

FIRST_PRESET = "hello"
"""The preset of the very first start."""


class WatchApp(PgplayApp):
    """The app on the stored run `watched`, which it follows while another process trains it."""

    watched = ""

    def on_mount(self) -> None:
        """Show the run over the main screen."""
        self.call_after_refresh(lambda: self.perform(self.controllers.stored_runs.travel(self.watched)))


def watch(run: str) -> int:
    """Show the app on the stored run called `run`, with its settings filled in; returns the exit status.

    Those of a run that another trainer trains are not settings to start from.
    """
    with LocalRunLibrary().open(run) as store:
        config = make_config({}) if store.trainer else store.config
    memory, problems, _ = load_saved_state()
    rewards = [RewardSpec(text, origin=Origin("run", run), kept=True) for text in (config.reward, *config.measure)]
    app = WatchApp(config, brought=rewards, memory=memory, problems=problems)
    app.watched = run
    app.run()
    return app.return_code or 0


class AppStart(NamedTuple):
    """What the app begins with: a config, its rewards as the person agreed to them, and the preset it came from.

    `recalled` is what was kept when the app was left; with None only the view of the plots and the theme are taken
    from there.
    """

    config: RunConfig
    rewards: Sequence[RewardSpec] = ()
    preset: str = ""
    recalled: Recalled | None = None


def as_left() -> AppStart:
    """Return the app as it was left; on the very first start, the preset for beginners."""
    recalled = load_saved_state()
    memory = recalled.memory
    if recalled.is_first:
        return AppStart(make_config(load_preset(FIRST_PRESET).settings), (), FIRST_PRESET, recalled)
    config, preset = make_config({}), ""
    rewards: list[RewardSpec] = []
    if memory.typed is not None:
        preset = memory.preset
        rewards = [_of_session(memory.typed[name]) for name in ("reward", "measure") if name in memory.typed]
    if memory.settings is not None:
        try:
            config, preset = make_config(memory.settings), memory.preset
            rewards += map(_of_session, (config.reward, *config.measure))
        except PgplayError as error:  # settings of another version
            recalled = recalled._replace(problems=(*recalled.problems, f"settings: {str(error).rstrip('.')}"))
    return AppStart(config, rewards, preset, recalled)


def _of_session(reward: str) -> RewardSpec:
    """Return a reward named in the app's saved state: anyone may have written it, so its Python needs consent."""
    return RewardSpec(reward, origin=Origin("session"), kept=True)


def _look_only(recalled: Recalled) -> Recalled:
    return recalled._replace(memory=replace(recalled.memory, typed=None))


def run_app(start: AppStart, engine: Engine = LOCAL) -> int:
    """Show the app, whose runs are trained on `engine`; returns the exit status."""
    recalled = start.recalled or _look_only(load_saved_state())
    if recalled.problems:
        keep_aside()
    # A separate thread writes to the terminal; by default it waits 5 ms for its turn while this one computes.
    sys.setswitchinterval(0.0005)
    app = PgplayApp(
        start.config,
        start.preset,
        brought=start.rewards,
        connect=partial(real_worker, engine=engine),
        memory=recalled.memory,
        problems=recalled.problems,
        is_first_run=recalled.is_first,
        engine=engine,
    )
    app.run()
    return app.return_code or 0  # 1 after a crash
