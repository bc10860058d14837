"""`pgplay compare`: recipes side by side, each over several seeds, trained in parallel on the machine's cores.

Compare completions first: parallel runs share the cores, so their seconds depend on each other. In a median, a run
that does not reach its goal ranks below all that do, so no recipe looks quick by giving up.
"""

from __future__ import annotations

import asyncio
import math
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pgplay.cli.consent import add_consent, agree
from pgplay.cli.options import add_field_options, read_rewards, read_settings
from pgplay.cli.output import format_number, note, print_json, say, shorten
from pgplay.cli.parsing import Arguments, Parser, add_json, whole_number
from pgplay.cli.progress import RunsProgress
from pgplay.cli.signals import INTERRUPTED, Interruption, interruptible
from pgplay.cli.tables import print_table
from pgplay.config import goals
from pgplay.config.recipe import differences, from_recipe, to_recipe
from pgplay.config.run_config import RunConfig, make_config, overlay, to_settings
from pgplay.config.warm_start import PolicyNamed
from pgplay.errors import InputError, UnknownName
from pgplay.locale.catalog import text_of
from pgplay.rewards.spec import Origin
from pgplay.worker.client.pool import News, Pool, RunOutcome
from pgplay.worker.protocol.commands import Start
from pgplay.worker.session.cpu_cores import available_cores

if TYPE_CHECKING:
    from pgplay.rewards.spec import RewardSpec

STEPS_WITHOUT_LIMIT = 2000
"""The step limit of a recipe that sets no limit: one that never solves would hold up all others."""

_LOOK = 0.1  # seconds between checks for a signal
_LABEL_WIDTH = 48
_GREATEST_SEED = 2**31 - 1
_MOST_SEEDS = 1000


class RecipeEntry(NamedTuple):
    """One recipe without its seed; `label` is the name of its preset or run, else the settings in which it differs."""

    label: str
    differs: str
    config: RunConfig
    rewards: tuple[RewardSpec, ...]


class Trial(NamedTuple):
    """One run of an entry and its outcome."""

    entry: int
    config: RunConfig
    outcome: RunOutcome | None

    @property
    def ended(self) -> bool:
        """Whether it ended without an interruption, so that it counts."""
        return self.outcome is not None and self.outcome.state != "interrupted"

    @property
    def reached(self) -> bool:
        """Whether it reached its recipe's goal: solved, or the requested reward or exact match."""
        outcome = self.outcome
        if outcome is None or outcome.report is None:
            return False
        return outcome.report.solved or goals.reached(self.config.goal, outcome.report.metrics)


def run_compare(argv: Sequence[str]) -> int:
    """Run `pgplay compare`; returns 130 after a signal (every run is kept), 1 if a run failed."""
    parser = Parser(
        "pgplay compare",
        "Train each recipe with each seed, in parallel on all cores, and print a table.\n"
        'A recipe is settings as pgplay train prints them ("algorithm=rloo lr=0.01"), a preset or a stored run. '
        f"A recipe without a limit stops after {STEPS_WITHOUT_LIMIT} steps.",
        usage="pgplay compare RECIPE [RECIPE ...] [--seeds 5] [OPTIONS] [--json]",
    )
    parser.add_argument("recipes", metavar="RECIPE", nargs="+")
    parser.add_argument(
        "--seeds", default="3", metavar="N", help="a number (5), a range (0-4) or a list (0,3,7) of seeds; default: 3"
    )
    parser.add_argument(
        "--jobs",
        type=whole_number("--jobs", 1, 256),
        metavar="N",
        help="parallel runs (default: as many as fit on the cores)",
    )
    add_field_options(parser)
    add_consent(parser)
    add_json(parser)
    arguments = parser.read(argv)
    seeds = read_seeds(arguments.seeds)
    entries = _read_entries(arguments)
    planned = [
        Trial(place, make_config({"seed": seed}, entry.config), None)
        for place, entry in enumerate(entries)
        for seed in seeds
    ]
    with interruptible() as interruption:
        interruption.working = True
        trained = asyncio.run(_train(entries, planned, arguments.jobs, interruption))
    summaries = [
        _summarise(entry, [trial for trial in trained if trial.entry == place]) for place, entry in enumerate(entries)
    ]
    if arguments.json:
        print_json({"seeds": seeds, "interrupted": interruption.requested, "recipes": summaries})
    else:
        _print(entries, summaries, trained)
    if interruption.requested:
        note("Every run is kept: list them with pgplay runs, resume one with pgplay train --resume RUN.")
        return INTERRUPTED
    return int(any(trial.outcome is not None and trial.outcome.state == "failed" for trial in trained))


def read_seeds(text: str) -> list[int]:
    """Return the seeds in `text`: how many (5), a range (0-4), or a list of both (0,3,7-9); raises InputError."""
    if text.strip().isdecimal():
        return list(_seeds_between(text, 0, int(text) - 1))
    seeds: list[int] = []
    for part in text.split(","):
        first, dash, last = (word.strip() for word in part.partition("-"))
        if not (first.isdecimal() and (last.isdecimal() or not dash)):
            raise _wrong_seeds(text)
        seeds += _seeds_between(text, int(first), int(last if dash else first))
    if len(set(seeds)) < len(seeds):
        raise InputError("command.seed_twice", text=text)
    return seeds


def _seeds_between(text: str, first: int, last: int) -> range:
    if not first <= last <= _GREATEST_SEED or last - first >= _MOST_SEEDS:
        raise _wrong_seeds(text)
    return range(first, last + 1)


def _wrong_seeds(text: str) -> InputError:
    return InputError("command.seeds", text=text, most=_MOST_SEEDS, greatest=_GREATEST_SEED)


def _read_entries(arguments: Arguments) -> list[RecipeEntry]:
    options = read_settings(arguments)
    if "seed" in options:
        raise InputError("command.one_seed", seed=options["seed"])
    parsed_recipes = [_read_recipe(word) for word in arguments.recipes]
    configs = [_complete(config, options) for _, config in parsed_recipes]
    for index, config in enumerate(configs):
        if config in configs[:index]:
            first = configs.index(config)
            raise InputError("command.same_recipe", first=first + 1, second=index + 1)
        _check(config)
    rewards_read = [
        read_rewards(config, options, _origins(config, word))
        for word, config in zip(arguments.recipes, configs, strict=True)
    ]
    rewards = [agree(specs, arguments.yes) for specs in rewards_read]
    differing = differences(configs)
    return [
        RecipeEntry(name or differs or to_recipe(config) or "defaults", differs, config, specs)
        for (name, _), differs, config, specs in zip(parsed_recipes, differing, configs, rewards, strict=True)
    ]


def _origins(config: RunConfig, word: str) -> dict[str, Origin]:
    """Return where the rewards come from that the preset or stored run `word` names; none for a recipe typed here."""
    return {} if _is_settings(word) else dict.fromkeys((config.reward, *config.measure), Origin("named", word))


def _is_settings(word: str) -> bool:
    return "=" in word or not word.strip()


def _read_recipe(word: str) -> tuple[str, RunConfig]:
    """Return the name (if any) and the config of the run that `word` describes; raises InputError."""
    from pgplay.config.presets import load_preset, preset_names
    from pgplay.files.atomic import kept_folders
    from pgplay.paths import runs_folder
    from pgplay.rewards.python.source import with_rewards_beside
    from pgplay.runs.database_reader import DatabaseReader

    if _is_settings(word):
        return "", from_recipe(word)
    runs = [folder.name for folder in kept_folders(runs_folder())]
    if word in runs:
        with DatabaseReader.open(word) as store:
            return word, store.config
    presets = [preset.name for preset in preset_names()]
    if word not in presets and not Path(word).exists():
        raise UnknownName("preset_or_run", word, [*presets, *runs])
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
    """Refuse invalid configs before any worker is started."""
    from pgplay.learning.plan import read_plan

    if not isinstance(config.starts_from, PolicyNamed):
        read_plan(config)


async def _train(
    entries: Sequence[RecipeEntry], planned: Sequence[Trial], jobs: int | None, interruption: Interruption
) -> list[Trial]:
    """Train all planned runs and show their progress; a run that never began has no outcome."""
    trained = list(planned)
    widest = max(trial.config.threads or 1 for trial in planned)
    with RunsProgress(len(planned)) as progress:

        def show_news(news: News) -> None:
            trial = planned[news.number]
            name = f"{shorten(entries[trial.entry].label, 30)}, seed {trial.config.seed}"
            progress.show(news.number, name, news.report, news.progress)

        def record_end(place: int, outcome: RunOutcome) -> None:
            trial = trained[place] = planned[place]._replace(outcome=outcome)
            name = f"{shorten(entries[trial.entry].label, 60)}, seed {trial.config.seed}"
            progress.end(place, f"{name}: {text_of(*outcome.reason)}" + (f"  ({outcome.run})" if outcome.run else ""))

        starts = [Start(config=trial.config, rewards=entries[trial.entry].rewards) for trial in planned]
        pool = Pool(starts, jobs or max(1, available_cores() // widest), show_news, record_end)
        training = asyncio.create_task(pool.train())
        while not training.done():
            await asyncio.wait([training], timeout=_LOOK)
            if interruption.requested:
                pool.stop()
                break
        await training
    return trained


def _summarise(entry: RecipeEntry, trained: Sequence[Trial]) -> dict[str, Any]:
    """Return the --json object of one recipe; a median is null if most seeds did not reach the goal.

    Interrupted runs and runs that never began do not count.
    """
    ended = [trial for trial in trained if trial.ended]
    return {
        "recipe": to_recipe(entry.config),
        "label": entry.label,
        "differs": entry.differs,
        "seeds": len(ended),
        "solved": sum(trial.reached for trial in ended),
        **{f"median_{name}": _median(ended, name, entry.config.until) for name in ("steps", "completions", "seconds")},
        "median_reward": _median_of([value for trial in ended if (value := _reward(trial)) is not None]),
        "runs": [_describe(trial) for trial in trained],
    }


def _median(trained: Sequence[Trial], name: str, until: str) -> float | None:
    reports = [
        trial.outcome.report if trial.outcome is not None and (trial.reached or until == "never") else None
        for trial in trained
    ]
    field = "step" if name == "steps" else name
    return _median_of([math.inf if report is None else float(getattr(report, field)) for report in reports])


def _median_of(values: Sequence[float]) -> float | None:
    median = statistics.median(values) if values else math.inf
    return median if math.isfinite(median) else None


def _reward(trial: Trial) -> float | None:
    return trial.outcome.report.metrics.get("reward_mean") if trial.outcome and trial.outcome.report else None


def _describe(trial: Trial) -> dict[str, Any]:
    outcome = trial.outcome
    report = outcome.report if outcome is not None else None
    return {
        "seed": trial.config.seed,
        "run": outcome.run if outcome is not None else None,
        "state": outcome.state if outcome is not None else "not started",
        "message": text_of(*outcome.reason) if outcome is not None else "",
        "solved": trial.reached,
        "steps": report.step if report is not None else 0,
        "completions": report.completions if report is not None else 0,
        "seconds": report.seconds if report is not None else 0.0,
        "reward_mean": _reward(trial),
        "greedy_reward": report.metrics.get("greedy_reward") if report is not None else None,
    }


def _print(entries: Sequence[RecipeEntry], summaries: Sequence[dict[str, Any]], trained: Sequence[Trial]) -> None:
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
                format_number(summary["median_reward"]),
            )
        )
    print_table(("recipe", goal, "steps", "completions", "seconds", "reward"), rows)
    differences = [
        (shorten(entry.label, _LABEL_WIDTH), entry.differs)
        for entry in entries
        if entry.differs and shorten(entry.label, _LABEL_WIDTH) != entry.differs
    ]
    if differences:
        say("\nDifferences:")
        print_table(("recipe", "settings"), differences)
    say("\nMedians over the seeds; unsolved runs rank below all solved ones.")
    ended = sum(trial.ended for trial in trained)
    if ended < len(trained):
        say(f"{ended} of {len(trained)} runs ended before the interruption; only these count.")
    failed = sum(trial.outcome is not None and trial.outcome.state == "failed" for trial in trained)
    if failed:
        say(f"{failed} of {len(trained)} runs failed.")
