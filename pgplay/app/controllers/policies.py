"""Policies: save the run's, sample from one, continue from a saved one."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Protocol

from pgplay.app.controllers.consent import Consent
from pgplay.app.host import AppHost
from pgplay.app.rewards.draft import keep_imported_source
from pgplay.app.state.app_state import lack_of_policy
from pgplay.config.run_config import RunConfig, make_config
from pgplay.errors import PgplayError, composed
from pgplay.model_places import is_pretrained
from pgplay.rewards.spec import Origin
from pgplay.worker.protocol.commands import Save

if TYPE_CHECKING:
    from pgplay.library.policy_card import PolicyCard


class StartRun(Protocol):
    """Starts a run as the setup says."""

    def __call__(self, *, continue_policy: str) -> Awaitable[bool]:
        """Start from a saved policy; returns whether it could be started."""


class PolicyController:
    """Opens the library, and the dialogs for saving and sampling."""

    def __init__(self, host: AppHost, consent: Consent, start: StartRun) -> None:
        self._host, self._consent, self._start = host, consent, start

    def library(self) -> None:
        """Show the saved policies."""
        from pgplay.app.screens.library.policies import Library

        def train_on(card: PolicyCard) -> None:
            self._host.perform(self.train_on(card))

        self._host.push_screen(Library(self._host.policy_library, self.write_with, train_on))

    async def save(self) -> None:
        """Ask for a name and save the policy; asks again before it replaces one of that name."""
        state = self._host.state
        if lack := lack_of_policy(state, "to save"):
            self._host.notify_user(lack)
            return
        from pgplay.app.screens.dialogs.questions import AskDialog, ConfirmDialog
        from pgplay.library.policies import check_policy_name
        from pgplay.runs.names import slug

        names = {policy.name for policy in self._host.policy_library.policies()}
        suggestion = slug(state.info.config) if state.info is not None else ""
        question = f"Name of the policy of step {state.step} in the library:"
        answer = await self._host.push_screen_wait(
            AskDialog(
                "Save the policy",
                question,
                suggestion,
                yes="Save",
                check=lambda name: check_policy_name(name, replace=True),
            )
        )
        if answer is None:
            return
        name = composed(answer)
        if name in names:
            question = f"There is already a policy called {name}. Replace it?"
            if not await self._host.push_screen_wait(ConfirmDialog("Replace", question, "Replace")):
                return
        self._host.send(Save(name=name, replace=name in names))

    def write(self, prompt: str = "") -> None:
        """Sample from the run's present policy, for `prompt` or the task's first one."""
        from pgplay.app.screens.dialogs.write import WriteScreen

        state = self._host.state
        if lack := lack_of_policy(state, "to sample from", "Press space to train one."):
            self._host.notify_user(lack)
            if not state.is_beginning:
                self.library()
            return
        prompts = state.info.prompts if state.info is not None else ()
        config = state.info.config if state.info is not None else RunConfig()
        prompt = prompt or next(filter(None, prompts), "")
        shown_prompt = prompt if prompt or is_pretrained(config.model) else None
        self._host.push_screen(WriteScreen(self._host.send, prompt=shown_prompt, temperature=config.temperature))

    def write_with(self, card: PolicyCard) -> None:
        """Sample from a saved policy."""
        from pgplay.app.screens.dialogs.write import WriteScreen

        first = next((pair.prompt for pair in card.task.training if pair.prompt), "")
        prompt = first if first or is_pretrained(card.model) else None
        temperature = make_config(card.config).temperature
        self._host.push_screen(WriteScreen(self._host.send, policy=card.name, prompt=prompt, temperature=temperature))

    async def train_on(self, card: PolicyCard) -> None:
        """Load a saved policy's settings into the setup and start a run from its network."""
        from pgplay.runs.stored_rewards import policy_reward

        try:
            config = make_config(card.config)
            rewards = await self._consent.ask([policy_reward(card)])
            if rewards is None:
                return
            config = make_config({"reward": keep_imported_source(*rewards)}, config)
        except PgplayError as error:
            self._host.notify_user(str(error), severe=True)
            return
        self._host.main.setup.load(config, origin=Origin("policy", card.name))
        await self._start(continue_policy=card.name)
        self._host.redraw()
