"""Events that answer no command: notices, failures, the worker's exit; and the history of a resumed run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pgplay.app.controllers.present import present_reward
from pgplay.app.host import AppHost
from pgplay.app.messages import PARTS, ResumeRun, StateShown
from pgplay.errors import PgplayError
from pgplay.locale.catalog import Coded, text_of
from pgplay.worker.exit_reason import coded_exit
from pgplay.worker.protocol.events import Event, Failed, Notice, Refused, Saved, StateChanged

if TYPE_CHECKING:
    from pgplay.app.screens.dialogs.failure import FailureCard
    from pgplay.app.state.metric_history import Recollection


def _why_gone(host: str, run: str, returncode: int, log_tail: str) -> Coded:
    """Return why the worker is gone, as an error's code; `host` is empty for this machine, `run` if there was none."""
    if not host:
        return "worker.ended_in_run" if run else "worker.ended", {"reason": coded_exit(returncode, log_tail)}
    from pgplay.worker.client.ssh import ssh_failure

    error = ssh_failure(host, returncode, log_tail, greeted=bool(run))
    if run:
        error = PgplayError("ssh.lost_in_app", host=host, run=run, cause=error)
    return error.code, error.values


class WorkerEvents:
    """Shows the events that no screen shows."""

    def __init__(self, host: AppHost) -> None:
        self._host = host

    def take(self, event: Event) -> None:
        """Load the history of a resumed run."""
        match event:
            case StateChanged(info=info) if info is not None and event.step > self._host.state.history.last_step:
                self._host.perform(self._load_history(info.run, event.step))
            case _:
                pass

    async def _load_history(self, run: str, step: int) -> None:
        """Show the earlier curves of a resumed run, read from its store."""
        from pgplay.app.stored_runs.load_history import read_past

        def read() -> Recollection:
            with self._host.run_library.open(run) as store:
                return read_past(store, step)

        otherwise = f"The curves before step {step} cannot be shown."
        recollection = await self._host.read(read, f"Reading the steps before {step:,}…", otherwise=otherwise)
        info = self._host.state.info
        if recollection is not None and info is not None and info.run == run:
            self._host.state.history.precede(recollection)
            self._host.redraw()

    def show(self, event: Event) -> None:
        """Show an event that no screen handled: as a short message, a failure as a card."""
        match event:
            case Saved(name=name):
                if host := self._host.state.host:
                    self._host.notify_user(text_of("ssh.saved_there", {"name": name, "host": host}))
                else:
                    self._host.notify_user(f"Saved as {name}. Press o for all policies.")
            case Notice(message=message):
                self._host.notify_user(message)
            case Refused():
                self._host.notify_user(f"{event.problem} {event.remedy}".strip(), severe=True)
            case Failed():
                title = "The run stopped" if self._host.state.info is not None else "The run cannot start"
                self._show_failure(event, "\n".join(self._host.state.log), title)
            case _:
                pass

    def show_worker_exit(self, returncode: int, log_tail: str) -> None:
        """Report the worker's exit and offer to resume from its last checkpoint."""
        info = self._host.state.info
        run = info.run if info is not None else ""
        code, values = _why_gone(self._host.state.host, run, returncode, log_tail)
        failure = Failed(
            code,
            values,
            run=run,
            step=self._host.state.step,
            checkpoint_step=self._last_checkpoint(run) if run else None,
        )
        self._show_failure(failure, log_tail, "The worker is gone")

    def _show_failure(self, failure: Failed, log_tail: str, title: str) -> None:
        from pgplay.app.screens.dialogs.failure import FailureCard

        can_edit = failure.reward == present_reward(self._host)
        for part in PARTS:  # the screen under the card must not show a running run
            self._host.main.post_message(StateShown(part))
        card = FailureCard(failure, log_tail, title=title, can_edit=can_edit)
        self._host.perform(self._offer_more(failure, card))

    async def _offer_more(self, failure: Failed, card: FailureCard) -> None:
        answer = await self._host.push_screen_wait(card)
        if answer == "resume":
            self._host.post_message(ResumeRun(failure.run))
        elif answer == "edit":
            await self._host.action_do("edit_reward")

    def _last_checkpoint(self, run: str) -> int | None:
        try:
            return self._host.run_library.last_checkpoint(run)
        except PgplayError:
            return None
