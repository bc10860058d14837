"""A run in the person's store that is trained on a node, and comes back message by message."""

from __future__ import annotations

from pgplay.cluster.messages import NodeMessage, RunInput
from pgplay.cluster.shares import Share
from pgplay.config.run_config import RunConfig, make_config
from pgplay.config.warm_start import PolicyNamed
from pgplay.learning.reports.step_report import StepReport
from pgplay.library.archive import policy_archive
from pgplay.library.consents import remember_own
from pgplay.locale.catalog import Coded
from pgplay.runs.checkpoint_files import checkpoint_step
from pgplay.runs.copies import keep_files, pack_run
from pgplay.runs.store import RunStore
from pgplay.worker.client.pool import RunOutcome
from pgplay.worker.protocol.commands import Resume, Start


class ReturnedRun:
    """Run `number` of the cluster, which `command` begins or continues; close it in the end."""

    def __init__(self, number: int, command: Start | Resume, share: Share) -> None:
        self.number = number
        self.share = share
        self.attempt = 0
        self.has_begun = False
        """Whether its newest task has taken it up."""
        self.report: StepReport | None = None
        self._command = command
        self._store: RunStore | None = None

    @property
    def run(self) -> str:
        """Its name in the person's store, empty before it is stored."""
        return self._store.name if self._store is not None else ""

    @property
    def checkpoint_step(self) -> int | None:
        """The step of the newest checkpoint that came back."""
        return checkpoint_step(self._store.folder) if self._store is not None else None

    def run_input(self) -> RunInput:
        """Return what the next task gets: the run as it is stored now.

        Raises InputError where another process trains the run, PgplayError for a damaged one.
        """
        self.attempt, self.has_begun = self.attempt + 1, False
        if self._store is None and isinstance(self._command, Resume):
            self._store = RunStore.open(self._command.run)
            self._store.claim()
        stored = self._store
        command: Start | Resume = self._command
        if stored is not None:
            command = Resume(run=stored.name, rewards=self._command.rewards)
        return RunInput(
            number=self.number,
            attempt=self.attempt,
            command=command,
            cores=int(self.share.cpus),
            packed=pack_run(stored.name) if stored is not None else None,
            policies=_archives(command.config) if isinstance(command, Start) else {},
        )

    def take(self, message: NodeMessage) -> None:
        """Store what came back; raises PgplayError where it can't be written."""
        self.report = message.report or self.report
        changes = message.changes
        if changes is None:
            return
        if self._store is None:
            assert isinstance(self._command, Start)
            for spec in self._command.rewards:
                remember_own(spec)
            config, sweep = make_config(changes.settings), self._command.sweep
            self._store = RunStore.create(config, "", lambda folder: keep_files(folder, changes), sweep=sweep)
        elif not self.has_begun and message.begun_at is not None:
            self._store.rewind(message.begun_at)
        self.has_begun = True
        self._store.add_rows(changes.rows, changes.values)
        keep_files(self._store.folder, changes)

    def fail(self, reason: Coded) -> RunOutcome:
        """Store that the run failed for `reason` and return that as its outcome; raises PgplayError."""
        if self._store is not None:
            self._store.finish("failed", reason)
        return RunOutcome("failed", reason, self.run, self.report)

    def close(self) -> None:
        """Release the stored run."""
        if self._store is not None:
            self._store.close()


def _archives(config: RunConfig) -> dict[str, bytes]:
    """Return the saved policies that `config` names, by their names."""
    start = config.starts_from
    names = {start.name} if isinstance(start, PolicyNamed) else set()
    names |= {config.reference} - {"start"}
    return {name: policy_archive(name) for name in names}
