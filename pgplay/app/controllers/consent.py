"""Consent: Python that somebody else wrote runs only once the person has agreed to its text."""

from __future__ import annotations

from collections.abc import Iterable

from pgplay.app.host import AppHost
from pgplay.errors import PgplayError
from pgplay.library.consents import allow, recall
from pgplay.rewards.spec import RewardSpec

Rewards = tuple[RewardSpec, ...]


class Consent:
    """Asks for consent; returns the rewards with it, or None where the person refused or nothing could be read."""

    def __init__(self, host: AppHost) -> None:
        self._host = host

    async def for_setup(self, texts: Iterable[str]) -> Rewards | None:
        """Return the rewards that `texts` of the setup name. Their files are read here: what is shown is what runs."""
        try:
            specs = self._host.main.setup.rewards(texts)
        except PgplayError as error:
            self._host.notify_user(str(error), severe=True)
            return None
        return await self.ask(specs)

    async def for_run(self, run: str, at: int | None = None) -> Rewards | None:
        """Return the Python of a stored run, as it was at the step `at`, by default the last one."""
        from pgplay.runs.stored_rewards import stored_rewards

        try:
            specs = [spec for spec in stored_rewards(run, at) if spec.source is not None]
        except PgplayError:  # the worker says what is wrong with the run, and runs nothing
            specs = []
        return await self.ask(specs)

    def at_hand(self, texts: Iterable[str]) -> Rewards | None:
        """Return the Python among the rewards that `texts` of the setup name; None where not all of it may run yet."""
        try:
            specs = [recall(spec) for spec in self._host.main.setup.rewards(texts)]
        except PgplayError:  # its file went away since the setup was checked; starting says so
            return None
        return tuple(spec for spec in specs if spec.source is not None) if all(spec.may_run for spec in specs) else None

    async def ask(self, specs: Iterable[RewardSpec]) -> Rewards | None:
        """Ask about each Python text among `specs` that was not agreed to before."""
        from pgplay.app.screens.dialogs.consent import ConsentDialog

        rewards = tuple(map(recall, specs))
        while unknown := next((spec for spec in rewards if not spec.may_run), None):
            assert unknown.origin is not None, "a person's own Python may run"
            if not await self._host.push_screen_wait(ConsentDialog(unknown.code, unknown.origin)):
                self._host.notify_user("It was not run. Choose another reward to continue.")
                return None
            try:
                allow(unknown.code)
            except PgplayError as error:
                self._host.notify_user(f"Your answer cannot be kept: {error}", severe=True)
            rewards = tuple(recall(spec.allowed() if spec.code == unknown.code else spec) for spec in rewards)
        return rewards
