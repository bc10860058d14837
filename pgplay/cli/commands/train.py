"""`pgplay train`: a run without a screen."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING, NamedTuple

from pgplay.cli.consent import agree
from pgplay.cli.fetching import fetch_inputs
from pgplay.cli.options import add_config_options, add_engine, read_config, read_settings
from pgplay.cli.output import note, print_json, read_or_not
from pgplay.cli.parsing import Arguments, Parser, add_json, whole_number
from pgplay.cli.progress import Printed, Progress, choose_progress
from pgplay.cli.resuming import to_resume
from pgplay.cli.signals import INTERRUPTED, Interruption, interruptible
from pgplay.cli.training_summary import TrainingTotals, print_training_summary, summarise_training
from pgplay.config.engine import Engine
from pgplay.config.run_config import RunConfig
from pgplay.errors import InputError, PgplayError, coded
from pgplay.locale.catalog import Coded, finding_text, sentences_of, text_of
from pgplay.model_places import is_pretrained
from pgplay.trackers.catalogue import ABOUT_TRACKERS
from pgplay.trackers.tracking import Tracking

if TYPE_CHECKING:
    from pgplay.learning.inputs import Inputs
    from pgplay.learning.reports.step_report import Finding
    from pgplay.policies.policy import Policy
    from pgplay.policies.ranks import Ranks
    from pgplay.rewards.spec import RewardSpec
    from pgplay.worker.session.session import Session
    from pgplay.worker.session.stop_conditions import Ending

_LOOK = 0.1  # seconds between updates of the forecast and the findings
_STAGES = ("sample", "score", "learn")


def run_train(argv: Sequence[str]) -> int:
    """Run `pgplay train`; returns 130 after a signal, with everything saved."""
    began = time.perf_counter()
    parser = Parser(
        "pgplay train",
        "Train a policy without a screen: progress on stderr, a summary on stdout.\n"
        "Without a limit it ends when the run is solved: greedy decoding writes every target exactly.",
        usage="pgplay train [--preset NAME|FILE] [--recipe TEXT] [OPTIONS] [--json]",
    )
    add_config_options(parser)
    add_engine(parser)
    keep = parser.add_argument_group("saving and output")
    keep.add_argument("--save", metavar="NAME", help="save the policy under this name at the end")
    keep.add_argument("--replace", action="store_true", help="overwrite an existing policy with --save")
    keep.add_argument("--resume", metavar="RUN", help="resume a stored run; live settings and limits may be changed")
    keep.add_argument(
        "--at",
        metavar="STEP",
        type=whole_number("--at", 0),
        help="with --resume: continue from this checkpoint as a new run",
    )
    keep.add_argument(
        "--track",
        metavar="TRACKER[:PLACE]",
        help=f"write the run to a tracker as it trains: {ABOUT_TRACKERS}",
    )
    add_json(keep)
    arguments = parser.read(argv, hint=_hint)
    if arguments.engine.host:
        from pgplay.cli.remote.forwarding import train_there

        return train_there(arguments.engine, arguments)
    tracking = Tracking(arguments.track, note)
    request = _check(arguments)
    with tracking, interruptible() as interruption:
        return _run(arguments, request, tracking, interruption, began)


def _hint(word: str) -> Coded:
    return "advice.preset_or_target", {"word": word}


class Request(NamedTuple):
    """What to train: a new run's config with the files that it names, read, or the stored run to resume (no config)."""

    config: RunConfig | None
    inputs: Inputs
    rewards: tuple[RewardSpec, ...]


def _check(arguments: Arguments) -> Request:
    """Refuse what is wrong without loading torch, and ask for consent to Python."""
    from pgplay.learning.inputs import Inputs, read_inputs

    if arguments.save is not None:
        from pgplay.library.policies import check_policy_name

        remedy = "advice.replace"
        arguments.save = check_policy_name(arguments.save, arguments.replace, remedy)
    if arguments.resume is not None:
        if arguments.preset is not None or arguments.recipe is not None:
            raise InputError("command.resumed_settings")
        from pgplay.runs.stored_rewards import stored_rewards

        remedy = "advice.another_reward"
        return Request(None, Inputs(), agree(stored_rewards(arguments.resume, arguments.at), arguments.yes, remedy))
    if arguments.at is not None:
        raise InputError("command.at_alone")
    from pgplay.config.warm_start import PolicyNamed
    from pgplay.learning.algorithms.table import no_policy
    from pgplay.learning.plan import make_plan
    from pgplay.learning.sharing import refuse_unshared

    config, rewards = read_config(arguments)
    fetch_inputs(config, yes=arguments.yes)
    inputs = read_inputs(config)
    if not isinstance(config.starts_from, PolicyNamed):
        plan = make_plan(config, inputs)
        if arguments.save is not None and not plan.algorithm.trains_network:
            raise no_policy(config.algorithm)
        refuse_unshared(plan, arguments.engine.processes, shards=arguments.engine.always_shard)
    return Request(config, inputs, rewards)


def _run(
    arguments: Arguments,
    request: Request,
    tracking: Tracking,
    interruption: Interruption,
    began: float,
) -> int:
    with ExitStack() as undo:
        with choose_progress() as progress:
            ranks = undo.enter_context(_start_engine(arguments.engine, progress))
            session = _open_session(arguments, request, progress, ranks)
            undo.callback(session.close, "paused")
            resume = to_resume(session.run, arguments.engine)
            interruption.working = True  # before the run has a name: whoever knows it finds the run saved
            progress.begin(session.run)
            tracking.follow(session.run)
            if tracking.about:
                progress.say(tracking.about)
            if arguments.save is not None:
                session.need_policy()  # a resumed search has none: fail before training
            startup = time.perf_counter() - began
            ending, totals = _train_guarded(session, interruption, progress, resume)
        if arguments.save is not None:
            _save(session, arguments.save, arguments.replace, resume)
        summary = summarise_training(session, totals, startup, arguments.save)
        summary["engine"] = str(arguments.engine)
    with read_or_not():
        if arguments.json:
            print_json(summary)
        else:
            reason = text_of(*ending.reason) if ending else f"interrupted at step {summary['steps']}"
            print_training_summary(summary, reason)
    if ending:
        if arguments.save is None and session.learner.policy is not None:
            note(f"To save this policy: {resume} --save NAME")
        return 0
    note(f"Everything is saved. To resume: {resume}")
    return INTERRUPTED


def _start_engine(engine: Engine, progress: Progress) -> AbstractContextManager[Ranks]:
    progress.prepare("starting torch…")
    from pgplay.worker.session.cpu_cores import let_waiting_threads_sleep

    let_waiting_threads_sleep()
    from pgplay.worker.session.processes import started

    return started(engine)


def _open_session(arguments: Arguments, request: Request, progress: Progress, ranks: Ranks) -> Session:
    from pgplay.config.changes import Changes
    from pgplay.rewards.spec import read_spec
    from pgplay.worker.session.session import Session

    printed = Printed(progress.say)

    def show_stage(stage: Coded) -> None:
        progress.prepare(text_of(*stage))

    def say_notice(notice: Coded) -> None:
        progress.say(text_of(*notice))

    config, inputs, rewards = request
    if config is None:
        run = arguments.resume
        if arguments.at is not None:
            from pgplay.runs.branches import branch_run

            run = branch_run(run, arguments.at)
            progress.say(f"New run: {run}.")
        changes = Changes.of(read_settings(arguments))
        session = Session.resume(
            run, rewards=rewards, on_progress=show_stage, on_log=printed.take, on_wait=say_notice, ranks=ranks
        )
        if settings := changes.by_name():
            session.change(changes, [read_spec(settings["reward"])] if "reward" in settings else [])
    else:
        session = Session.begin(
            config,
            inputs,
            rewards=rewards,
            on_progress=show_stage,
            on_log=printed.take,
            on_wait=say_notice,
            ranks=ranks,
        )
    info = session.info()
    for line in sentences_of(info.notes):
        progress.say(line)
    if info.prompt_text:
        progress.say(f"The first prompt, as the model reads it: {info.prompt_text!r}")
    if config is not None and session.learner.policy is not None and is_pretrained(config.model):
        _look_first(session, session.learner.policy, progress)
    return session


def _look_first(session: Session, policy: Policy, progress: Progress) -> None:
    """Print a pretrained model's first completions in numbers, the cost of a step, and the findings."""
    from pgplay.learning.first_look import first_look

    progress.prepare("sampling before the first step…")
    look = first_look(session.learner.plan, policy, session.learner.reward)
    progress.say(" ".join(sentences_of(look.facts)))
    for finding in look.findings:
        progress.say(finding_text(finding.kind, finding.values))


def _train_guarded(
    session: Session, interruption: Interruption, progress: Progress, resume: str
) -> tuple[Ending | None, TrainingTotals]:
    """Train as `_train` does, then pause the run, which the command `resume` continues.

    A failure is logged in the run, with a checkpoint, and raised as a PgplayError.
    """
    try:
        ending, totals = _train(session, interruption, progress)
        session.rest(*(ending[:2] if ending else ("paused", coded("ending.interrupted"))))
        return ending, totals
    except Exception as error:  # the run must stay resumable whatever a step raises
        from pgplay.worker.session.failures import coded_error, keep_failure

        keep_failure(session, error)
        if session.is_kept:
            progress.say(f"The run is saved up to step {session.checkpoint_step}: {resume}")
        if isinstance(error, PgplayError):
            raise
        raise coded_error(error) from error


def _save(session: Session, name: str, replace: bool, resume: str) -> None:
    """Save the policy; if that fails, explain how to save it without training again, by the command `resume`."""
    try:
        session.save_policy(name, replace=replace)
    except PgplayError:
        note(f"The run is stored. To save its policy: {resume} --save NAME")
        raise


def _train(session: Session, interruption: Interruption, progress: Progress) -> tuple[Ending | None, TrainingTotals]:
    """Step until the run ends or a signal arrives; returns the reason (None for a signal)."""
    stages, characters = dict.fromkeys(_STAGES, 0.0), 0.0
    first_seconds = session.learner.counters.seconds
    shown_findings: set[str] = set()
    next_look = 0.0
    while True:
        ending = session.should_stop()
        if ending or interruption.requested:
            counters = session.learner.counters
            return ending, TrainingTotals(stages, characters, counters.seconds - first_seconds, counters.completions)
        report = session.step()
        for stage in _STAGES:
            stages[stage] += report.metrics.get(f"seconds_{stage}", 0.0)
        characters += report.metrics.get("characters", 0.0)
        if time.monotonic() >= next_look:
            next_look = time.monotonic() + _LOOK
            snapshot = session.snapshot()
            progress.show(report, snapshot.progress, snapshot.seconds_left)
            for finding in snapshot.findings:
                if finding.kind not in shown_findings:
                    shown_findings.add(finding.kind)
                    progress.say(f"Step {report.step}: {_in_words(finding, session.config)}")


def _in_words(finding: Finding, config: RunConfig) -> str:
    """Return a finding in words; where nothing is learnt from several prompts, with the check to try."""
    from pgplay.learning.reports.one_prompt import NOTHING_LEARNT

    words = finding_text(finding.kind, finding.values)
    if finding.kind in NOTHING_LEARNT and config.task and config.prompts != 1:
        return f"{words} {text_of('advice.one_prompt')}"
    return words
