"""Starting the app in this terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial

from msgspec.structs import replace

from pgplay.app.app import PgplayApp
from pgplay.app.state.saved_state import keep_aside, load_saved_state
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


def _as_left(reward: str) -> RewardSpec:
    """Return a reward named in the app's saved state: anyone may have written it, so its Python needs consent."""
    return RewardSpec(reward, origin=Origin("session"), kept=True)


def run_app(
    config: RunConfig,
    rewards: Sequence[RewardSpec] = (),
    preset: str = "",
    *,
    as_left: bool = False,
    engine: Engine = LOCAL,
) -> int:
    """Show the app with `config` filled in, under the name of the `preset` it came from; returns the exit status.

    Runs are trained on `engine`. `rewards` are those of `config`, as the person agreed to them on the command line.
    With `as_left` the setup is restored as it was when the app was left; the view of the plots and the theme always
    are. The very first start opens the preset for beginners, unless the command line names something else.
    """
    memory, problems, is_first = load_saved_state()
    if is_first and as_left:
        preset = FIRST_PRESET
        config = make_config(load_preset(preset).settings)
    if not as_left:
        memory = replace(memory, typed=None)
    elif memory.typed is not None:
        preset = memory.preset
        rewards = [_as_left(memory.typed[name]) for name in ("reward", "measure") if name in memory.typed]
    if as_left and memory.settings is not None:
        try:
            config, preset = make_config(memory.settings), memory.preset
            rewards = [*rewards, *map(_as_left, (config.reward, *config.measure))]
        except PgplayError as error:  # settings of another version; the app then starts with the given config
            problems = (*problems, f"settings: {str(error).rstrip('.')}")
    if problems:
        keep_aside()
    # A separate thread writes to the terminal; by default it waits 5 ms for its turn while this one computes.
    sys.setswitchinterval(0.0005)
    app = PgplayApp(
        config,
        preset,
        brought=rewards,
        connect=partial(real_worker, engine=engine),
        memory=memory,
        problems=problems,
        is_first_run=is_first,
        host=engine.host,
    )
    app.run()
    return app.return_code or 0  # 1 after a crash
