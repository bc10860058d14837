"""One run from its beginning to its end: a learner, its store, its checkpoints and its stop conditions.

`pgplay train` steps a session itself, the worker's server does so between commands: the numbers are the same. Nothing
here draws a random number, and the time of day decides only what is kept, never what is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Self

from pgplay.config.changes import Changes
from pgplay.config.recipe import to_recipe
from pgplay.config.run_config import RunConfig
from pgplay.errors import InputError, LostRankError, PgplayError, RewardError, about, coded
from pgplay.learning.algorithms.table import no_policy
from pgplay.learning.factory import make_learner
from pgplay.learning.inputs import Inputs
from pgplay.learning.learner import Learner
from pgplay.learning.plan import make_plan
from pgplay.learning.reports.step_detail import StepDetail
from pgplay.learning.reports.step_report import Finding, StepReport
from pgplay.learning.sharing import refuse_unshared_by
from pgplay.learning.step_inspection import StepInspection
from pgplay.learning.trainer import Trainer
from pgplay.locale.catalog import Coded
from pgplay.policies.devices import resolve_device
from pgplay.policies.ranks import ALONE, Ranks
from pgplay.rewards.spec import RewardSpec, resolve, with_consent
from pgplay.runs.reader import StoredScorer
from pgplay.runs.store import RunStore
from pgplay.worker.protocol.commands import Change
from pgplay.worker.protocol.events import Snapshot
from pgplay.worker.protocol.records import RunInfo
from pgplay.worker.session.checkpointer import Checkpointer, ReopenedRun, fill, forget, open_run
from pgplay.worker.session.interface import OnLog, OnProgress, discard
from pgplay.worker.session.last_update import LastUpdate
from pgplay.worker.session.live_reward import LiveRewards
from pgplay.worker.session.loading import first_policy
from pgplay.worker.session.policy_requests import PolicyRequests
from pgplay.worker.session.preparation import Prepared, changed_plan, prepare
from pgplay.worker.session.progress import Assessment
from pgplay.worker.session.stop_conditions import Ending, ending_of
from pgplay.worker.session.threads import Threads
from pgplay.worker.session.warm_start import start_warm

_SHOWN_PAIRS = 200


class Session(PolicyRequests):
    """One run, in training or at rest; made by `begin` or `resume`, to be closed."""

    def __init__(self, store: RunStore, learner: Learner, threads: Threads, rewards: LiveRewards) -> None:
        super().__init__(learner)
        self.store = store
        self._rewards = rewards
        self._keeper = Checkpointer(store, learner, rewards)
        self._compute_with(threads)
        self._unrecorded: list[tuple[StepReport, StoredScorer]] = []
        self._is_resting = False
        self._assessment = Assessment(learner)
        self._last_update: LastUpdate | None = None

    @classmethod
    def begin(
        cls,
        config: RunConfig,
        inputs: Inputs,
        *,
        rewards: Iterable[RewardSpec] = (),
        name: str = "",
        on_progress: OnProgress = discard,
        on_log: OnLog = discard,
        on_wait: OnProgress = discard,
        ranks: Ranks = ALONE,
    ) -> Self:
        """Return a new run of `config`: `prepare`, then `start`."""
        prepared = prepare(config, inputs, rewards, ranks)
        return cls.start(prepared, name=name, on_progress=on_progress, on_log=on_log, on_wait=on_wait, ranks=ranks)

    @classmethod
    def start(
        cls,
        prepared: Prepared,
        *,
        name: str = "",
        sweep: str = "",
        on_progress: OnProgress = discard,
        on_log: OnLog = discard,
        on_wait: OnProgress = discard,
        ranks: Ranks = ALONE,
    ) -> Self:
        """Return a new run, stored under `name` (empty: made of date and target), warmed up if asked to.

        `sweep` is the identity of the sweep that it belongs to, empty for a run of its own.

        `on_progress` gets the stages of the preparation; an exception that it raises ends it, and nothing is stored.
        `on_log` gets the lines that a person's reward prints, from another thread; `on_wait` gets a notice whenever the
        store waits for another program. `ranks` share its steps. Raises InputError, PgplayError, and RewardError for
        Python that does not load.
        """
        plan = prepared.plan
        with ExitStack() as undo:
            live = LiveRewards(prepared.rewards, on_log)
            reward, measures = live.build(undo)
            policy = prepared.policy or first_policy(plan, prepared.device, on_progress, ranks)
            learner = make_learner(plan, reward, measures, policy, prepared.reference, ranks)
            threads = Threads.choose(plan, learner.policy, processes=ranks.count)
            undo.callback(threads.rest)
            threads.work()
            warmed = start_warm(learner, on_progress) if isinstance(learner, Trainer) else None
            store = RunStore.create(
                plan.written, name, lambda folder: fill(folder, learner, live, threads.wanted), sweep=sweep
            )
            undo.callback(forget, store)
            store.on_wait = on_wait
            session = cls(store, learner, threads, live)
            session._keeper.begin()
            if warmed is not None:
                store.event(0, "warm-start", warmed)
            if plan.config.threads is None:
                store.event(0, "threads", coded("event.threads_measured", threads=threads.wanted))
            undo.pop_all()
        return session

    @classmethod
    def resume(
        cls,
        run: str,
        *,
        rewards: Iterable[RewardSpec] = (),
        on_progress: OnProgress = discard,
        on_log: OnLog = discard,
        on_wait: OnProgress = discard,
        ranks: Ranks = ALONE,
    ) -> Self:
        """Return the stored `run` at its last checkpoint; its next steps are those that would have followed.

        Its Python runs if its text was allowed before, or is allowed in one of `rewards`. Raises UnaskedError for other
        Python, InputError for an unknown run and for one that another pgplay trains, PgplayError for a damaged run.
        """
        with ExitStack() as undo:
            stored: ReopenedRun = open_run(run, undo)
            stored.store.on_wait = on_wait
            content = stored.content
            plan = make_plan(content.config, Inputs(content.task), content.shape)
            live = LiveRewards(with_consent(content.rewards, rewards), on_log, content.reward_stamp)
            device = resolve_device(plan.config.device)
            refuse_unshared_by(ranks, plan, device.type)
            policy = first_policy(plan, device, on_progress, ranks)
            learner = make_learner(plan, *live.build_saved(undo), policy, ranks=ranks)
            learner.restore(stored.state)
            threads = Threads.choose(plan, learner.policy, content.threads, ranks.count)
            session = cls(stored.store, learner, threads, live)
            session._keeper.resume(stored.note)
            undo.pop_all()
        return session

    def watch(self) -> None:
        """Keep the data that `last_update` needs from now on; it costs about 1 % of a step."""
        self._last_update = LastUpdate(self.learner, self.store)

    @property
    def run(self) -> str:
        """The run's name."""
        return self.store.name

    @property
    def checkpoint_step(self) -> int | None:
        """The step from which the run would resume if this process died now."""
        return self._keeper.checkpoint_step

    @property
    def is_kept(self) -> bool:
        """Whether the run's folder, which somebody may have deleted, is still there to resume from."""
        return self.store.is_in_place

    @property
    def is_damaged(self) -> bool:
        """Whether a step failed halfway, so that only the last checkpoint can be trusted."""
        return self._keeper.is_damaged

    def info(self) -> RunInfo:
        """Return the description of the run."""
        plan = self.learner.plan
        pairs = plan.task.training[:_SHOWN_PAIRS]
        return RunInfo(
            run=self.run,
            config=plan.written,
            recipe=to_recipe(plan.written),
            model=plan.spec.name if plan.algorithm.trains_network else "",
            parameters=plan.parameters,
            device=str(self.learner.device),
            threads=self._threads.present,
            alphabet=plan.shape.alphabet,
            max_length=plan.shape.max_length,
            targets=tuple(pair.target for pair in pairs),
            prompts=tuple(pair.prompt for pair in pairs),
            notes=(*plan.notes, *self._keeper.notes),
            reward_source=self._rewards.source,
            batch_size=plan.config.batch_size,
            prompt_text=plan.prompt_text,
        )

    def step(self) -> StepReport:
        """Make one step and keep it.

        Raises RewardError, and PgplayError if learning diverged or the step could not be stored: the policy is then
        intact, and the run can continue. After any other exception the run `is_damaged`.
        """
        return self._make(self.learner.step)

    def inspected_step(self) -> StepDetail:
        """Make one step as `step` does, keep its detail and return it.

        Raises InputError where the run trains no network.
        """
        learner = self.learner
        if not isinstance(learner, Trainer):
            raise no_policy(self.config.algorithm)
        inspection = StepInspection(learner)
        if self.report is not None and self.report.solved and learner.plan.config.until == "solved":
            return inspection.trial()
        self._make(inspection.step)
        self.store.keep_step_detail(inspection.detail)
        return inspection.detail

    def last_update(self) -> StepDetail | None:
        """Return the full record of the newest update, without making one; None where none is known.

        Only a run that `watch` was called for knows one.
        """
        if self._last_update is None:
            return None
        self._threads.work()
        try:
            return self._last_update.detail()
        finally:
            self._threads.rest()

    def _make(self, make_step: Callable[[], StepReport]) -> StepReport:
        if self._is_resting:
            self.store.rewind(self.step_count)
            self._is_resting = False
        self._record()
        self._threads.work()
        try:
            report = make_step() if self._last_update is None else self._last_update.step(make_step)
        except LostRankError:
            self._keeper.is_damaged = True
            raise
        except PgplayError as error:
            if isinstance(error, RewardError):
                self._rewards.failed_for = error.given
            raise
        except BaseException:
            self._keeper.is_damaged = True
            raise
        self.report = report
        self._assessment.add(report)
        self._unrecorded.append((report, self._rewards.scorer))
        self._record()
        self._keeper.after_step(report)
        return report

    def _record(self) -> None:
        """Store the steps that are not stored yet; there are several after the disk was full."""
        while self._unrecorded:
            self.store.record(*self._unrecorded[0])
            del self._unrecorded[0]

    def should_stop(self) -> Ending | None:
        """Return why the run should end now; None if it should continue."""
        counters = self.learner.counters
        return self._assessment.judged(ending_of(self.config, counters.steps, counters.seconds, self.report))

    def snapshot(self) -> Snapshot:
        """Return the newest step with findings and forecast, which are updated four times a second.

        Raises InputError before the first step.
        """
        if self.report is None:
            raise InputError("run.no_step")
        return self._assessment.snapshot(self.report, self.config)

    def findings(self) -> tuple[Finding, ...]:
        """Return the findings about the run; empty while all is well."""
        return self._assessment.findings()

    def change(self, changes: Changes, rewards: Iterable[RewardSpec] = ()) -> None:
        """Change live settings before the next step; `rewards` has the changed reward if it is Python.

        Raises InputError, and RewardError where the new reward fails on the newest samples; nothing is changed then.
        """
        old, new_rewards = self.learner.plan, tuple(rewards)
        plan = changed_plan(old, changes)
        with ExitStack() as undo:
            reward, spec = None, None
            detail = changes.by_name()
            if new_rewards or plan.config.reward != old.config.reward:
                with about("reward"):
                    (spec,) = resolve([plan.config.reward], new_rewards)
                    reward = self._rewards.try_out(spec, plan, self.report, undo)
                detail |= {"reward_source": reward.source} if reward.source else {}
            self.store.change_event(self.step_count, detail)
            undo.pop_all()
        previous = self.learner.reward
        self.learner.change(plan, reward)
        if spec is not None:
            previous.close()
            self._rewards.take(spec)
        if plan.config.threads != old.config.threads:
            self._threads.rest()
            self._compute_with(Threads.choose(plan, self.learner.policy, processes=self._threads.processes))
        self._assessment.change(self.learner, rewards_changed=reward is not None)
        self._keeper.note_change()
        if self._last_update is not None:
            self._last_update.forget()

    def saved_reward(self) -> Change | None:
        """Return the change to the reward's newly saved file; None if it was not saved; looks twice a second."""
        spec = self._rewards.saved()
        return Change(settings=Changes(reward=self.config.reward), rewards=(spec,)) if spec is not None else None

    def renew_reward(self) -> bool:
        """Build the rewards again; returns whether the trained one was edited. Raises InputError and RewardError."""
        self._rewards.renew(self.learner)
        return self._keeper.note_edited_reward()

    def rest(self, state: str, reason: Coded | None = None) -> None:
        """Write a checkpoint and store the state of the resting run; raises PgplayError if that fails.

        If it is finished and early stopping has kept a best policy, the run has that policy from then on. The next
        `step` continues it.
        """
        self._threads.rest()
        if state == "finished" and isinstance(self.learner, Trainer) and self.learner.return_to_best():
            self._keeper.note_change()
        self._record()
        self._keeper.checkpoint()
        self.store.finish(state, reason)
        self._is_resting = True

    def log_failure(self, details: str) -> None:
        """Write the details of a failed step to the run's log; raises PgplayError if it can't be written."""
        self._keeper.log(f"step {self.step_count + 1} failed\n{details}")

    def close(self, state: str, reason: Coded | None = None) -> None:
        """Let the run rest in `state` unless it rests already, and close its store and rewards."""
        try:
            if not self._is_resting:
                self.rest(state, reason)
        finally:
            self._rewards.close(self.learner)
            self.store.close()

    def _compute_with(self, threads: Threads) -> None:
        self._threads = threads
        threads.on_change = self._note_threads
        self._keeper.threads = threads.wanted

    def _note_threads(self, before: int, after: int) -> None:
        self.store.event(self.step_count, "threads", coded("event.threads_shared", before=before, after=after))
