"""What a person does with rewards in the app: edit, check, train by them; and what the worker answers to that."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pgplay.app.drawing.terminal_text import plain
from pgplay.app.rewards.background_scorer import Asked
from pgplay.app.rewards.draft import Draft, draft_of, keep
from pgplay.app.screens.dialogs.consent import ConsentDialog
from pgplay.app.screens.rewards.bench import RewardBench
from pgplay.app.screens.rewards.editor import RewardScreen
from pgplay.config.run_config import to_settings
from pgplay.errors import PgplayError, RewardError
from pgplay.library.consents import allow, recall
from pgplay.rewards.spec import RewardSpec, read_spec
from pgplay.worker.protocol.messages import Change, Changed, Event, Failed, Probed, ProbeReward, Refused, Resume

if TYPE_CHECKING:
    from pgplay.app.app import PgplayApp
    from pgplay.app.controllers.run import RunController

APPLYING = 1
"""The request number of a Change that came from the editor: its answer goes back there."""


class RewardController:
    """Keeps the draft that is being typed, and the one that the worker was asked to take."""

    def __init__(self, app: PgplayApp, conductor: RunController) -> None:
        self._app, self._conductor = app, conductor
        self._draft: Draft | None = None
        self._applying: Draft | None = None

    @property
    def _trained(self) -> RewardSpec | None:
        """The reward that is trained now, None without a run; its Python runs already."""
        info, text = self._app.state.info, self._spec
        if info is None:
            return None
        spec = read_spec(text, f"the run {info.run}", info.reward_source)
        return recall(replace(spec, kept=True)).allowed()

    @property
    def _spec(self) -> str:
        """What names the reward that is trained now, or would be."""
        info = self._app.state.info
        return info.settings.get("reward", "levenshtein") if info is not None else self._app.main.setup.typed["reward"]

    def with_consent(self, texts: Iterable[str], go_on: Callable[[tuple[RewardSpec, ...]], None]) -> None:
        """Go on with the rewards that `texts` of the setup name, once the person has allowed their Python.

        Their files are read here: what is shown is what runs.
        """
        try:
            specs = self._app.main.setup.rewards(texts)
        except PgplayError as error:
            self._app.tell(str(error), severe=True)
            return
        self.ask(specs, go_on)

    def with_run(self, run: str, at: int | None, go_on: Callable[[tuple[RewardSpec, ...]], None]) -> None:
        """Go on with the Python of a stored run once the person has allowed it; `at` is a step, None the last one."""
        from pgplay.runs.stored_rewards import stored_rewards

        try:
            specs = [spec for spec in stored_rewards(run, at) if spec.source is not None]
        except PgplayError:  # the worker says what is wrong with the run, and runs nothing
            specs = []
        self.ask(specs, go_on)

    def at_hand(self, texts: Iterable[str]) -> tuple[RewardSpec, ...] | None:
        """Return the Python among the rewards that `texts` of the setup name; None where not all of it may run yet."""
        try:
            specs = [recall(spec) for spec in self._app.main.setup.rewards(texts)]
        except PgplayError:  # its file went away since the setup was checked; starting says so
            return None
        return tuple(spec for spec in specs if spec.source is not None) if all(spec.may_run for spec in specs) else None

    def ask(self, specs: Iterable[RewardSpec], go_on: Callable[[tuple[RewardSpec, ...]], None]) -> None:
        """Go on with `specs` once the person has allowed all of their Python; what they once allowed, is."""
        recalled = tuple(map(recall, specs))
        unknown = next((spec for spec in recalled if not spec.may_run), None)
        if unknown is None:
            go_on(recalled)
            return
        asked = unknown

        def answered(yes: bool | None) -> None:
            if not yes:
                self._app.tell("It was not run. Choose another reward to go on.")
                return
            try:
                allow(asked.code)
            except PgplayError as error:
                self._app.tell(f"Your answer cannot be kept: {error}", severe=True)
            self.ask([spec.allowed() if spec.code == asked.code else spec for spec in recalled], go_on)

        self._app.push_screen(ConsentDialog(asked.code, asked.origin), answered)

    def caused(self, failure: Failed | None) -> bool:
        """Whether it was the present reward that stopped the run."""
        return failure is not None and failure.reward == self._spec

    def edit(self) -> None:
        """Open the editor on what was being typed there, or on the present reward; its failure is shown in it."""
        self._with_present(self._edit)

    def _with_present(self, go_on: Callable[[RewardSpec], None]) -> None:
        """Go on with the reward that is trained now, or with the setup's once its Python may run."""
        trained = self._trained
        if trained is not None:
            go_on(trained)
        else:
            self.with_consent([self._app.main.setup.typed["reward"]], lambda specs: go_on(*specs))

    def _edit(self, present: RewardSpec) -> None:
        failure = self._app.state.failure
        trained = draft_of(present)
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
        self._with_present(self._compare)

    def _compare(self, present: RewardSpec) -> None:
        info = self._app.state.info
        prompt = info.prompts[0] if info is not None and info.prompts else ""
        self._app.push_screen(RewardBench(present, self._app.state, self._target, prompt, self._probe))

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
        try:
            spec = read_spec(asked) if isinstance(asked, str) else asked
        except PgplayError as error:
            self._refuse(error)
            return
        settings = {**to_settings(checked.config), "reward": spec.text}
        self._conductor.send(ProbeReward(settings=settings, rewards=(spec,)))

    def _leave(self, draft: Draft, present: RewardSpec) -> None:
        self._draft = None if draft.text == draft_of(present).text else draft

    def _apply(self, draft: Draft) -> None:
        """Have the run take `draft`; without a run, keep it and put it into the setup."""
        state, asked, trained = self._app.state, draft.asked, self._trained
        if trained is not None and (trained.text, trained.code) == (asked.text, asked.code):
            asked = trained  # what somebody else brought does not become the person's own by looking at it
        goes_on = state.run in ("training", "paused") or self.caused(state.failure)
        if goes_on and state.worker == "ready":
            self._applying = draft
            change = Change(settings={"reward": asked.text}, rewards=(asked,), request=APPLYING)
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
            case Changed(settings={"reward": str(spec)}, request=0) if event.reward_source:
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

    def _refuse(self, error: PgplayError) -> bool:
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
        self._app.main.setup.set_reward(asked.text)
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
