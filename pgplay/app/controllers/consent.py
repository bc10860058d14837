"""Consent: Python written by others runs only after the person has agreed to its text."""

from __future__ import annotations

from collections.abc import Iterable

from pgplay.app.host import AppHost
from pgplay.errors import PgplayError
from pgplay.library.consents import allow, recall
from pgplay.rewards.spec import RewardSpec

Rewards = tuple[RewardSpec, ...]


class Consent:
    """Asks for consent; returns the rewards with it, or None if it is refused or a file is unreadable."""

    def __init__(self, host: AppHost) -> None:
        self._host = host

    async def for_setup(self, texts: Iterable[str]) -> Rewards | None:
        """Return the rewards named by `texts` of the setup. Files are read now: the text shown is the text run."""
        try:
            specs = self._host.main.setup.rewards(texts)
        except PgplayError as error:
            self._host.notify_user(str(error), severe=True)
            return None
        return await self.ask(specs)

    async def for_run(self, run: str, at: int | None = None) -> Rewards | None:
        """Return the Python rewards of a stored run at step `at`, by default the last.

        Another machine reads its runs' rewards itself, and knows what it may run.
        """
        if self._host.run_library.host:
            return ()
        from pgplay.runs.stored_rewards import stored_rewards

        try:
            specs = [spec for spec in stored_rewards(run, at) if spec.source is not None]
        except PgplayError:  # the worker reports the error and runs nothing
            specs = []
        return await self.ask(specs)

    def at_hand(self, texts: Iterable[str]) -> Rewards | None:
        """Return the Python rewards named by `texts` of the setup; None if one still needs consent or is unreadable."""
        try:
            specs = [recall(spec) for spec in self._host.main.setup.rewards(texts)]
        except PgplayError:  # the file is gone since the last check; starting a run reports it
            return None
        if not all(spec.may_run for spec in specs):
            return None
        return tuple(spec for spec in specs if spec.source is not None)

    async def ask(self, specs: Iterable[RewardSpec]) -> Rewards | None:
        """Ask about each Python source in `specs` without consent; returns the specs with it, None after a refusal."""
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
                self._host.notify_user(f"Your answer cannot be saved: {error}", severe=True)
            rewards = tuple(recall(spec.allowed() if spec.code == unknown.code else spec) for spec in rewards)
        return rewards
