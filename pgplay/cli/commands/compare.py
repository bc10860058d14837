"""`pgplay compare`: recipes side by side, each over several seeds, trained at once on the machine's cores.

What is compared first is how many completions a recipe needs: seconds are shared with the runs beside it. A run that
does not reach its goal counts in a median as longer than any that does, so no recipe looks quick by giving up.
"""

from __future__ import annotations

import asyncio
import math
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pgplay.cli.consent import add_consent, agree
from pgplay.cli.options import add_field_options, overlay, read_rewards, read_settings
from pgplay.cli.output import note, number, print_json, print_table, say, shorten
from pgplay.cli.parsing import Arguments, Parser, add_json, whole_number
from pgplay.cli.progress import RunsProgress
from pgplay.cli.signals import INTERRUPTED, Interruption, heeded
from pgplay.config import goals
from pgplay.config.recipe import differences, from_recipe, to_recipe
from pgplay.config.run_config import RunConfig, make_config, to_settings
from pgplay.errors import InputError, unknown_name
from pgplay.worker.client.pool import News, Outcome, Pool
from pgplay.worker.protocol.messages import Start
from pgplay.worker.session.cpu_cores import available_cores

if TYPE_CHECKING:
    from pgplay.rewards.spec import RewardSpec

STEPS_WITHOUT_LIMIT = 2000
"""A recipe that sets no limit of its own ends after so many steps: one that never solves would hold up all others."""

_LOOK = 0.1  # seconds between two looks at whether a signal came
_LABEL_WIDTH = 48
_GREATEST_SEED = 2**31 - 1


class Entry(NamedTuple):
    """One of the recipes, its seed left aside; `label` is the preset's or run's name, else what differs."""

    label: str
    differs: str
    config: RunConfig
    rewards: tuple[RewardSpec, ...]


class Trained(NamedTuple):
    """One run of an entry, and how it ended."""

    entry: int
    config: RunConfig
    outcome: Outcome | None

    @property
    def ended(self) -> bool:
        """Whether it ended by itself, so that it says something about its recipe."""
        return self.outcome is not None and self.outcome.state != "interrupted"

    @property
    def reached(self) -> bool:
        """Whether it reached the goal of its recipe: solved, or the reward or exact match that was asked for."""
        outcome = self.outcome
        if outcome is None or outcome.report is None:
            return False
        return outcome.report.solved or goals.reached(self.config.goal, outcome.report.metrics)


def compare(words: Sequence[str]) -> int:
    """Run `pgplay compare`; returns 130 where a signal ended it, with every run kept, and 1 where a run failed."""
    parser = Parser(
        "pgplay compare",
        "Train each recipe over each seed, as many at once as there are cores, and print a table.\n"
        'A recipe is one line as pgplay train prints it ("algorithm=rloo lr=0.01"), a preset or a stored run.\n'
        f"One that sets no limit ends after {STEPS_WITHOUT_LIMIT} steps.",
        usage="pgplay compare RECIPE [RECIPE ...] [--seeds 0,1,2] [OPTIONS] [--json]",
    )
    parser.add_argument("recipes", metavar="RECIPE", nargs="+")
    parser.add_argument("--seeds", default="0,1,2", metavar="N,N,...", help="default: 0,1,2")
    parser.add_argument(
        "--jobs", type=whole_number(1, 256), metavar="N", help="runs at once (default: as many as fit on the cores)"
    )
    add_field_options(parser)
    add_consent(parser)
    add_json(parser)
    arguments = parser.read(words)
    seeds = read_seeds(arguments.seeds)
    entries = _read_entries(arguments)
    planned = [
        Trained(place, make_config({"seed": seed}, entry.config), None)
        for place, entry in enumerate(entries)
        for seed in seeds
    ]
    with heeded() as interruption:
        interruption.working = True
        trained = asyncio.run(_train(entries, planned, arguments.jobs, interruption))
    summaries = [
        _summarise(entry, [one for one in trained if one.entry == place]) for place, entry in enumerate(entries)
    ]
    if arguments.json:
        print_json({"seeds": seeds, "interrupted": interruption.asked, "recipes": summaries})
    else:
        _print(entries, summaries, trained)
    if interruption.asked:
        note("Every run is kept: pgplay runs lists them, and pgplay train --resume RUN goes on with one.")
        return INTERRUPTED
    return int(any(one.outcome is not None and one.outcome.state == "failed" for one in trained))


def read_seeds(text: str) -> list[int]:
    """Return the seeds in `text`, such as 0,1,2; raises InputError."""
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() and int(word) <= _GREATEST_SEED for word in words):
        raise InputError(f"--seeds cannot be '{text}'.", f"Give whole numbers from 0 to {_GREATEST_SEED}, as 0,1,2.")
    seeds = [int(word) for word in words]
    if len(set(seeds)) < len(seeds):
        raise InputError(f"--seeds names a seed twice: {text}.", "Give each seed once.")
    return seeds


def _read_entries(arguments: Arguments) -> list[Entry]:
    options = read_settings(arguments)
    if "seed" in options:
        raise InputError("--seed names one seed.", f"Give --seeds {options['seed']}.")
    named = [_read_recipe(word) for word in arguments.recipes]
    configs = [_complete(config, options) for _, config in named]
    for place, config in enumerate(configs):
        if config in configs[:place]:
            first = configs.index(config)
            raise InputError(
                f"The recipes {first + 1} and {place + 1} describe the same run.", "Give each once; --seeds repeats it."
            )
        _check(config)
    read = [
        read_rewards(config, options, dict.fromkeys((config.reward, *config.measure), f"'{word}'"))
        for word, config in zip(arguments.recipes, configs, strict=True)
    ]
    rewards = [agree(specs, arguments.yes) for specs in read]
    differing = differences(configs)
    return [
        Entry(name or differs or to_recipe(config) or "defaults", differs, config, specs)
        for (name, _), differs, config, specs in zip(named, differing, configs, rewards, strict=True)
    ]


def _read_recipe(word: str) -> tuple[str, RunConfig]:
    """Return the run that `word` describes, and its name where it has one; raises InputError."""
    from pgplay.config.presets import load_preset, preset_names
    from pgplay.files.atomic import kept_folders
    from pgplay.paths import runs_folder
    from pgplay.rewards.python.source import with_rewards_beside
    from pgplay.runs.reader import RunReader

    if "=" in word or not word.strip():
        return "", from_recipe(word)
    runs = [folder.name for folder in kept_folders(runs_folder())]
    if word in runs:
        with RunReader.open(word) as store:
            return word, store.config
    presets = [preset.name for preset in preset_names()]
    if word not in presets and not Path(word).exists():
        raise unknown_name("preset or run", word, [*presets, *runs])
    preset = load_preset(word)
    return word, make_config(with_rewards_beside(preset.settings, preset.path))


def _complete(config: RunConfig, options: dict[str, Any]) -> RunConfig:
    settings = overlay(to_settings(config), options)
    settings.pop("seed", None)
    config = make_config(settings)
    if config.steps is None and config.max_seconds is None:
        config = make_config({"steps": STEPS_WITHOUT_LIMIT}, config)
    return config


def _check(config: RunConfig) -> None:
    """Refuse what can be known to be wrong before any worker is started."""
    from pgplay.learning.plan import make_plan

    if not config.warm_start or config.warm_start.isdecimal():
        make_plan(config)


async def _train(
    entries: Sequence[Entry], planned: Sequence[Trained], jobs: int | None, interruption: Interruption
) -> list[Trained]:
    """Train all that is planned and tell how it goes; what never began has no outcome."""
    trained = list(planned)
    widest = max(one.config.threads or 1 for one in planned)
    with RunsProgress(len(planned)) as progress:

        def heard(news: News) -> None:
            one = planned[news.number]
            name = f"{shorten(entries[one.entry].label, 30)}, seed {one.config.seed}"
            progress.show(news.number, name, news.report, news.progress)

        def ended(place: int, outcome: Outcome) -> None:
            one = trained[place] = planned[place]._replace(outcome=outcome)
            name = f"{shorten(entries[one.entry].label, 60)}, seed {one.config.seed}"
            progress.end(place, f"{name}: {outcome.message}" + (f"  ({outcome.run})" if outcome.run else ""))

        starts = [Start(settings=to_settings(one.config), rewards=entries[one.entry].rewards) for one in planned]
        pool = Pool(starts, jobs or max(1, available_cores() // widest), heard, ended)
        training = asyncio.create_task(pool.train())
        while not training.done():
            await asyncio.wait([training], timeout=_LOOK)
            if interruption.asked:
                pool.stop()
                break
        await training
    return trained


def _summarise(entry: Entry, trained: Sequence[Trained]) -> dict[str, Any]:
    """Return what --json says of one recipe; a median is null where most seeds did not reach the goal.

    Runs that were interrupted or never begun do not count.
    """
    ended = [one for one in trained if one.ended]
    return {
        "recipe": to_recipe(entry.config),
        "label": entry.label,
        "differs": entry.differs,
        "seeds": len(ended),
        "solved": sum(one.reached for one in ended),
        **{f"median_{name}": _median(ended, name, entry.config.until) for name in ("steps", "completions", "seconds")},
        "median_reward": _median_of([value for one in ended if (value := _reward(one)) is not None]),
        "runs": [_describe(one) for one in trained],
    }


def _median(trained: Sequence[Trained], name: str, until: str) -> float | None:
    reports = [
        one.outcome.report if one.outcome is not None and (one.reached or until == "never") else None for one in trained
    ]
    field = "step" if name == "steps" else name
    return _median_of([math.inf if report is None else float(getattr(report, field)) for report in reports])


def _median_of(values: Sequence[float]) -> float | None:
    median = statistics.median(values) if values else math.inf
    return median if math.isfinite(median) else None


def _reward(one: Trained) -> float | None:
    return one.outcome.report.metrics.get("reward_mean") if one.outcome and one.outcome.report else None


def _describe(one: Trained) -> dict[str, Any]:
    outcome = one.outcome
    report = outcome.report if outcome is not None else None
    return {
        "seed": one.config.seed,
        "run": outcome.run if outcome is not None else None,
        "state": outcome.state if outcome is not None else "not begun",
        "message": outcome.message if outcome is not None else "",
        "solved": one.reached,
        "steps": report.step if report is not None else 0,
        "completions": report.completions if report is not None else 0,
        "seconds": report.seconds if report is not None else 0.0,
        "reward_mean": _reward(one),
        "greedy_reward": report.metrics.get("greedy_reward") if report is not None else None,
    }


def _print(entries: Sequence[Entry], summaries: Sequence[dict[str, Any]], trained: Sequence[Trained]) -> None:
    goal = "solved" if all(entry.config.until == "solved" for entry in entries) else "reached"
    rows = []
    for entry, summary in zip(entries, summaries, strict=True):
        beyond = f">{entry.config.steps:,}" if entry.config.steps is not None and entry.config.until != "never" else ""
        steps, completions, seconds = (summary[f"median_{name}"] for name in ("steps", "completions", "seconds"))
        rows.append(
            (
                shorten(entry.label, _LABEL_WIDTH),
                f"{summary['solved']} of {summary['seeds']}",
                (beyond if summary["seeds"] else "") if steps is None else f"{steps:,.0f}",
                "" if completions is None else f"{completions:,.0f}",
                "" if seconds is None else f"{seconds:.1f}",
                number(summary["median_reward"]),
            )
        )
    print_table(("recipe", goal, "steps", "completions", "seconds", "reward"), rows)
    named = [entry for entry in entries if entry.differs and shorten(entry.label, _LABEL_WIDTH) != entry.differs]
    if named:
        say("\nWhat differs:")
        print_table(("recipe", "settings"), [(shorten(one.label, _LABEL_WIDTH), one.differs) for one in named])
    say("\nMedians over the seeds; one that did not get there counts as longer than any that did.")
    ended = sum(one.ended for one in trained)
    if ended < len(trained):
        say(f"{ended} of {len(trained)} runs ended before the interruption; only they count.")
    failed = sum(one.outcome is not None and one.outcome.state == "failed" for one in trained)
    if failed:
        say(f"{failed} of {len(trained)} runs failed.")
