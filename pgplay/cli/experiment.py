"""Training an experiment and printing what it found: what `pgplay compare` and `pgplay sweep` have in common."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from pgplay.cli.output import note, print_json, shorten
from pgplay.cli.parsing import Arguments, Parser, add_json, add_replace, whole_number
from pgplay.cli.progress import RunsProgress
from pgplay.cli.results import print_results
from pgplay.cli.signals import INTERRUPTED, interruptible
from pgplay.errors import InputError
from pgplay.experiments.files import save_summary, summary_ending
from pgplay.experiments.recipes import RecipeEntry, read_seeds
from pgplay.experiments.records import to_record
from pgplay.experiments.statistics.looks import MOST_SEEDS, split_by_looks
from pgplay.experiments.summary import Summary, summarise
from pgplay.experiments.sweep_training import begin_sweep, train_sweep
from pgplay.experiments.sweeps import Sweep, plan_in
from pgplay.experiments.trials import Training, Trial, train_trials
from pgplay.experiments.yardstick import Yardstick, choose_yardstick
from pgplay.files.atomic import check_destination
from pgplay.locale.catalog import text_of
from pgplay.paths import expand_home
from pgplay.trackers.catalogue import ABOUT_TRACKERS
from pgplay.trackers.tracking import Tracking
from pgplay.worker.client.pool import News
from pgplay.worker.session.cpu_cores import available_cores

_TOLD_APART = "told-apart"
ABOUT_TOLD_APART = (
    f"--until {_TOLD_APART} adds seeds until every difference is clear, at most --seeds "
    f"(default: {MOST_SEEDS})."
)
"""A line of help."""

_ADVICE = "Every run is kept. Continue all with the same command and --resume, or one: pgplay train --resume RUN."


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
    is_adaptive = vars(arguments).get("until", until).strip().lower() == _TOLD_APART
    if is_adaptive:
        vars(arguments).pop("until", None)
    elif until and "until" not in vars(arguments):
        raise InputError("sweep.file_until", value=until, goal=_TOLD_APART)
    chosen = read_seeds(arguments.seeds or seeds or (str(MOST_SEEDS) if is_adaptive else usual))
    return split_by_looks(chosen) if is_adaptive else [chosen]


def run_experiment(
    entries: Sequence[RecipeEntry], looks: Sequence[Sequence[int]], arguments: Arguments, *, is_sweep: bool = False
) -> int:
    """Train `entries` with the seeds of `looks`, print what was found, and return the exit status.

    With several looks, training ends at the first after which every comparison is clear. A sweep is stored as one
    thing, with its runs. Returns 130 after a signal (every run is kept), 1 if a run failed. Raises InputError, before
    anything is trained, for a wrong --rank-by or --out.
    """
    file = destination(arguments)
    yardstick = choose_yardstick(entries, arguments.rank_by)
    if is_sweep:
        sweep = begin_sweep(entries, looks, yardstick, resume=arguments.resume)
        return run_stored_sweep(sweep, entries, yardstick, arguments, file)

    def is_clear(trials: list[Trial]) -> bool:
        return summarise(entries, trials, yardstick, len(looks)).is_clear

    runs = len(entries) * sum(map(len, looks))
    trials, interrupted = _train(
        entries, runs, arguments, lambda training: train_trials(entries, looks, training, is_clear)
    )
    summary = summarise(entries, trials, yardstick, len(looks))
    return _report(summary, trials, arguments, file, _ADVICE if interrupted else "")


def run_stored_sweep(
    sweep: Sweep, entries: Sequence[RecipeEntry], yardstick: Yardstick, arguments: Arguments, file: Path | None
) -> int:
    """Train what is left of `sweep`, print what was found, write it to `file`, and return the exit status."""
    note(f"The sweep {sweep.name} is in the list of runs.")
    runs = len(entries) * sum(map(len, sweep.plan.looks))
    trials, interrupted = _train(
        entries, runs, arguments, lambda training: train_sweep(sweep, entries, yardstick, training)
    )
    summary = summarise(entries, trials, yardstick, len(plan_in(sweep.folder).looks))
    advice = f"Every run is kept. Continue with pgplay sweep {shlex.quote(sweep.name)}, or in the app."
    return _report(summary, trials, arguments, file, advice if interrupted else "")


def _report(
    summary: Summary, trials: Sequence[Trial], arguments: Arguments, file: Path | None, interruption: str
) -> int:
    """Print `summary`, write it to `file`, and return the exit status; `interruption` says how to go on after one."""
    interrupted = bool(interruption)
    if arguments.json:
        seeds = list(dict.fromkeys(trial.config.seed for trial in trials))
        print_json(to_record(summary, seeds, interrupted=interrupted))
    else:
        print_results(summary, arguments.jobs or available_cores())
    if file is not None:
        save_summary(summary, file)
        note(f"Wrote the results to {file}.")
    if interrupted:
        note(interruption)
        return INTERRUPTED
    return int(any(trial.failed for trial in trials))


def destination(arguments: Arguments) -> Path | None:
    """Return the file of --out, None without one; raises InputError if it cannot be written."""
    if arguments.out is None:
        return None
    file = expand_home(arguments.out)
    summary_ending(file)
    check_destination(file, arguments.replace, "advice.replace")
    return file


def _train(
    entries: Sequence[RecipeEntry],
    runs: int,
    arguments: Arguments,
    train: Callable[[Training], Coroutine[Any, Any, list[Trial]]],
) -> tuple[list[Trial], bool]:
    """Return the runs that `train` makes, at most `runs`, and whether they were interrupted."""

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

    tracking = Tracking(arguments.track, note)
    if tracking.about:
        note(tracking.about)
    with tracking, interruptible() as interruption, RunsProgress(runs) as progress:
        interruption.working = True
        training = Training(
            arguments.jobs, arguments.resume, show_news, show_end, lambda: interruption.requested, show_begin
        )
        return asyncio.run(train(training)), interruption.requested
