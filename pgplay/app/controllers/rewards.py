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
from pgplay.app.rewards.reported_error import reported_error
from pgplay.config.changes import Changes
from pgplay.errors import PgplayError
from pgplay.library.consents import recall
from pgplay.rewards.spec import Origin, RewardSpec, read_spec
from pgplay.worker.protocol.commands import Change, ProbeReward, Resume
from pgplay.worker.protocol.events import Changed, Event, Refused


class RewardController:
    """Keeps the draft that is being typed, and the one that the worker was asked to take."""

    def __init__(self, host: AppHost, consent: Consent) -> None:
        self._host, self._consent = host, consent
        self._draft: Draft | None = None
        self._applying: dict[int, Draft] = {}

    @property
    def _trained(self) -> RewardSpec | None:
        """The reward that is trained now, None without a run; its Python runs already."""
        info = self._host.state.info
        if info is None:
            return None
        spec = read_spec(present_reward(self._host), Origin("run", info.run), info.reward_source)
        return recall(replace(spec, kept=True)).allowed()

    async def _present(self) -> RewardSpec | None:
        """Return the reward that is trained now, or the setup's once its Python may run; None where it may not."""
        trained = self._trained
        if trained is not None:
            return trained
        rewards = await self._consent.for_setup([present_reward(self._host)])
        return rewards[0] if rewards is not None else None

    async def edit_reward(self) -> None:
        """Open the editor on what was being typed there, or on the present reward; its failure is shown in it."""
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
            error = reported_error(failure)
            error.line = error.line if draft == trained else 0  # what was typed since has other lines
            screen.show_refusal(error)
        self._host.push_screen(screen)

    async def reward_bench(self) -> None:
        """Open the bench, where rewards are compared."""
        from pgplay.app.screens.rewards.bench import RewardBench

        present = await self._present()
        if present is None:
            return
        state = self._host.state
        prompt = state.info.prompts[0] if state.info is not None and state.info.prompts else ""
        self._host.push_screen(RewardBench(present, state, present_target(self._host), prompt, self._probe))

    def _probe(self, asked: Asked) -> int:
        """Have the worker probe a reward, as a run of the setup would meet it; returns the request's number.

        Raises PgplayError where the setup or the reward does not hold together.
        """
        config = self._host.main.setup.check_now().runnable()
        spec = read_spec(asked) if isinstance(asked, str) else asked
        return self._host.send(ProbeReward(config=replace(config, reward=spec.text), rewards=(spec,)))

    def _leave(self, draft: Draft, present: RewardSpec) -> None:
        self._draft = None if draft.text == draft_of(present).text else draft

    def _apply(self, draft: Draft) -> int:
        """Have the run take `draft`; without a run, keep it and put it into the setup. Returns the request's number."""
        state, asked, trained = self._host.state, draft.asked, self._trained
        if trained is not None and (trained.text, trained.code) == (asked.text, asked.code):
            asked = trained  # what somebody else brought does not become the person's own by looking at it
        has_failed = state.failure is not None and state.failure.reward == present_reward(self._host)
        if (state.run in ("training", "paused") or has_failed) and state.worker == "ready":
            request = self._host.send(Change(settings=Changes(reward=asked.text), rewards=(asked,)))
            self._applying[request] = draft
            return request
        self._take(draft, "Press escape, then space, to train with it.")
        return 0

    def take(self, event: Event) -> None:
        """Keep up with the rewards that the worker took or refused."""
        match event:
            case Changed() if event.request in self._applying:
                draft = self._applying.pop(event.request)
                self._take(draft, f"Trained by from step {event.step + 1} on.")
                if self._host.state.run == "failed":
                    self._host.send(Resume())
            case Changed(settings=Changes(reward=str(spec)), request=0) if event.reward_source:
                self._draft = None
                report = f"{plain(spec)} was saved: trained by from step {event.step + 1} on."
                self._host.show(RewardSaved(Draft(event.reward_source, spec), report))
            case Refused():
                self._applying.pop(event.request, None)
            case _:
                pass

    def _take(self, draft: Draft, report: str) -> None:
        """Keep the Python that is trained by now in its file, and show the reward in the setup."""
        asked = draft.asked
        try:
            path = write_reward_file(asked)
        except PgplayError as error:
            report = f"{report} It could not be saved to its file: {error.problem}"
        else:
            report = f"{report} Kept in {plain(str(path))}." if path is not None else report
        self._draft = None
        self._host.main.setup.set_reward(asked.text)
        self._host.show(RewardApplied(draft, report))
