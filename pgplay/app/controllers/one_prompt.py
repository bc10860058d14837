"""The check that one prompt can be learnt: the setup's run on its first training prompt only, and the way back."""

from __future__ import annotations

from msgspec.structs import replace

from pgplay.app.host import AppHost, FillIn
from pgplay.config.run_config import RunConfig
from pgplay.locale.catalog import text_of

CHECK_STEPS = 200
"""Steps of a check at most: a prompt that can be learnt takes some dozens, or its reward has clearly risen by then."""


def checking(config: RunConfig) -> RunConfig:
    """Return `config` on its first training prompt only, with an end."""
    endless = config.until == "never" or config.goal.metric.startswith("held_out")
    return replace(
        config,
        prompts=1,
        steps=min(config.steps or CHECK_STEPS, CHECK_STEPS),
        until="solved" if endless else config.until,
        patience=None,
    )


class OnePromptController:
    """Turns the setup into the check and back."""

    def __init__(self, host: AppHost, start: FillIn[bool], fill_in: FillIn[None]) -> None:
        """`start` also starts a run and returns whether it starts; `fill_in` does only where one is under way."""
        self._host, self._start, self._fill_in = host, start, fill_in
        self._whole: tuple[RunConfig, str] | None = None
        """The newest setup that was checked, and its preset."""

    async def overfit(self) -> None:
        """Start a run of the setup on its first training prompt; from such a setup, return to all prompts."""
        setup = self._host.main.setup
        checked = await setup.check()
        config, preset = checked.config, setup.preset
        if config is None:
            self._host.notify_user("Fix the setup first: it has an error.", severe=True)
        elif not config.task:
            self._host.notify_user(text_of("guide.one_prompt.none"))
        elif config.prompts == 1:
            await self._return(config)
        elif await self._start(("guide.one_prompt", {}), lambda: setup.load(checking(config))):
            self._whole = config, preset
            self._host.notify_user(text_of("guide.one_prompt.started", {"steps": checking(config).steps}))

    async def _return(self, checked: RunConfig) -> None:
        """Show the setup that was checked; where the person changed it since, the present one with all prompts."""
        if self._whole is not None and checking(self._whole[0]) == checked:
            config, preset = self._whole
        else:
            steps = None if checked.steps == CHECK_STEPS else checked.steps
            config, preset = replace(checked, prompts=0, steps=steps), ""
        setup = self._host.main.setup
        await self._fill_in(("guide.one_prompt.whole", {}), lambda: setup.load(config, preset))
