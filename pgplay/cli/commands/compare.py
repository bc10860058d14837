"""`pgplay compare`: recipes side by side, each over several seeds, trained in parallel on the machine's cores.

Compare completions first: parallel runs share the cores, so their seconds depend on each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pgplay.cli.consent import add_consent, agree
from pgplay.cli.experiment import ABOUT_TOLD_APART, add_experiment_options, agreed_to, read_looks, run_experiment
from pgplay.cli.fetching import fetch_inputs
from pgplay.cli.options import add_field_options, read_rewards, read_settings
from pgplay.cli.parsing import Arguments, Parser
from pgplay.config.recipe import from_recipe
from pgplay.config.run_config import RunConfig, make_config
from pgplay.errors import InputError, UnknownName
from pgplay.experiments.recipes import (
    STEPS_WITHOUT_LIMIT,
    RecipeEntry,
    as_stored,
    complete_recipe,
    named_entries,
    refuse_repeated,
)
from pgplay.rewards.spec import Origin

_SEEDS = "3"


def compare_parser() -> Parser:
    """Return the parser of `pgplay compare`."""
    parser = Parser(
        "pgplay compare",
        "Train each recipe with each seed, in parallel on all cores, and print a table and verdicts.\n"
        'A recipe is settings as pgplay train prints them ("algorithm=rloo lr=0.01"), a preset or a stored run. '
        f"A recipe without a limit stops after {STEPS_WITHOUT_LIMIT} steps. Each is compared with the first.\n"
        "It is kept as a sweep, one entry in the list of runs; pgplay sweep with its name continues it.\n"
        + ABOUT_TOLD_APART,
        usage="pgplay compare RECIPE [RECIPE ...] [--seeds 10] [OPTIONS] [--json]",
    )
    parser.add_argument("recipes", metavar="RECIPE", nargs="+")
    add_experiment_options(parser, _SEEDS)
    add_field_options(parser)
    add_consent(parser)
    return parser


def run_compare(argv: Sequence[str]) -> int:
    """Run `pgplay compare`; returns 130 after a signal (every run is kept), 1 if a run failed."""
    arguments = compare_parser().read(argv)
    looks = read_looks(arguments, _SEEDS)
    if not agreed_to(len(arguments.recipes) * sum(map(len, looks)), arguments):
        return 0
    return run_experiment(_read_entries(arguments), looks, arguments)


def _read_entries(arguments: Arguments) -> list[RecipeEntry]:
    options = read_settings(arguments)
    if "seed" in options:
        raise InputError("command.one_seed", seed=options["seed"])
    parsed_recipes = [_read_recipe(word) for word in arguments.recipes]
    completed = [complete_recipe(config, options) for _, config in parsed_recipes]
    refuse_repeated(completed)
    for config in completed:
        fetch_inputs(config, yes=arguments.yes)
    configs = list(map(as_stored, completed))
    rewards_read = [
        read_rewards(config, options, _origins(config, word))
        for word, config in zip(arguments.recipes, configs, strict=True)
    ]
    rewards = [agree(specs, arguments.yes) for specs in rewards_read]
    return named_entries([name for name, _ in parsed_recipes], configs, rewards)


def _origins(config: RunConfig, word: str) -> dict[str, Origin]:
    """Return where the rewards come from that the preset or stored run `word` names; none for a recipe typed here."""
    return {} if is_settings(word) else dict.fromkeys((config.reward, *config.measure), Origin("named", word))


def is_settings(word: str) -> bool:
    """Whether a recipe is settings, not the name of a preset or of a stored run."""
    return "=" in word or not word.strip()


def _read_recipe(word: str) -> tuple[str, RunConfig]:
    """Return the name (if any) and the config of the run that `word` describes; raises InputError."""
    from pgplay.config.presets import load_preset, preset_names
    from pgplay.files.atomic import kept_folders
    from pgplay.paths import runs_folder
    from pgplay.rewards.python.source import with_rewards_beside
    from pgplay.runs.database_reader import DatabaseReader

    if is_settings(word):
        return "", from_recipe(word)
    runs = [folder.name for folder in kept_folders(runs_folder())]
    if word in runs:
        with DatabaseReader.open(word) as store:
            store.refuse_other_trainer()
            return word, store.config
    presets = [preset.name for preset in preset_names()]
    if word not in presets and not Path(word).exists():
        raise UnknownName("preset_or_run", word, [*presets, *runs])
    preset = load_preset(word)
    return word, make_config(with_rewards_beside(preset.settings, preset.path))
