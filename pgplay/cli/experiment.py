"""Training an experiment and printing what it found: what `pgplay compare` and `pgplay sweep` have in common."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import NamedTuple

from pgplay.cli.output import note, print_json, shorten
from pgplay.cli.parsing import Arguments, Parser, add_json, add_replace, whole_number
from pgplay.cli.progress import RunsProgress, name_job
from pgplay.cli.questions import confirm
from pgplay.cli.results import print_results
from pgplay.cli.resuming import to_continue
from pgplay.cli.signals import INTERRUPTED, interruptible
from pgplay.cluster.cluster import Cluster
from pgplay.config.engine import LOCAL, SYNTAX_FOR_MANY, parse_engine_of_many
from pgplay.errors import InputError, coded
from pgplay.experiments.files import save_summary, summary_ending
from pgplay.experiments.recipes import RecipeEntry, read_seeds
from pgplay.experiments.records import to_record
from pgplay.experiments.statistics.looks import MOST_SEEDS, split_by_looks
from pgplay.experiments.stored import usual_seconds
from pgplay.experiments.summary import summarise
from pgplay.experiments.sweep_training import begin_sweep, train_sweep
from pgplay.experiments.sweeps import Sweep, plan_in
from pgplay.experiments.trials import Training, Trial
from pgplay.experiments.yardstick import Yardstick, choose_yardstick
from pgplay.files.atomic import check_destination
from pgplay.limits import available_cores
from pgplay.locale.catalog import text_of
from pgplay.paths import expand_home
from pgplay.runs.summaries import list_runs
from pgplay.trackers.catalogue import ABOUT_TRACKERS
from pgplay.trackers.tracking import Tracking
from pgplay.worker.client.pool import News

TOLD_APART = "told-apart"
"""The goal that adds seeds until every difference is clear."""
ABOUT_TOLD_APART = (
    f"--until {TOLD_APART} adds seeds until every difference is clear, at most --seeds "
    f"(default: {MOST_SEEDS})."
)
"""A line of help."""

_MANY_RUNS = 300
"""More runs than this are asked about first."""
_MOST_RUNS = 100_000


def add_experiment_options(parser: Parser, seeds: str) -> None:
    """Add the options that every experiment has; --seeds is empty if not given, and `seeds` then."""
    parser.add_argument(
        "--seeds",
        default="",
        metavar="N",
        help=f"a number (5), a range (0-4) or a list (0,3,7) of seeds; default: {seeds}",
    )
    parser.add_argument(
        "--rank-by",
        default="",
        metavar="NAME",
        help="completions, exact_match, held_out_exact_match, held_out_reward, or a measure of every recipe "
        "(default: a measure if the rewards differ, else completions)",
    )
    parser.add_argument(
        "--jobs",
        type=whole_number("--jobs", 1, 256),
        metavar="N",
        help="parallel runs (default: as many as fit on the cores)",
    )
    parser.add_argument(
        "--engine",
        metavar="ENGINE",
        type=parse_engine_of_many,
        default=LOCAL,
        help=f"where to train: {SYNTAX_FOR_MANY}. ray is a Ray that is started on this machine, and ADDRESS that of a "
        "cluster: auto, HOST:PORT or ray://HOST:PORT; the results are the same. HOST is another machine, which does "
        "all of this (default: local)",
    )
    parser.add_argument(
        "--resume", action="store_true", help="count stored runs of the same recipe and seed, continue interrupted ones"
    )
    parser.add_argument(
        "--out",
        metavar="FILE",
        help="also write the results: .csv numbers, .md or .tex the table, .svg, .png or .pdf a figure",
    )
    parser.add_argument("--track", metavar="TRACKER[:PLACE]", help=f"write every run to a tracker: {ABOUT_TRACKERS}")
    add_replace(parser)
    add_json(parser)


def read_looks(arguments: Arguments, usual: str, seeds: str = "", until: str = "") -> list[list[int]]:
    """Return the seeds to add before each look; a single look has them all.

    `seeds` and `until` are those of a file, which the options override, and `usual` the default of --seeds. Takes
    --until from `arguments` if it is the experiment's, not a run's own goal. Raises InputError.
    """
    is_adaptive = vars(arguments).get("until", until).strip().lower() == TOLD_APART
    if is_adaptive:
        vars(arguments).pop("until", None)
    elif until and "until" not in vars(arguments):
        raise InputError("sweep.file_until", value=until, goal=TOLD_APART)
    chosen = read_seeds(arguments.seeds or seeds or (str(MOST_SEEDS) if is_adaptive else usual))
    return split_by_looks(chosen) if is_adaptive else [chosen]


def agreed_to(runs: int, arguments: Arguments) -> bool:
    """Whether `runs` are few, or the person agrees to as many; else says that nothing was trained.

    Raises InputError for more than is possible.
    """
    if runs > _MOST_RUNS:
        raise InputError("sweep.too_many", runs=runs, most=_MOST_RUNS)
    if runs <= _MANY_RUNS:
        return True
    each = usual_seconds(list_runs())
    jobs = arguments.jobs or available_cores()
    question = coded("question.many_runs", runs=runs, each=each, jobs=jobs, total=runs * each / jobs)
    if confirm(question, arguments.yes):
        return True
    note("Nothing was trained.")
    return False


def run_experiment(entries: Sequence[RecipeEntry], looks: Sequence[Sequence[int]], arguments: Arguments) -> int:
    """Store a sweep of `entries` with the seeds of `looks`, train it, and return the exit status.

    With several looks, training ends at the first after which every comparison is clear. Raises InputError, before
    anything is stored, for a wrong --rank-by, --out or --track.
    """
    outputs = read_outputs(arguments)
    yardstick = choose_yardstick(entries, arguments.rank_by)

    def stored() -> Sweep:
        return begin_sweep(entries, looks, yardstick, resume=arguments.resume)

    return run_stored_sweep(stored, entries, yardstick, arguments, outputs)


def run_stored_sweep(
    stored: Callable[[], Sweep],
    entries: Sequence[RecipeEntry],
    yardstick: Yardstick,
    arguments: Arguments,
    outputs: Outputs,
) -> int:
    """Train what is left of a sweep, print what was found, write it to the `outputs`, and return the exit status.

    The sweep is `stored` once its engine is there. Returns 130 after a signal (every run is kept), 1 if a run failed.
    """
    with _cluster(entries, arguments) as cluster:
        sweep = stored()
        name_job(sweep.name)
        note(f"The sweep {sweep.name} is in the list of runs.")
        jobs = arguments.jobs if cluster is None else cluster.jobs
        trials, interrupted = _train(sweep, entries, yardstick, outputs.tracking, jobs, cluster)
    summary = summarise(entries, trials, yardstick, len(plan_in(sweep.folder).looks))
    if arguments.json:
        seeds = list(dict.fromkeys(trial.config.seed for trial in trials))
        print_json({"name": sweep.name, **to_record(summary, seeds, interrupted=interrupted)})
    else:
        print_results(summary, jobs or available_cores())
    if outputs.file is not None:
        save_summary(summary, outputs.file)
        note(f"Wrote the results to {outputs.file}.")
    if interrupted:
        note(f"Every run is kept. Continue with {to_continue(sweep.name, arguments.engine)}, or in the app.")
        return INTERRUPTED
    return int(any(trial.failed for trial in trials))


class Outputs(NamedTuple):
    """Where results go beside the terminal: the file of --out, if any, and the tracker of --track."""

    file: Path | None
    tracking: Tracking


def read_outputs(arguments: Arguments) -> Outputs:
    """Return the outputs that `arguments` ask for; raises InputError and PgplayError if one cannot be written."""
    file = None
    if arguments.out is not None:
        file = expand_home(arguments.out)
        summary_ending(file)
        check_destination(file, arguments.replace, "advice.replace")
    return Outputs(file, Tracking(arguments.track, note))


def _cluster(entries: Sequence[RecipeEntry], arguments: Arguments) -> AbstractContextManager[Cluster | None]:
    """Return the cluster that --engine names, None for this machine's processes; raises InputError without Ray."""
    engine = arguments.engine
    if engine.kind != "ray":
        return nullcontext()
    cluster = Cluster(engine, arguments.jobs, [entry.config for entry in entries], note)
    note(f"Connecting to Ray at {engine.address}." if engine.address else "Starting Ray on this machine.")
    return cluster


def _train(
    sweep: Sweep,
    entries: Sequence[RecipeEntry],
    yardstick: Yardstick,
    tracking: Tracking,
    jobs: int | None,
    cluster: Cluster | None,
) -> tuple[list[Trial], bool]:
    """Return every planned run of `sweep`, and whether they were interrupted."""

    def name(trial: Trial, width: int) -> str:
        return f"{shorten(entries[trial.entry].label, width)}, seed {trial.config.seed}"

    def show_news(place: int, trial: Trial, news: News) -> None:
        progress.show(place, name(trial, 30), news.report, news.progress)

    def show_end(place: int, trial: Trial) -> None:
        assert trial.outcome is not None
        run = f"  ({trial.outcome.run})" if trial.outcome.run else ""
        progress.end(place, f"{name(trial, 60)}: {text_of(*trial.outcome.reason)}{run}")
        tracking.end(trial.outcome.run)

    def show_begin(run: str) -> None:
        tracking.follow(run)

    if tracking.about:
        note(tracking.about)
    runs = len(entries) * sum(map(len, sweep.plan.looks))
    with tracking, interruptible() as interruption, RunsProgress(runs) as progress:
        interruption.working = True
        training = Training(jobs, show_news, show_end, lambda: interruption.requested, show_begin, cluster)
        return asyncio.run(train_sweep(sweep, entries, yardstick, training)), interruption.requested
