"""Rewards: edit one and train with it, compare several, probe one before training."""

from __future__ import annotations

from msgspec.structs import replace

from pgplay.app.controllers.consent import Consent
from pgplay.app.controllers.present import present_reward, present_target
from pgplay.app.drawing.terminal_text import plain
from pgplay.app.host import AppHost
from pgplay.app.messages import RewardApplied, RewardSaved
from pgplay.app.rewards.background_scorer import Asked
from pgplay.app.rewards.draft import Draft, draft_of, write_reward_file
from pgplay.config.changes import Changes
from pgplay.errors import PgplayError
from pgplay.library.consents import recall
from pgplay.rewards.spec import Origin, RewardSpec, read_spec
from pgplay.worker.protocol.commands import Change, ProbeReward, Resume
from pgplay.worker.protocol.events import Changed, Event, Refused
from pgplay.worker.protocol.reported_errors import reported_reward_error


class RewardController:
    """Keeps the draft in the editor, and the drafts that were sent to the worker."""

    def __init__(self, host: AppHost, consent: Consent) -> None:
        self._host, self._consent = host, consent
        self._draft: Draft | None = None
        self._applying: dict[int, Draft] = {}

    @property
    def _trained(self) -> RewardSpec | None:
        """The reward that the run trains with, None without a run; its Python is running, so it is allowed."""
        info = self._host.state.info
        if info is None:
            return None
        spec = read_spec(present_reward(self._host), Origin("run", info.run), info.reward_source)
        return recall(replace(spec, kept=True)).allowed()

    async def _present(self) -> RewardSpec | None:
        """Return the run's reward, or the setup's with consent; None if consent is refused."""
        trained = self._trained
        if trained is not None:
            return trained
        rewards = await self._consent.for_setup([present_reward(self._host)])
        return rewards[0] if rewards is not None else None

    async def edit_reward(self) -> None:
        """Open the editor on its draft, or on the present reward; a failure of that reward is shown there."""
        from pgplay.app.screens.rewards.editor import RewardScreen

        present = await self._present()
        if present is None:
            return
        state, trained = self._host.state, draft_of(present)
        draft = self._draft or trained
        screen = RewardScreen(
            draft,
            present=present,
            state=state,
            target=present_target(self._host),
            apply=self._apply,
            leave=self._leave,
        )
        failure = state.failure
        if failure is not None and failure.reward == present_reward(self._host):
            error = reported_reward_error(failure)
            error.line = error.line if draft == trained else 0  # the draft has other lines
            screen.show_refusal(error)
        self._host.push_screen(screen)

    async def reward_bench(self) -> None:
        """Open the bench, which compares rewards."""
        from pgplay.app.screens.rewards.bench import RewardBench

        present = await self._present()
        if present is None:
            return
        state = self._host.state
        prompt = state.info.prompts[0] if state.info is not None and state.info.prompts else ""
        self._host.push_screen(RewardBench(present, state, present_target(self._host), prompt, self._probe))

    def _probe(self, reward: Asked) -> int:
        """Have the worker probe `reward` with the setup's task and model; returns the request's number.

        Raises PgplayError if the setup or the reward has an error.
        """
        config = self._host.main.setup.check_now().runnable()
        spec = read_spec(reward) if isinstance(reward, str) else reward
        return self._host.send(ProbeReward(config=replace(config, reward=spec.text), rewards=(spec,)))

    def _leave(self, draft: Draft, present: RewardSpec) -> None:
        self._draft = None if draft.text == draft_of(present).text else draft

    def _apply(self, draft: Draft) -> int:
        """Train the run with `draft`; returns the request's number. Without a run, put it into the setup; returns 0."""
        state, spec, trained = self._host.state, draft.spec, self._trained
        if trained is not None and (trained.text, trained.code) == (spec.text, spec.code):
            spec = trained  # unchanged Python of others stays theirs
        has_failed = state.failure is not None and state.failure.reward == present_reward(self._host)
        if (state.run in ("training", "paused") or has_failed) and state.worker == "ready":
            request = self._host.send(Change(settings=Changes(reward=spec.text), rewards=(spec,)))
            self._applying[request] = draft
            return request
        self._take(draft, "Press escape, then space, to train with it.")
        return 0

    def take(self, event: Event) -> None:
        """React to the rewards that the worker accepted or refused."""
        match event:
            case Changed() if event.request in self._applying:
                draft = self._applying.pop(event.request)
                self._take(draft, f"Training with it from step {event.step + 1} on.")
                if self._host.state.run == "failed":
                    self._host.send(Resume())
            case Changed(settings=Changes(reward=str(spec)), request=0) if event.reward_source:
                self._draft = None
                report = f"{plain(spec)} was saved: training with it from step {event.step + 1} on."
                self._host.show(RewardSaved(Draft(event.reward_source, spec), report))
            case Refused():
                self._applying.pop(event.request, None)
            case _:
                pass

    def _take(self, draft: Draft, report: str) -> None:
        """Write the Python of `draft` to its file, and show the reward in the setup."""
        spec = draft.spec
        try:
            path = write_reward_file(spec)
        except PgplayError as error:
            report = f"{report} It could not be saved to its file: {error.problem}"
        else:
            report = f"{report} Saved in {plain(str(path))}." if path is not None else report
        self._draft = None
        self._host.main.setup.set_reward(spec.text)
        self._host.show(RewardApplied(draft, report))
