"""How a run is conducted: which command follows from which key in which state, and what an answer leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pgplay.app.controllers.rewards import RewardController
from pgplay.app.messages import PARTS, StateShown
from pgplay.app.rewards.draft import keep_imported_source
from pgplay.app.screens.dialogs.failure import Answer, FailureCard
from pgplay.app.screens.dialogs.questions import AskDialog, ConfirmDialog
from pgplay.app.screens.dialogs.write import WriteScreen
from pgplay.app.state.app_state import lack_of_policy
from pgplay.app.stored_runs.background_reading import read_beside
from pgplay.app.widgets.setup import form
from pgplay.config.run_config import make_config, to_settings
from pgplay.errors import PgplayError
from pgplay.rewards.spec import RewardSpec
from pgplay.tasks.target_file import read_target
from pgplay.worker.protocol.messages import (
    Change,
    Changed,
    Command,
    Event,
    Failed,
    Notice,
    Pace,
    Pause,
    Ready,
    Refused,
    Reset,
    Resume,
    Save,
    Saved,
    Start,
    StateChanged,
    Stop,
    Write,
    Written,
)
from pgplay.worker.session.failures import ending_in_words

if TYPE_CHECKING:
    from pgplay.app.app import PgplayApp
    from pgplay.app.state.metric_history import Recollection
    from pgplay.library.policy_card import PolicyCard


class RunController:
    """Sends commands for the app, keeps those that come before torch is loaded, and acts on the worker's answers."""

    def __init__(self, app: PgplayApp) -> None:
        self._app = app
        self._early: list[Command] = []
        self._running: dict[str, Any] = {}
        self._resuming_another = False
        self.rewards = RewardController(app, self)

    def send(self, command: Command) -> None:
        """Send a command now, or as soon as the worker is ready; a worker that is gone is started anew."""
        state, worker = self._app.state, self._app.worker_link
        if state.worker == "ready" and worker is not None:
            worker.send(command)
            return
        self._early.append(command)
        if state.worker == "dead":
            state.worker = "starting"
            self._app.call_later(self._app.start_worker)

    # What a person asks for

    def toggle_run(self) -> None:
        """Start, pause, or go on; a start that still waits for torch is taken back."""
        state = self._app.state
        if state.is_going:
            self.send(Pause())
        elif state.waiting:
            if state.worker != "ready":
                self._early.clear()
                state.waiting = False
        elif state.run == "paused" and state.worker == "ready":
            self.send(Resume())
        else:
            self.start()
        self._app.redraw()

    def start(self, *, paused: bool = False, continue_policy: str = "") -> bool:
        """Start a run as the setup says; tells whether it could be, and says what is wrong where not."""
        checked = self._app.main.setup.check_now()
        if checked.config is None:
            problem = checked.problem.message if checked.problem else ""
            self._app.tell(f"This cannot be started: {problem}", severe=True)
            return False
        settings = to_settings(checked.config)

        def start(rewards: tuple[RewardSpec, ...]) -> None:
            self._app.state.waiting = True
            self._resuming_another = False
            python = tuple(spec for spec in rewards if spec.source is not None)
            self.send(Start(settings=settings, paused=paused, continue_policy=continue_policy, rewards=python))

        self.rewards.with_consent((checked.config.reward, *checked.config.measure), start)
        return self._app.state.waiting

    def stop(self) -> None:
        """End the run; its policy stays."""
        if self._app.state.is_going or self._app.state.run == "paused":
            self.send(Stop())

    def reset(self) -> None:
        """Forget the policy; asked first where it would be lost unsaved."""
        state = self._app.state
        if state.run == "idle":
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.send(Reset())

        if state.unsaved and state.worker == "ready":
            question = f"Forget the policy of step {state.step}? It is not saved. The stored run stays."
            self._app.push_screen(ConfirmDialog("Reset", question, "Forget it"), answered)
        else:
            self.send(Reset())

    def save(self) -> None:
        """Ask for a name and save the policy under it; asked again before one of that name is replaced."""
        state = self._app.state
        if lack := lack_of_policy(state, "to save"):
            self._app.tell(lack)
            return
        from pgplay.files.names import check_name
        from pgplay.library.policies import list_policies
        from pgplay.runs.names import slug

        taken = {policy.name for policy in list_policies()}

        def named(name: str | None) -> None:
            if name in taken:
                question = f"There is already a policy called {name}. Replace it?"
                self._app.push_screen(
                    ConfirmDialog("Replace", question, "Replace"),
                    lambda yes: self.send(Save(name=name, replace=True)) if yes else None,
                )
            elif name is not None:
                self.send(Save(name=name))

        suggestion = slug(make_config(state.info.settings)) if state.info is not None else ""
        words = f"The policy of step {state.step} is kept in the library under this name:"
        self._app.push_screen(
            AskDialog("Save the policy", words, suggestion, yes="Save", check=lambda name: check_name("policy", name)),
            named,
        )

    def write(self, prompt: str = "") -> None:
        """Write with the run's present policy, for `prompt` or the first one of the task."""
        state = self._app.state
        if lack := lack_of_policy(state, "to write with", "Press space to train one, or o for a saved one."):
            self._app.tell(lack)
            return
        prompts = state.info.prompts if state.info is not None else ()
        prompt = prompt or next(filter(None, prompts), "")
        temperature = make_config(state.info.settings if state.info is not None else {}).temperature
        self._app.push_screen(WriteScreen(self._send_write, prompt=prompt, temperature=temperature))

    def write_with(self, card: PolicyCard) -> None:
        """Write with a saved policy."""
        prompt = next((pair.prompt for pair in card.task.training if pair.prompt), "")
        temperature = make_config(card.config).temperature
        self._app.push_screen(WriteScreen(self._send_write, policy=card.name, prompt=prompt, temperature=temperature))

    def _send_write(self, command: Write) -> None:
        self.send(command)

    def train_on(self, card: PolicyCard) -> None:
        """Fill the setup in from a saved policy and start a run that goes on with its network."""
        try:
            config = make_config(card.config)
        except PgplayError as error:
            self._app.tell(str(error), severe=True)
            return
        origin = f"the policy {card.name}"

        def start(rewards: tuple[RewardSpec, ...]) -> None:
            try:
                own = make_config({"reward": keep_imported_source(*rewards)}, config)
            except PgplayError as error:
                self._app.tell(str(error), severe=True)
                return
            self._app.main.setup.load(own, origin=origin)
            self.start(continue_policy=card.name)
            self._app.redraw()

        from pgplay.runs.stored_rewards import policy_reward

        try:
            reward = policy_reward(card)
        except PgplayError as error:
            self._app.tell(str(error), severe=True)
            return
        self.rewards.ask([reward], start)

    def resume_run(self, run: str) -> None:
        """Go on with a stored run from its last checkpoint; the setup then shows that run's settings."""

        def resume(rewards: tuple[RewardSpec, ...]) -> None:
            state = self._app.state
            state.waiting = True
            self._resuming_another = state.info is None or state.info.run != run
            self.send(Resume(run=run, rewards=rewards))
            self._app.redraw()

        self.rewards.with_run(run, None, resume)

    def start_beside(self, settings: dict[str, Any]) -> bool:
        """Fill the setup in with `settings` and start a run of them; tells whether it could be started."""
        self._app.main.setup.load(make_config(settings), origin="the stored run", kept=True)
        return self.start()

    def branch(self, run: str, step: int) -> None:
        """Make a new run that goes on from `run` at `step`, resting there so that something can be changed first."""

        def branch(rewards: tuple[RewardSpec, ...]) -> None:
            self._app.state.waiting = True
            self._resuming_another = True
            self.send(Resume(run=run, at=step, paused=True, rewards=rewards))
            self._app.tell(f"A branch of {run} from step {step}: change something, then press space.")
            self._app.redraw()

        self.rewards.with_run(run, step, branch)

    def ask_target_file(self) -> None:
        """Ask for a file and put its text in the target's field."""
        texts: list[str] = []

        def chosen(answer: str | None) -> None:
            if answer is not None:
                self._app.main.setup.set_target(texts[-1])

        self._app.push_screen(
            AskDialog(
                "Target from a file",
                "Which file holds the text? It is read as UTF-8.",
                yes="Read",
                check=lambda file: texts.append(read_target(file)),
            ),
            chosen,
        )

    def take_settings(self, settings: dict[str, Any] | None) -> None:
        """Send what can change while the run goes on, and say what waits for the next start."""
        state = self._app.state
        setup = self._app.main.setup
        if settings is None or state.waiting or state.worker != "ready" or state.run not in ("training", "paused"):
            setup.show_pending([])  # of a run that is asked for, it is asked again once it stands
            return
        live, later = form.live_changes(self._running, settings)
        rewards = self.rewards.at_hand([live["reward"]] if "reward" in live else [])
        if rewards is None:
            del live["reward"]
            later.append("reward")
        if live:
            self._running.update(live)
            self.send(Change(settings=live, rewards=rewards or ()))
        setup.show_pending(later)

    # What the worker answers

    def answer(self, event: Event) -> None:
        """Act on an event that the state has already taken in."""
        app = self._app
        if isinstance(event, Changed):
            self._running.update(event.settings)
        if self.rewards.answer(event):
            return
        match event:
            case Ready():
                early, self._early = self._early, []
                if app.state.tempo:  # a worker begins at full speed
                    self.send(Pace(seconds=app.state.tempo))
                for command in early:
                    self.send(command)
            case StateChanged(info=info):
                if isinstance(app.screen, FailureCard) and event.state in ("training", "preparing"):
                    app.screen.dismiss("close")  # the mended reward was saved: the run goes on by itself
                if info is not None:
                    self._running = dict(info.settings)
                    self._recall(info.run, event.step)
                if info is not None and self._resuming_another:
                    self._resuming_another = False
                    config = make_config(info.settings)
                    app.main.setup.load(config, origin=f"the run {info.run}", kept=True)
                    app.settings = to_settings(config)
                else:
                    self.take_settings(app.settings)
            case Saved(name=name):
                app.state.unsaved = False
                app.tell(f"Saved as {name}. Press o for all policies.")
            case Written(samples=samples, scored_by=scored_by):
                if isinstance(app.screen, WriteScreen):
                    app.screen.show_samples(samples, scored_by)
            case Notice(message=message):
                app.tell(message)
            case Refused(problem=problem, remedy=remedy):
                app.state.waiting = False
                words = f"{problem} {remedy}".strip()
                if isinstance(app.screen, WriteScreen):
                    app.screen.show_words(words)
                else:
                    app.tell(words, severe=True)
            case Failed():
                self._show_failure(event, "\n".join(app.state.log), "The run stopped")
            case _:
                pass

    def _recall(self, run: str, step: int) -> None:
        """Show the curves of a resumed run from its beginning, from its store."""
        history = self._app.state.history
        if step <= history.last_step:
            return
        from pgplay.app.stored_runs.load_history import read_past
        from pgplay.runs.reader import RunReader

        def read() -> Recollection:
            with RunReader.open(run) as store:
                return read_past(store, step)

        def show(past: Recollection) -> None:
            info = self._app.state.info
            if info is not None and info.run == run:
                history.precede(past)
                self._app.redraw()

        otherwise = f"The curves before step {step} cannot be shown."
        read_beside(self._app, read, show, f"Reading the steps before {step:,}…", otherwise=otherwise)

    def show_worker_exit(self, returncode: int, log_tail: str) -> None:
        """Say that the worker is gone, and offer to go on from its last checkpoint."""
        self._early.clear()
        if isinstance(self._app.screen, FailureCard):
            return
        info = self._app.state.info
        run = info.run if info is not None else ""
        failure = Failed(
            problem=f"The worker process ended: {ending_in_words(returncode)}.",
            remedy="Nothing that was stored is lost." if run else "Press space to start another one.",
            run=run,
            step=self._app.state.step,
            checkpoint_step=_last_checkpoint(run) if run else None,
        )
        self._show_failure(failure, log_tail, "The worker is gone")

    def _show_failure(self, failure: Failed, log_tail: str, title: str) -> None:
        def answered(answer: Answer | None) -> None:
            if answer == "resume":
                self.resume_run(failure.run)
            elif answer == "edit":
                self.rewards.edit()

        if not self.rewards.show_failure(failure):
            can_edit = self.rewards.caused(failure)
            for part in PARTS:  # what lies under the card must not say that the run goes on
                self._app.main.post_message(StateShown(part))
            self._app.push_screen(FailureCard(failure, log_tail, title=title, can_edit=can_edit), answered)


def _last_checkpoint(run: str) -> int | None:
    from pgplay.runs.checkpoint_files import checkpoint_step
    from pgplay.runs.names import find_run

    try:
        return checkpoint_step(find_run(run))
    except PgplayError:
        return None
