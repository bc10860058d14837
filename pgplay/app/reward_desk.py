"""What a person does with rewards in the app: edit, check, train by them; and what the worker answers to that."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from pgplay.app.drafts import Draft, draft_of, keep
from pgplay.app.lab import Asked
from pgplay.app.safe_text import plain
from pgplay.app.screens.bench import RewardBench
from pgplay.app.screens.consent import ConsentDialog
from pgplay.app.screens.reward import RewardScreen
from pgplay.config import to_settings
from pgplay.errors import PgplayError, RewardError
from pgplay.rewards.python_reward import is_python, read_python
from pgplay.runs.consents import allow, is_allowed
from pgplay.worker.protocol import Change, Changed, Event, Failed, Probed, ProbeReward, Refused, Resume

if TYPE_CHECKING:
    from pgplay.app.app import PgplayApp
    from pgplay.app.conductor import Conductor

APPLYING = 1
"""The request number of a Change that came from the editor: its answer goes back there."""


class RewardDesk:
    """Keeps the draft that is being typed, and the one that the worker was asked to take."""

    def __init__(self, app: PgplayApp, conductor: Conductor) -> None:
        self._app, self._conductor = app, conductor
        self._draft: Draft | None = None
        self._applying: Draft | None = None

    @property
    def present(self) -> Asked:
        """The reward that is trained now, or would be."""
        info = self._app.state.info
        if info is not None:
            return Asked(info.settings.get("reward", "levenshtein"), info.reward_source)
        return Asked(self._app.main.setup.typed["reward"])

    def with_consent(self, specs: Iterable[str], go_on: Callable[[], None]) -> None:
        """Go on once the person has allowed the Python among `specs` that came with what the setup was loaded from."""
        try:
            sources = self.to_be_asked_for(specs)
        except PgplayError as error:
            self._app.tell(str(error), severe=True)
            return
        self.ask(sources, self._app.main.setup.origin, go_on)

    def to_be_asked_for(self, specs: Iterable[str]) -> list[str]:
        """Return the Python among `specs` that came with what the setup was loaded from and was not allowed yet.

        Raises InputError where it cannot be read.
        """
        if not self._app.main.setup.origin:
            return []
        sources = [read_python(spec).text for spec in specs if is_python(spec)]
        return [source for source in sources if not is_allowed(source)]

    def ask(self, sources: Iterable[str], origin: str, go_on: Callable[[], None]) -> None:
        """Go on once the person has allowed each of `sources`, which came with `origin`; what they once allowed, is."""
        unknown = [source for source in dict.fromkeys(sources) if source and not is_allowed(source)]
        if not unknown:
            go_on()
            return
        source, *others = unknown

        def answered(yes: bool | None) -> None:
            if not yes:
                self._app.tell("It was not run. Choose another reward to go on.")
                return
            try:
                allow(source)
            except PgplayError as error:
                self._app.tell(f"Your answer cannot be kept: {error}", severe=True)
            self.ask(others, origin, go_on)

        self._app.push_screen(ConsentDialog(source, origin), answered)

    def caused(self, failure: Failed | None) -> bool:
        """Whether it was the present reward that stopped the run."""
        return failure is not None and failure.reward == self.present.spec

    def edit(self) -> None:
        """Open the editor on what was being typed there, or on the present reward; its failure is shown in it."""
        self.with_consent([] if self._app.state.info else [self.present.spec], self._edit)

    def _edit(self) -> None:
        present, failure = self.present, self._app.state.failure
        try:
            trained = draft_of(*present)
        except PgplayError as error:
            self._app.tell(str(error), severe=True)
            return
        draft = self._draft or trained
        screen = RewardScreen(
            draft, present=present, state=self._app.state, target=self._target, apply=self._apply, leave=self._leave
        )
        if failure is not None and self.caused(failure):
            told = _error(failure)
            told.line = told.line if draft == trained else 0  # what was typed since has other lines
            screen.show_refusal(told)
        self._app.push_screen(screen)

    def show_failure(self, failure: Failed) -> bool:
        """Show in the editor, where it is open, that the reward stopped the run; returns whether it did."""
        return self.caused(failure) and self._screen is not None and self._refuse(_error(failure))

    def compare(self) -> None:
        """Open the bench, where rewards are seen side by side."""
        self.with_consent([] if self._app.state.info else [self.present.spec], self._compare)

    def _compare(self) -> None:
        info = self._app.state.info
        prompt = info.prompts[0] if info is not None and info.prompts else ""
        self._app.push_screen(RewardBench(self.present, self._app.state, self._target, prompt, self._probe))

    @property
    def _target(self) -> str:
        """A target to try rewards on: the run's first one, or the setup's."""
        info = self._app.state.info
        return info.targets[0] if info is not None else self._app.main.setup.typed["target"]

    def _probe(self, asked: Asked) -> None:
        """Have the worker look at a reward, as a run of what the setup says would meet it."""
        checked = self._app.main.setup.check_now()
        if checked.config is None:
            problem = checked.problem.message if checked.problem is not None else ""
            self._refuse(RewardError(f"The setup holds no run that could begin: {problem}"))
            return
        settings = {**to_settings(checked.config), "reward": asked.spec}
        self._conductor.send(ProbeReward(settings=settings, reward_source=asked.source))

    def _leave(self, draft: Draft) -> None:
        try:
            unchanged = draft.text == draft_of(*self.present).text
        except PgplayError:
            unchanged = False
        self._draft = None if unchanged else draft

    def _apply(self, draft: Draft) -> None:
        """Have the run take `draft`; without a run, keep it and put it into the setup."""
        state, asked = self._app.state, draft.asked
        goes_on = state.run in ("training", "paused") or self.caused(state.failure)
        if goes_on and state.worker == "ready":
            self._applying = draft
            change = Change(settings={"reward": asked.spec}, reward_source=asked.source, request=APPLYING)
            self._conductor.send(change)
        else:
            self._take(draft, "Press space to train by it.")

    def answer(self, event: Event) -> bool:
        """Act on what the worker says of rewards; returns whether that was all there is to do about the event."""
        match event:
            case Changed() if event.request == APPLYING and self._applying is not None:
                draft, self._applying = self._applying, None
                self._take(draft, f"Trained by from step {event.step + 1} on.")
                if self._app.state.run == "failed":
                    self._conductor.send(Resume())
            case Changed(settings={"reward": str(spec)}, request=0) if is_python(spec):
                self._follow(spec, event)
            case Probed():
                if isinstance(self._app.screen, RewardBench):
                    self._app.screen.show_probe(event)
            case Refused():
                self._applying = None
                return self._refuse(_error(event))
            case _:
                return False
        return True

    def _refuse(self, error: RewardError) -> bool:
        """Show on a screen for rewards why one was not taken; returns whether such a screen is there."""
        screen = self._app.screen
        if not isinstance(screen, RewardScreen | RewardBench):
            return False
        screen.show_refusal(error)
        return True

    def _take(self, draft: Draft, words: str) -> None:
        """Keep the Python that is trained by now in its file, and show the reward in the setup."""
        asked = draft.asked
        try:
            path = keep(asked)
        except PgplayError as error:
            words = f"{words} It could not be saved to its file: {error.problem}"
        else:
            words = f"{words} Kept in {plain(str(path))}." if path is not None else words
        self._draft = None
        self._app.main.setup.set_reward(asked.spec)
        if self._screen is not None:
            self._screen.show_applied(draft, words)

    def _follow(self, spec: str, changed: Changed) -> None:
        """Tell of a file that was saved by another program, and that the run took."""
        self._draft = None
        words = f"{plain(spec)} was saved: trained by from step {changed.step + 1} on."
        if self._screen is not None:
            self._screen.show_saved(Draft(changed.reward_source, spec), words)
        else:
            self._app.tell(words)

    @property
    def _screen(self) -> RewardScreen | None:
        screen = self._app.screen
        return screen if isinstance(screen, RewardScreen) else None


def _error(told: Failed | Refused) -> RewardError:
    """Return what the worker told as the error that it was."""
    return RewardError(told.problem, told.remedy, told.line, told.given)
